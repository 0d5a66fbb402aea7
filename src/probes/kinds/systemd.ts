import type { SystemdProbeConfig } from '../../config/probes/systemd.ts'
import { unreachable } from '../../errors.ts'
import type { Clock } from '../../run/clock.ts'
import { cleanEnvironment, type Variables } from '../clean-environment.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'
import { type ProgramEnd, ProgramRunner } from '../program.ts'
import { findingOf } from '../remark.ts'
import { judgeUnit, parseUnitState, UNIT_PROPERTIES, type UnitState } from '../unit-state.ts'
import { plainText } from '../words.ts'

export interface SystemdProbeDeps {
  readonly clock: Clock
  /** The agent's own. */
  readonly environment: Variables
  /** Path of systemctl; by default it is looked up in PATH. */
  readonly systemctl?: string
}

/** A unit as systemctl shows it. Where there is no systemd, nothing can be said. */
export function createSystemdProbe(config: SystemdProbeConfig, deps: SystemdProbeDeps): Probe {
  const { unit, expected } = config
  const runner = new ProgramRunner(deps)
  const properties = UNIT_PROPERTIES.map((name) => `--property=${name}`)
  const program = {
    command: [deps.systemctl ?? 'systemctl', 'show', '--no-pager', ...properties, '--', unit],
    workingDirectory: '/',
    environment: cleanEnvironment(deps.environment, { LC_ALL: 'C' }),
  }
  let restartsBefore: number | undefined
  return {
    target: unit,
    async run({ signal, phases }: ProbeRun): Promise<Finding> {
      const { lingeringPid } = runner
      if (lingeringPid !== undefined) {
        return { status: 'unknown', message: `systemctl (process ${lingeringPid}) was killed, and is still there` }
      }
      phases.enter('systemctl')
      const state = stateOf(await runner.run(program, signal))
      if (typeof state === 'string') return { status: 'unknown', message: plainText(state) }
      const remarks = judgeUnit(state, { expected, restartsBefore })
      restartsBefore = state.restartCount
      return findingOf(remarks)
    },
  }
}

/** The state, or why it is not known. */
function stateOf(end: ProgramEnd): UnitState | string {
  switch (end.kind) {
    case 'not-started':
      return end.reason
    case 'killed':
      return `systemctl was killed by ${end.signal}`
    case 'flooded':
      return 'systemctl printed more than 1 MiB'
    case 'exited': {
      const state = end.code === 0 ? parseUnitState(end.stdout) : undefined
      if (state) return state
      return `systemctl cannot tell: ${end.stderr.trim().split('\n')[0] || `exit code ${end.code}`}`
    }
    default:
      return unreachable(end)
  }
}
