export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

export interface HealthCheck {
  name: string
  status: HealthStatus
  message?: string
  /** Seconds. */
  response_time?: number
  /** RFC 3339. */
  last_check: string
  error?: string
}

export interface HealthResponse {
  /** The worst of the checks. */
  status: HealthStatus
  timestamp: string
  version: string
  /** Seconds since the agent started. */
  uptime: number
  /** Seconds it took to answer. */
  response_time: number
  checks: HealthCheck[]
  service: string
  environment: string
}

/** A check, and what it means for the whole. */
export interface JudgedCheck extends HealthCheck {
  /** False: unhealthy, it makes the whole degraded and no worse. */
  isCritical?: boolean
}

const WORSE: Record<HealthStatus, number> = { healthy: 0, degraded: 1, unhealthy: 2 }

/** Unhealthy when a critical check is, degraded when any is; no checks are healthy. A check is critical unless it says otherwise. */
export function overallStatus(checks: Iterable<Pick<JudgedCheck, 'status' | 'isCritical'>>): HealthStatus {
  let overall: HealthStatus = 'healthy'
  for (const { status, isCritical = true } of checks) {
    const counted = status === 'unhealthy' && !isCritical ? 'degraded' : status
    if (WORSE[counted] > WORSE[overall]) overall = counted
  }
  return overall
}
