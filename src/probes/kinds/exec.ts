import type { ExecProbeConfig } from '../../config/probes/exec.ts'
import { unreachable } from '../../errors.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { ProbeStatus } from '../../model/probe-result.ts'
import type { Clock } from '../../run/clock.ts'
import { cleanEnvironment, type Variables } from '../clean-environment.ts'
import { splitOutput } from '../perf-data.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'
import { type ProgramEnd, ProgramRunner } from '../program.ts'
import { plainText } from '../words.ts'

export interface ExecProbeDeps {
  readonly clock: Clock
  readonly name: string
  /** The agent's own. */
  readonly environment: Variables
}

/** A program that judges, as checks for Nagios do. */
export function createExecProbe(config: ExecProbeConfig, { clock, name, environment }: ExecProbeDeps): Probe {
  const runner = new ProgramRunner({ clock })
  const { command, workingDirectory, isShell, env } = config
  const program = { command, workingDirectory, environment: cleanEnvironment(environment, env) }
  return {
    // The text of a shell command may hold a secret, arguments too.
    target: isShell ? name : (command[0] ?? name),
    async run({ signal, phases }: ProbeRun): Promise<Finding> {
      const { lingeringPid } = runner
      if (lingeringPid !== undefined) {
        return {
          status: 'unhealthy',
          message: `process ${lingeringPid} of the run before was killed, and is still there`,
        }
      }
      phases.enter('exec')
      return findingOf(await runner.run(program, signal))
    },
  }
}

/** https://nagios-plugins.org/doc/guidelines.html#AEN78; every other code says that the check itself has failed. */
const BY_CODE: readonly ProbeStatus[] = ['healthy', 'degraded', 'unhealthy', 'unknown']

function findingOf(end: ProgramEnd): Finding {
  switch (end.kind) {
    case 'not-started':
      return { status: end.isOfHost ? 'unknown' : 'unhealthy', message: plainText(end.reason) }
    case 'flooded':
      return { status: 'unhealthy', message: 'killed: it printed more than 1 MiB' }
    case 'killed':
      return spoken({ status: 'unhealthy', lead: `killed by ${end.signal}`, end })
    case 'exited': {
      const status = BY_CODE[end.code]
      const lead = `exit code ${end.code}`
      return status === undefined
        ? spoken({ status: 'unhealthy', lead, end })
        : spoken({ status, end, orElse: `${lead}, no output` })
    }
    default:
      return unreachable(end)
  }
}

interface Spoken {
  readonly status: ProbeStatus
  readonly end: { readonly stdout: string; readonly stderr: string }
  /** Stands before what the program said. */
  readonly lead?: string
  /** Stands for it when it said nothing. */
  readonly orElse?: string
}

function spoken({ status, end, lead, orElse }: Spoken): Finding {
  const { message, values } = splitOutput(firstLine(end.stdout))
  const said = message === '' ? firstLine(end.stderr).trim() : message
  const text = said === '' ? (lead ?? orElse ?? '') : lead === undefined ? said : `${lead}: ${said}`
  const set = new FamilySet()
  for (const { label, unit, value } of values) {
    set.gauge('probe_exec_value', 'A number that the program told, in the unit it gave.', value, { label, unit })
  }
  return { status, message: plainText(text), families: set.families() }
}

/** The first line that says something. */
function firstLine(text: string): string {
  return /[^\s][^\r\n]*/.exec(text)?.[0] ?? ''
}
