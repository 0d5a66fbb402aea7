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

const WORSE: Record<HealthStatus, number> = { healthy: 0, degraded: 1, unhealthy: 2 }

/** The worst status of a list; an empty list is healthy. */
export function worstStatus(statuses: Iterable<HealthStatus>): HealthStatus {
  let worst: HealthStatus = 'healthy'
  for (const status of statuses) if (WORSE[status] > WORSE[worst]) worst = status
  return worst
}
