import { z } from 'zod'
import { ratio } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { flag, path, size } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

export const diskProbe = z
  .strictObject({
    type: z.literal('disk').describe('A file system has room left.'),
    ...SCHEDULE,
    path: path().describe('A folder or file on it.'),
    degraded: ratio()
      .prefault('80%')
      .describe('Share of its space in use, as df shows it, above which it is degraded.'),
    unhealthy: ratio().prefault('85%').describe('Share of its space in use above which it is unhealthy.'),
    inodes_degraded: ratio()
      .prefault('90%')
      .describe(
        'Share of its inodes in use above which it is degraded; not for file systems without a number of them.',
      ),
    inodes_unhealthy: ratio().prefault('95%').describe('Share of its inodes in use above which it is unhealthy.'),
    min_free: size().optional().describe('Space for ordinary users below which it is unhealthy, however large it is.'),
    writable: flag().prefault(false).describe('Whether it is unhealthy when it is mounted read-only.'),
  })
  .superRefine((s, context) => {
    if (s.degraded > s.unhealthy) complain(context, 'degraded', 'expected at most what unhealthy is')
    if (s.inodes_degraded > s.inodes_unhealthy) {
      complain(context, 'inodes_degraded', 'expected at most what inodes_unhealthy is')
    }
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    path: s.path,
    degradedRatio: s.degraded,
    unhealthyRatio: s.unhealthy,
    inodesDegradedRatio: s.inodes_degraded,
    inodesUnhealthyRatio: s.inodes_unhealthy,
    ...(s.min_free !== undefined && { minFreeBytes: s.min_free }),
    mustBeWritable: s.writable,
  }))

export type DiskProbeConfig = z.output<typeof diskProbe>
