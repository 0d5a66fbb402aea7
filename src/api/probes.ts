import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import type { HealthStatus } from '../model/health.ts'
import type { ProbeResult, ProbeStatus } from '../model/probe-result.ts'
import { sendError } from './answer.ts'
import type { TokenCheck } from './gate.ts'

/** A probe, as `GET /api/v1/probes` shows it; times are RFC 3339, durations seconds. */
export interface ProbeView {
  readonly name: string
  readonly type: string
  readonly target: string
  readonly status: ProbeStatus | 'pending'
  readonly sinceMs: number
  readonly isCritical: boolean
  readonly intervalMs: number
  readonly results: readonly ProbeResult[]
}

export interface PushCallIn {
  readonly status: ProbeStatus
  readonly message: string
}

export type PushOutcome = 'taken' | 'no_such_probe' | 'unauthorized'

export interface ProbesDeps {
  readonly probes: () => readonly ProbeView[]
  /** Somebody calls in for a push probe; `bearer`: the token he has. @throws when it cannot be kept. */
  readonly push: (
    name: string,
    call: PushCallIn,
    caller: { bearer: string | undefined; holdsApiToken: boolean },
  ) => PushOutcome
}

const STATUSES: readonly ProbeStatus[] = ['healthy', 'degraded', 'unhealthy', 'unknown'] satisfies (
  | HealthStatus
  | 'unknown'
)[]
const MAX_MESSAGE_LENGTH = 512

/** `GET /api/v1/probes`, and `POST /api/v1/probes/{name}/push?status=…&message=…` for those who report themselves. */
export function probesRoutes(app: FastifyInstance, { probes, push }: ProbesDeps, holdsToken: TokenCheck): void {
  app.get('/api/v1/probes', () => ({ probes: probes().map(shown) }))

  // Open to whoever has the token of the probe; without one of its own, the API's token is asked for as everywhere.
  app.post('/api/v1/probes/:name/push', { config: { isOpen: true } }, (request, reply) => {
    const { name } = Object(request.params) as { name: string }
    const call = readCall(request)
    if (call === undefined) {
      const error = `Cannot take the call: expected one of ${STATUSES.join(', ')}`
      return sendError(reply, 400, { errorType: 'bad_data', error, field: 'status' })
    }
    const { authorization } = request.headers
    const caller = {
      bearer: /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1],
      holdsApiToken: holdsToken(authorization),
    }
    try {
      return answer(push(name, call, caller), reply)
    } catch (error) {
      return sendError(reply, 503, { errorType: 'unavailable', error: `Cannot keep the call: ${messageOf(error)}` })
    }
  })
}

function answer(outcome: PushOutcome, reply: FastifyReply): FastifyReply {
  switch (outcome) {
    case 'taken':
      return reply.send({ status: 'success' })
    case 'unauthorized':
      return sendError(reply.header('www-authenticate', 'Bearer'), 401, {
        errorType: 'unauthorized',
        error: 'Cannot take the call: no valid bearer token in Authorization',
      })
    default:
      return sendError(reply, 404, {
        errorType: 'not_found',
        error: 'Cannot take the call: there is no probe of type push by that name',
      })
  }
}

function readCall({ query }: FastifyRequest): PushCallIn | undefined {
  const { status = 'healthy', message = '' } = Object(query) as Record<string, unknown>
  const known = STATUSES.find((one) => one === status)
  return known && { status: known, message: String(message).slice(0, MAX_MESSAGE_LENGTH) }
}

function shown({ name, type, target, status, sinceMs, isCritical, intervalMs, results }: ProbeView): unknown {
  return {
    ...{ name, type, target, status, since: timeOf(sinceMs), critical: isCritical, interval: intervalMs / 1000 },
    // Newest first, as everywhere.
    results: results
      .map((result) => ({
        time: timeOf(result.atMs),
        status: result.status,
        duration: result.seconds,
        message: result.message,
      }))
      .reverse(),
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString()
