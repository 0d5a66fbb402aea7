import { z } from 'zod'
import { regex } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { count, mark, path } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

const processName = () =>
  mark(z.string().regex(/^[^/\p{Cc}]{1,255}$/u), {
    expected: 'the name of a program, such as nginx, without its folder',
  })

const userName = () => mark(z.string().regex(/^[^:\s\p{Cc}]{1,64}$/u), { expected: 'the name of a user, or a number' })

const MAX_COUNT = 1_000_000

export const processProbe = z
  .strictObject({
    type: z.literal('process').describe('Processes are running.'),
    ...SCHEDULE,
    name: processName()
      .optional()
      .describe('Name of the process: as the kernel has it, or the last part of the first word of its command line.'),
    command_matches: regex()
      .optional()
      .describe('Regular expression that is found in its command line, whose words are parted by one blank.'),
    pid_file: path()
      .optional()
      .describe('File with its number. A process that began after the file was written is another one.'),
    user: userName().optional().describe('User it runs as, by name (in /etc/passwd) or number.'),
    min: count(0, MAX_COUNT).prefault(1).describe('Fewest of them.'),
    max: count(0, MAX_COUNT).optional().describe('Most of them. With min 0 and max 0, none may run.'),
  })
  .superRefine((s, context) => {
    if (s.name === undefined && s.command_matches === undefined && s.pid_file === undefined) {
      complain(context, [], 'expected one of name, command_matches and pid_file, got none')
    }
    if (s.max !== undefined && s.max < s.min) complain(context, 'max', 'expected at least what min is')
    if (s.pid_file !== undefined && s.min > 1) complain(context, 'min', 'expected at most 1 beside pid_file')
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    ...(s.name !== undefined && { processName: s.name }),
    ...(s.command_matches !== undefined && { commandPattern: s.command_matches }),
    ...(s.pid_file !== undefined && { pidFile: s.pid_file }),
    ...(s.user !== undefined && { user: s.user }),
    minCount: s.min,
    ...(s.max !== undefined && { maxCount: s.max }),
  }))

export type ProcessProbeConfig = z.output<typeof processProbe>
