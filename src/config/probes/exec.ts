import { z } from 'zod'
import { complain } from '../refine.ts'
import { mark, path, text } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

const word = () => mark(z.string().regex(/^[^\0]*$/), { expected: 'a text without NUL characters' })

/** The names that POSIX shells take for variables. */
const variableName = () =>
  mark(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), {
    expected: 'the name of a variable: letters, digits and _',
  })

export const execProbe = z
  .strictObject({
    type: z
      .literal('exec')
      .describe(
        'A program says by its exit code: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown, as checks for Nagios do.',
      ),
    ...SCHEDULE,
    command: z
      .array(word())
      .min(1)
      .optional()
      .describe('Program (its path, or a name that is looked up in PATH) and arguments. No shell reads them.'),
    shell: mark(text().regex(/^[^\0]*$/), { expected: 'a text without NUL characters' })
      .optional()
      .describe('Instead of command: a text that /bin/sh runs.'),
    working_directory: path().prefault('/').describe('Folder it is run in.'),
    env: z
      .record(variableName(), mark(z.string().regex(/^[^\0]*$/), { role: 'secret', expected: 'a text' }))
      .prefault({})
      .describe(
        "Variables it gets besides the agent's PATH, HOME, LANG, LC_* and TZ, as name: value. Values are never shown.",
      ),
  })
  .superRefine((s, context) => {
    if ((s.command === undefined) === (s.shell === undefined)) {
      complain(context, [], `expected one of command and shell, got ${s.command ? 'both' : 'none'}`)
    }
    const program = s.command?.[0]
    if (program === '' || (program?.includes('/') && !program.startsWith('/'))) {
      complain(context, ['command', 0], 'expected an absolute path, or a name that is looked up in PATH')
    }
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    command: s.command ?? ['/bin/sh', '-c', s.shell ?? ''],
    isShell: s.shell !== undefined,
    workingDirectory: s.working_directory,
    env: s.env,
  }))

export type ExecProbeConfig = z.output<typeof execProbe>
