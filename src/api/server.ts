import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { isLoopback, type ListenAddress } from '../config/listen.ts'
import type { Secret } from '../config/secret.ts'
import { EXIT, FatalError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Component } from '../run/component.ts'
import { withDeadline } from '../run/deadline.ts'
import type { Log } from '../run/log.ts'
import { createApp, limitConnections } from './app.ts'
import { createGate, type GateOptions, tokenCheck } from './gate.ts'
import { type HealthDeps, type HealthOptions, healthRoutes } from './health.ts'
import { type LifecycleDeps, lifecycleRoutes } from './lifecycle.ts'
import { authorityOf, listenFailure } from './listen.ts'
import { type MetricQueryDeps, metricQueryRoutes } from './metric-query.ts'
import { metricsRoutes } from './metrics.ts'
import { type ProbesDeps, probesRoutes } from './probes.ts'

export interface ApiOptions extends HealthOptions {
  readonly listen: ListenAddress
  readonly token?: Secret
  /** The name of this host. */
  readonly instance?: string
  /** Further values of the Host header that are ours. */
  readonly hosts?: readonly string[]
}

export interface ApiDeps extends HealthDeps, LifecycleDeps, ProbesDeps {
  /** Metrics over time. */
  readonly series: MetricQueryDeps['reader']
  readonly log: Log
  readonly metrics: Metrics
}

export interface Api extends Component {
  /** Begins to answer; returns the address with its real port. @throws {FatalError} when it cannot be had. */
  listen(): Promise<ListenAddress>
  /** Answers what was asked already, for a second at most, and ends. */
  close(): Promise<void>
}

const CLOSE_MS = 1000

/** The local HTTP API: one port, on loopback unless a token is set. */
export function createApi(options: ApiOptions, deps: ApiDeps): Api {
  return new LocalApi(options, deps)
}

class LocalApi implements Api {
  readonly name = 'api'
  readonly #options: ApiOptions
  readonly #deps: ApiDeps
  #app: FastifyInstance | undefined

  constructor(options: ApiOptions, deps: ApiDeps) {
    this.#options = options
    this.#deps = deps
  }

  async run(signal: AbortSignal): Promise<void> {
    if (!this.#app) await this.listen()
    if (!signal.aborted) await once(signal, 'abort')
    await this.close()
  }

  async listen(): Promise<ListenAddress> {
    const { listen: wanted, token, hosts = [] } = this.#options
    if (!isLoopback(wanted.host) && !token) throw openToAll(wanted)
    // The real port is known, and the gate made, before the first connection is accepted.
    const gateOptions = (address: ListenAddress): GateOptions => ({ address, hosts, ...(token && { token }) })
    let gate = createGate(gateOptions(wanted))
    const app = createApp((routes) => this.#addRoutes(routes), { ...this.#deps, gate: (request) => gate(request) })
    limitConnections(app.server, this.#deps)
    try {
      // `localhost` by its number: under that name fastify would open a second server that knows no limits.
      await app.listen({ host: wanted.host === 'localhost' ? '127.0.0.1' : wanted.host, port: wanted.port })
    } catch (error) {
      await app.close()
      throw listenFailure(error, wanted)
    }
    const bound = app.server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : wanted.port
    const address = { host: wanted.host, port }
    gate = createGate(gateOptions(address))
    // From here on an error of the listening socket (EMFILE on accept) is survived: those who are connected stay served.
    app.server.on('error', (error) => this.#deps.log.warn('Cannot accept a connection', { error }))
    this.#app = app
    return address
  }

  #addRoutes(app: FastifyInstance): void {
    healthRoutes(app, this.#options, this.#deps)
    lifecycleRoutes(app, this.#deps)
    metricsRoutes(app, this.#deps.metrics)
    const { service, environment, version, instance = 'localhost' } = this.#options
    const { clock, series: reader } = this.#deps
    metricQueryRoutes(app, { clock, reader, origin: { service, environment, version, instance } })
    probesRoutes(app, this.#deps, tokenCheck(this.#options.token))
  }

  async close(): Promise<void> {
    const app = this.#app
    if (!app) return
    this.#app = undefined
    const closed = app.close()
    try {
      await withDeadline(CLOSE_MS, new AbortController().signal, () => closed)
    } catch {
      // Somebody does not read his answer, or has not sent the whole of his question. He had his time.
      app.server.closeAllConnections()
      await closed
    }
  }
}

/** Validation refuses this too; here stands the last door. */
function openToAll(address: ListenAddress): FatalError {
  const message = `Cannot listen on ${authorityOf(address)}: others could ask without a token`
  return new FatalError(message, { exitCode: EXIT.config, hint: 'set api.token_file, or listen on 127.0.0.1' })
}
