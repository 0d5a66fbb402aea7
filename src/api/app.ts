import type { Server } from 'node:http'
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { Log } from '../run/log.ts'
import { sendError } from './answer.ts'
import { brokenRequestHandler } from './broken-request.ts'
import type { Gate } from './gate.ts'
import { idsOf, observeRequests, requestIdOf } from './observe.ts'

/**
 * Fastify as the API needs it: limits, the gate before everything, errors as JSON, and a 405 for every method that a
 * route does not have. Routes are added to what `createApp` returns.
 */

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without the token. */
    isOpen?: boolean
    /** Stands for the methods that a path does not have. */
    isRefusal?: boolean
  }
}

interface AppDeps {
  readonly log: Log
  readonly metrics: Metrics
}

const MAX_BODY_BYTES = 1_000_000
const MAX_HEADER_BYTES = 16 * 1024
/**
 * Against callers who send slowly, or nothing: measured, with these numbers 1,500 such connections are gone after 10 s,
 * with Node's own 497 (promises, row 86).
 */
const HEADERS_TIMEOUT_MS = 3000
const REQUEST_TIMEOUT_MS = 5000
const CONNECTIONS_CHECK_MS = 1000
const MAX_CONNECTIONS = 64
const KEEP_ALIVE_MS = 5000
/** Without a byte in either direction: a caller who does not read his answer. */
const SILENT_CONNECTION_MS = 30_000

/** An app with the routes that `addRoutes` gives it, and every one of them behind `gate`. */
export function createApp(
  addRoutes: (app: FastifyInstance) => void,
  { gate, log, metrics }: AppDeps & { readonly gate: Gate },
): FastifyInstance {
  const app = fastify({
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: SILENT_CONNECTION_MS,
    bodyLimit: MAX_BODY_BYTES,
    return503OnClosing: false,
    genReqId: requestIdOf,
    rewriteUrl: ({ url = '' }) => (isPath(url) ? url : NO_PATH),
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    clientErrorHandler: brokenRequestHandler(metrics),
    // No route has a schema. Fastify's own compilers would cost 9 MB of memory and 75 ms of CPU at start (measured).
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  observeRequests(app, { log, metrics })
  guardRequests(app, gate)
  // No route reads a body yet; what comes is read within the limit and left aside, whatever its type.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, __, done) => done(null))
  answerErrors(app, { log, metrics })
  const methods = methodsByPath(app)
  addRoutes(app)
  refuseOtherMethods(app, methods)
  return app
}

function noSchemas(): never {
  throw new Error('Cannot compile a schema: routes of the local API have none')
}

/** A request for this meets no route. */
const NO_PATH = '/-/not-a-path'

/** Not `*`, not an absolute URL (which would name a host of its own), and its percent-encoding can be read. */
function isPath(url: string): boolean {
  if (!url.startsWith('/')) return false
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '')
    return true
  } catch {
    return false
  }
}

function guardRequests(app: FastifyInstance, gate: Gate): void {
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const isOpen = request.routeOptions.config.isOpen === true
    const refusal = gate({ headers: request.headers, rawHeaders: request.raw.rawHeaders, isOpen })
    if (!refusal) return next()
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer')
    sendError(reply, refusal.status, { errorType: refusal.errorType, error: refusal.error })
  })
}

function answerErrors(app: FastifyInstance, { log, metrics }: AppDeps): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500)
      return sendError(reply, status, { errorType: 'bad_data', error: `Cannot answer: ${error.message}` })
    metrics.errors.inc({ error_type: 'request', service: 'api' })
    log.error('Cannot answer a request', { error, endpoint: request.routeOptions.url, ...idsOf(request) })
    // What went wrong stays in the log: it may name files and settings.
    return sendError(reply, 500, {
      errorType: 'internal',
      error: `Cannot answer: see the log for request ${request.id}`,
    })
  })
  app.setNotFoundHandler((request, reply) => {
    if (!ANSWERED_METHODS.includes(request.method)) return refuseMethod(reply, ANSWERED_METHODS)
    return sendError(reply, 404, { errorType: 'not_found', error: 'Cannot answer: there is nothing at this path' })
  })
}

/** Any other method is refused whatever the path. */
const ANSWERED_METHODS = ['GET', 'HEAD', 'POST']

function refuseMethod(reply: FastifyReply, allowed: readonly string[]): FastifyReply {
  const error = `Cannot answer: this path takes ${allowed.join(', ')}`
  return sendError(reply.header('allow', allowed.join(', ')), 405, { errorType: 'method_not_allowed', error })
}

/** Filled as routes are added from here on. */
function methodsByPath(app: FastifyInstance): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()])
  })
  return methods
}

function refuseOtherMethods(app: FastifyInstance, methods: ReadonlyMap<string, readonly string[]>): void {
  for (const [url, allowed] of [...methods]) {
    const method = app.supportedMethods.filter((each) => !allowed.includes(each))
    // In onRequest: before the body, which may be large.
    const onRequest = (_: FastifyRequest, reply: FastifyReply): void => void refuseMethod(reply, allowed)
    app.route({ url, method, config: { isRefusal: true }, onRequest, handler: () => {} })
  }
}

export function limitConnections(server: Server, { log, metrics }: AppDeps): void {
  server.maxConnections = MAX_CONNECTIONS
  let connections = 0
  server.on('connection', (socket) => {
    metrics.activeConnections.set({}, ++connections)
    socket.once('close', () => metrics.activeConnections.set({}, --connections))
  })
  server.on('drop', () => {
    metrics.errors.inc({ error_type: 'too_many_connections', service: 'api' })
    log.warn('Cannot take another connection: too many are open', { limit: MAX_CONNECTIONS })
  })
}
