import { z } from 'zod'
import { regex } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { choice, duration, flag, path, size } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

export const fileProbe = z
  .strictObject({
    type: z.literal('file').describe('A file or folder is there, new enough, large enough, or says what it should.'),
    ...SCHEDULE,
    path: path().describe('Its path. Of a symbolic link, what it leads to is judged.'),
    exists: flag().prefault(true).describe('Whether it must be there; false: it must not.'),
    kind: choice(['file', 'directory', 'any']).prefault('file').describe('What it must be.'),
    max_age: duration({ min: '1s' })
      .optional()
      .describe('Longest since it was last changed: a backup, a heartbeat file.'),
    min_age: duration({ min: '1s' }).optional().describe('Shortest since it was last changed.'),
    min_size: size().optional().describe('Smallest it may be.'),
    max_size: size().optional().describe('Largest it may be.'),
    content_matches: regex()
      .optional()
      .describe('Regular expression that is found in one of its lines, within its first 64 KiB.'),
  })
  .superRefine((s, context) => {
    if (s.min_age !== undefined && s.max_age !== undefined && s.min_age > s.max_age) {
      complain(context, 'min_age', 'expected at most what max_age is')
    }
    if (s.min_size !== undefined && s.max_size !== undefined && s.min_size > s.max_size) {
      complain(context, 'min_size', 'expected at most what max_size is')
    }
    if (s.content_matches !== undefined && s.kind !== 'file') {
      complain(context, 'content_matches', `expected kind: file beside it, got ${s.kind}`)
    }
    if (s.exists) return
    for (const key of ['max_age', 'min_age', 'min_size', 'max_size', 'content_matches'] as const) {
      if (s[key] !== undefined) complain(context, key, 'expected exists: true beside it, got false')
    }
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    path: s.path,
    mustExist: s.exists,
    kind: s.kind,
    ...(s.max_age !== undefined && { maxAgeMs: s.max_age }),
    ...(s.min_age !== undefined && { minAgeMs: s.min_age }),
    ...(s.min_size !== undefined && { minSizeBytes: s.min_size }),
    ...(s.max_size !== undefined && { maxSizeBytes: s.max_size }),
    ...(s.content_matches !== undefined && { contentPattern: s.content_matches }),
  }))

export type FileProbeConfig = z.output<typeof fileProbe>
