import type { FastifyInstance, FastifyReply } from 'fastify'
import type { MetricOrigin, MetricResponse } from '../model/metric-entry.ts'
import type { Clock } from '../run/clock.ts'
import { answerMetricQuery, type DecodedQuery, type QueryDeps } from '../store/series/metric-query.ts'
import { TooManySamples } from '../store/series/series-reader.ts'
import { sendError } from './answer.ts'
import { parseMetricParameters, type RawParameters } from './metric-parameters.ts'

export interface MetricQueryDeps {
  readonly clock: Clock
  readonly reader: QueryDeps['reader']
  /** For samples whose labels do not say it. */
  readonly origin: MetricOrigin
}

/** GET /api/v1/metrics: a MetricQuery in the URL, a MetricResponse in the body. */
export function metricQueryRoutes(app: FastifyInstance, { clock, reader, origin }: MetricQueryDeps): void {
  // One at a time: each may hold some 32 MB, and together they would not be answered any sooner.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (query: DecodedQuery, signal: AbortSignal): Promise<MetricResponse> => {
    const answer = turn.then(() => {
      signal.throwIfAborted()
      return answerMetricQuery(query, { reader, origin, signal })
    })
    turn = answer.catch(() => {})
    return answer
  }
  app.get('/api/v1/metrics', async (request, reply) => {
    // What a URL holds is text, whatever its name.
    const query = parseMetricParameters(request.query as RawParameters, clock.nowMs())
    if ('error' in query) return sendError(reply, 400, { errorType: 'bad_data', ...query })
    const caller = new AbortController()
    reply.raw.once('close', () => caller.abort(new Error('The caller went away')))
    try {
      return sendResponse(reply, await inTurn(query, caller.signal))
    } catch (error) {
      if (error instanceof TooManySamples)
        return sendError(reply, 422, { errorType: 'execution', error: error.message })
      if (caller.signal.aborted) return reply.hijack()
      throw error
    }
  })
}

function sendResponse(reply: FastifyReply, response: MetricResponse): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(response, numberText))
}

/** JSON has no such numbers, and `null` would not say which: as /metrics writes them. */
function numberText(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
