import type { HealthStatus } from '../model/health.ts'
import type { ProbeResult, ProbeStatus } from '../model/probe-result.ts'

/** What the results in a row come to. */
export interface ProbeState {
  /** As the thresholds have it; undefined before they could say. */
  readonly settled: HealthStatus | undefined
  /** Failed runs in a row, and good ones; a run that could tell nothing counts as neither. */
  readonly failures: number
  readonly successes: number
  readonly last: ProbeResult | undefined
  /** Since when `statusOf` is what it is, ms since 1970. */
  readonly sinceMs: number
}

export interface Thresholds {
  readonly failureThreshold: number
  readonly successThreshold: number
}

export function newState(nowMs: number): ProbeState {
  return { settled: undefined, failures: 0, successes: 0, last: undefined, sinceMs: nowMs }
}

/** `pending`: there was no run yet. */
export function statusOf({ settled, last }: ProbeState): ProbeStatus | 'pending' {
  if (last === undefined) return 'pending'
  if (last.status === 'unknown') return 'unknown'
  // A first run that failed is no proof yet, and no good news either.
  return settled ?? 'degraded'
}

/**
 * The state after one more result. So many failures in a row make a probe unhealthy, and so many successes make it well again;
 * a degraded result is a success that tells of trouble at once.
 */
export function step(state: ProbeState, result: ProbeResult, thresholds: Thresholds): ProbeState {
  const next = { ...counted(state, result.status, thresholds), last: result, sinceMs: state.sinceMs }
  return statusOf(next) === statusOf(state) ? next : { ...next, sinceMs: result.atMs }
}

type Counts = Pick<ProbeState, 'settled' | 'failures' | 'successes'>

function counted(state: ProbeState, status: ProbeStatus, { failureThreshold, successThreshold }: Thresholds): Counts {
  const { settled } = state
  if (status === 'unknown') return state
  if (status === 'unhealthy') {
    const failures = state.failures + 1
    return { settled: failures >= failureThreshold ? 'unhealthy' : settled, failures, successes: 0 }
  }
  const successes = state.successes + 1
  const isWellAgain = settled !== 'unhealthy' || successes >= successThreshold
  return { settled: isWellAgain ? status : settled, failures: 0, successes }
}
