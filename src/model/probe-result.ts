import type { HealthStatus } from './health.ts'

/** `unknown`: nothing can be said (the host is offline, a dependency is down, a script says so); it counts neither as success nor as failure. */
export type ProbeStatus = HealthStatus | 'unknown'

/** One run of a probe, as it is remembered. */
export interface ProbeResult {
  /** When it began, ms since 1970. */
  readonly atMs: number
  readonly status: ProbeStatus
  readonly message: string
  /** How long it took. */
  readonly seconds: number
}
