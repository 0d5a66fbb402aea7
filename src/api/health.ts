import type { FastifyInstance } from 'fastify'
import { messageOf } from '../errors.ts'
import { type HealthCheck, type HealthResponse, worstStatus } from '../model/health.ts'
import type { Clock } from '../run/clock.ts'
import { withDeadline } from '../run/deadline.ts'

export interface HealthOptions {
  readonly service: string
  readonly version: string
  readonly environment: string
  /** On the clock that never jumps. */
  readonly startedMs: number
}

export interface HealthDeps {
  readonly clock: Clock
  /** What is known already: /health must answer within 50 ms, so nothing is found out here. */
  readonly checks: () => readonly HealthCheck[] | Promise<readonly HealthCheck[]>
}

/** For the day a check waits in spite of that; far above 50 ms, so that a busy moment is not called unhealthy. */
const CHECKS_DEADLINE_MS = 1000

export function healthRoutes(app: FastifyInstance, options: HealthOptions, deps: HealthDeps): void {
  app.get('/health', async (_, reply): Promise<HealthResponse> => {
    const nowMs = deps.clock.nowMs()
    const checks = await checksOf(deps)
    const status = worstStatus(checks.map((check) => check.status))
    reply.code(status === 'unhealthy' ? 503 : 200)
    return {
      status,
      timestamp: new Date(nowMs).toISOString(),
      version: options.version,
      uptime: (deps.clock.monotonicMs() - options.startedMs) / 1000,
      response_time: reply.elapsedTime / 1000,
      checks,
      service: options.service,
      environment: options.environment,
    }
  })
}

/** A check that throws, or does not come back, is an unhealthy check and never a failed request. */
async function checksOf({ clock, checks }: HealthDeps): Promise<HealthCheck[]> {
  try {
    const found = checks()
    if (!('then' in found)) return [...found]
    return [...(await withDeadline(CHECKS_DEADLINE_MS, new AbortController().signal, () => found))]
  } catch (error) {
    const last_check = new Date(clock.nowMs()).toISOString()
    return [{ name: 'checks', status: 'unhealthy', last_check, error: messageOf(error) }]
  }
}
