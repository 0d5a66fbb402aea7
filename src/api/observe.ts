import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { Log } from '../run/log.ts'

/**
 * Every request has an id, is counted and, at debug level, logged. Labels and log lines carry the pattern of the route,
 * never the URL: that is chosen by the caller, and its query may hold what is nobody's business.
 */

export interface ObserveDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/** The caller's X-Request-ID when it is harmless in a log and a header, else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  return harmless(headers['x-request-id']) ?? randomUUID()
}

/** What a request belongs to: the caller's X-Correlation-ID, or the id of the request, which begins something then. */
function correlationIdOf({ headers, id }: FastifyRequest): string {
  return harmless(headers['x-correlation-id']) ?? id
}

/** As the log names them. */
export function idsOf(request: FastifyRequest): { readonly request_id: string; readonly correlation_id: string } {
  return { request_id: request.id, correlation_id: correlationIdOf(request) }
}

function harmless(id: string | string[] | undefined): string | undefined {
  return typeof id === 'string' && /^[\w.:+/=@-]{1,128}$/.test(id) ? id : undefined
}

export function observeRequests(app: FastifyInstance, { log, metrics }: ObserveDeps): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.isRefusal) return
    for (const each of [method].flat()) metrics.httpRequests.inc({ method: each, endpoint: url, status_code: '200' }, 0)
  })
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers({ 'x-request-id': request.id, 'x-correlation-id': correlationIdOf(request) })
    next()
  })
  // Also for a request whose caller went away before the answer.
  app.addHook('onResponse', (request, reply, next) => {
    observed(request, reply, { log, metrics })
    next()
  })
}

function observed(request: FastifyRequest, reply: FastifyReply, { log, metrics }: ObserveDeps): void {
  const endpoint = request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED)
  const seconds = reply.elapsedTime / 1000
  const labels = { method: methodLabel(request.method), endpoint, status_code: String(reply.statusCode) }
  metrics.httpRequests.inc(labels)
  metrics.httpRequestSeconds.observe(labels, seconds)
  metrics.responseTime.observe({ service: 'api', endpoint }, seconds)
  log.debug('Request answered', { ...labels, seconds, ...idsOf(request) })
}

/** The endpoint of requests that meet no route, and of bytes that are no request. */
export const UNMATCHED = 'unmatched'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Node knows some thirty methods; a caller must not make a series of each. */
function methodLabel(method: string): string {
  return METHODS.has(method) ? method : 'other'
}
