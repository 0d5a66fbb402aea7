import type { FastifyInstance, FastifyReply } from 'fastify'
import { messageOf } from '../errors.ts'
import { type HealthCheck, type HealthResponse, type JudgedCheck, overallStatus } from '../model/health.ts'
import type { Clock } from '../run/clock.ts'
import { withDeadline } from '../run/deadline.ts'
import { sendError } from './answer.ts'

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
  readonly checks: () => readonly JudgedCheck[] | Promise<readonly JudgedCheck[]>
  /** What `?verbose` shows besides. */
  readonly details?: () => Readonly<Record<string, unknown>>
}

/** For the day a check waits in spite of that; far above 50 ms, so that a busy moment is not called unhealthy. */
const CHECKS_DEADLINE_MS = 1000

/** `GET /health`: how everything is, as it was found last. `?check=name`: that check alone. `?verbose`: and what it is made of. */
export function healthRoutes(app: FastifyInstance, options: HealthOptions, deps: HealthDeps): void {
  app.get('/health', async (request, reply) => {
    // Further parameters are nobody's harm: whoever asks for health must get it.
    const { check: name, verbose } = parametersOf(request.query)
    const all = await checksOf(deps)
    const checks = name === undefined ? all : all.filter((check) => check.name === name)
    if (name !== undefined && checks.length === 0) return noSuchCheck(reply, all)
    const isVerbose = verbose !== undefined && verbose !== 'false' && verbose !== '0'
    return answer(checks, { isVerbose, reply, options, deps })
  })
}

interface Answering {
  readonly isVerbose: boolean
  readonly reply: FastifyReply
  readonly options: HealthOptions
  readonly deps: HealthDeps
}

function answer(
  checks: readonly JudgedCheck[],
  { isVerbose, reply, options, deps }: Answering,
): HealthResponse & { details?: unknown } {
  const status = overallStatus(checks)
  reply.code(status === 'unhealthy' ? 503 : 200)
  return {
    status,
    timestamp: new Date(deps.clock.nowMs()).toISOString(),
    version: options.version,
    uptime: (deps.clock.monotonicMs() - options.startedMs) / 1000,
    response_time: reply.elapsedTime / 1000,
    checks: checks.map(withoutJudgement),
    service: options.service,
    environment: options.environment,
    ...(isVerbose && deps.details && { details: deps.details() }),
  }
}

/** `?name=…`, given once. */
function parametersOf(query: unknown): { readonly check?: string; readonly verbose?: string } {
  const given = Object.entries(query ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return Object.fromEntries(given)
}

function noSuchCheck(reply: FastifyReply, checks: readonly HealthCheck[]): FastifyReply {
  const names = checks.map((check) => check.name).join(', ')
  return sendError(reply, 404, {
    errorType: 'not_found',
    error: `Cannot answer: there is no check of that name; there are ${names}`,
    field: 'check',
  })
}

function withoutJudgement({ isCritical: _, ...check }: JudgedCheck): HealthCheck {
  return check
}

/** A check that throws, or does not come back, is an unhealthy check and never a failed request. */
async function checksOf({ clock, checks }: HealthDeps): Promise<readonly JudgedCheck[]> {
  try {
    const found = checks()
    if (!('then' in found)) return found
    return await withDeadline(CHECKS_DEADLINE_MS, new AbortController().signal, () => found)
  } catch (error) {
    const last_check = new Date(clock.nowMs()).toISOString()
    return [{ name: 'checks', status: 'unhealthy', last_check, error: messageOf(error) }]
  }
}
