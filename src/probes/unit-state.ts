import type { Remark } from './remark.ts'
import { countText } from './words.ts'

/** What `systemctl show` says of a unit; org.freedesktop.systemd1(5) tells what the words mean. */
export interface UnitState {
  readonly loadState: string
  readonly activeState: string
  readonly subState: string
  /** Of services and the like: how its last run ended. */
  readonly result: string
  /** 1 exited, 2 killed, 3 dumped: CLD_… of sigaction(2); 0 has not ended. */
  readonly exitKind: number
  readonly exitStatus: number
  /** Of services: restarts by systemd since it was last started by someone. */
  readonly restartCount: number | undefined
}

export const UNIT_PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'ExecMainCode',
  'ExecMainStatus',
  'NRestarts',
] as const

/** Undefined: this is not the answer of systemctl show. */
export function parseUnitState(text: string): UnitState | undefined {
  const values = new Map<string, string>()
  for (const [, key = '', value = ''] of text.matchAll(/^(\w+)=(.*)$/gm)) values.set(key, value)
  const of = (key: (typeof UNIT_PROPERTIES)[number]): string => values.get(key) ?? ''
  if (of('LoadState') === '' || of('ActiveState') === '') return undefined
  return {
    loadState: of('LoadState'),
    activeState: of('ActiveState'),
    subState: of('SubState'),
    result: of('Result'),
    exitKind: Number(of('ExecMainCode')),
    exitStatus: Number(of('ExecMainStatus')),
    restartCount: /^\d+$/.test(of('NRestarts')) ? Number(of('NRestarts')) : undefined,
  }
}

export interface Expectation {
  readonly expected: 'active' | 'inactive'
  /** Restarts as the run before saw them. */
  readonly restartsBefore: number | undefined
}

export function judgeUnit(unit: UnitState, { expected, restartsBefore }: Expectation): Remark[] {
  const shown = `${unit.activeState} (${unit.subState})${unit.loadState === 'loaded' ? '' : `, ${unit.loadState}`}`
  switch (unit.activeState) {
    case 'active':
    case 'reloading':
    case 'refreshing': {
      if (expected === 'inactive') return [{ status: 'unhealthy', text: `${shown}, expected inactive` }]
      return [{ status: 'healthy', text: shown }, ...restarts(unit, restartsBefore)]
    }
    case 'activating':
    case 'deactivating':
    case 'maintenance':
      return [{ status: 'degraded', text: `${shown}, expected ${expected}` }, ...restarts(unit, restartsBefore)]
    case 'failed':
      return [{ status: 'unhealthy', text: `${shown}: ${failureOf(unit)}` }]
    default:
      if (unit.loadState === 'not-found') return [{ status: 'unhealthy', text: 'there is no such unit (not-found)' }]
      if (expected === 'inactive') return [{ status: 'healthy', text: shown }]
      return [{ status: 'unhealthy', text: `${shown}, expected active` }]
  }
}

/** A unit that is started again and again looks fine most of the time. */
function restarts({ restartCount }: UnitState, before: number | undefined): Remark[] {
  if (restartCount === undefined || before === undefined || restartCount <= before) return []
  const count = restartCount - before
  return [
    { status: 'degraded', text: `restarted ${countText(count, 'time')} since the run before, ${restartCount} in all` },
  ]
}

function failureOf({ result, exitKind, exitStatus }: UnitState): string {
  const reason = result === '' ? 'no reason given' : `result ${result}`
  if (exitKind === 1) return `${reason}, last exit code ${exitStatus}`
  if (exitKind === 2 || exitKind === 3) return `${reason}, last killed by signal ${exitStatus}`
  return reason
}
