import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { BufferView } from './agent/buffer-view.ts'
import { ingestSettings } from './agent/ingest-settings.ts'
import { IngestThread } from './agent/ingest-thread.ts'
import { inventoryEntry } from './agent/inventory-entry.ts'
import { Observer } from './agent/observer.ts'
import { Outputs } from './agent/outputs.ts'
import { type Configured, type Reloaded, type ReloadOutcome, Reloads } from './agent/reloads.ts'
import { Senses } from './agent/senses.ts'
import { type Api, createApi } from './api/server.ts'
import { type ListenAddress, parseListen } from './config/listen.ts'
import type { AgentConfig } from './config/schema.ts'
import type { Inventory } from './host/inventory.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { OwnLog } from './own-log.ts'
import { aborted } from './run/aborted.ts'
import type { Clock } from './run/clock.ts'
import type { Component } from './run/component.ts'
import { withDeadline } from './run/deadline.ts'
import { beatEveryMs, createHeartbeats, Heartbeat, startBeating } from './run/heartbeat.ts'
import { createNotifier, type Notifier, type NotifySettings } from './run/notifier.ts'
import { BUFFER_FILE, type Corruption } from './store/open-buffer.ts'
import type { StateStore } from './store/state-store.ts'

export interface AgentDeps {
  readonly clock: Clock
  readonly ownLog: OwnLog
  readonly state: StateStore
  /** Where a damaged state.db was set aside at this start. */
  readonly stateQuarantine?: string
  readonly stdout: Writable
  readonly notify: NotifySettings
  /** Reads the configuration again. */
  readonly readConfig: () => Promise<Reloaded>
  readonly rssBytes: () => number
  /** `dev:ino` of stdout and stderr. */
  readonly ownInodes: readonly string[]
  readonly hostname: string
  /** `linux`, `darwin` … */
  readonly platform: string
  /** Of the process, for programs that probes run. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** IANA name of the host's time zone. */
  readonly localZone: string
  readonly version: string
  readonly nodeVersion: string
}

/** What the ingest thread may take to stop, beyond what is needed to commit what it holds, ms. */
const INGEST_STOP_MS = 5000

/**
 * The agent: the only file of the main thread that knows everyone. Starts the parts in the order they need each other and
 * ends them in the order in which nothing is lost: inputs, outputs, API, store.
 */
export class Agent implements Component {
  readonly name = 'agent'
  readonly #deps: AgentDeps
  #configured: Configured
  readonly #metrics: Metrics
  readonly #buffer = new BufferView()
  readonly #ingest: IngestThread
  readonly #outputs: Outputs
  readonly #api: Api
  readonly #notifier: Notifier
  readonly #observer: Observer
  readonly #senses: Senses
  readonly #startedMs: number
  readonly #heartbeats = createHeartbeats()
  readonly #beatMs: number
  /** The buffer is open: before that no output may begin, since it would take the buffer for an empty one. */
  readonly #opened = Promise.withResolvers<void>()
  #isReady = false
  readonly #reloads: Reloads

  constructor(configured: Configured, deps: AgentDeps) {
    const { clock, ownLog, state, stdout, version, nodeVersion, notify } = deps
    const { log } = ownLog
    this.#deps = deps
    this.#configured = configured
    this.#startedMs = clock.monotonicMs()
    this.#beatMs = beatEveryMs(notify.watchdogUsec)
    this.#metrics = createMetrics({
      version,
      node: nodeVersion,
      instance: () => this.#configured.config.host.name ?? deps.hostname,
    })
    this.#senses = new Senses(configured.config, {
      ...{ ...deps, log, metrics: this.#metrics, records: state.probes },
      onInventory: (inventory) => void this.#ship(inventory),
    })
    this.#ingest = new IngestThread(this.#ingestSettings(), {
      ...{ clock, log: log.child('agent'), heartbeats: this.#heartbeats, beatMs: this.#beatMs },
      replay: (record) => ownLog.replay(record),
      onSuppressed: (count) => this.suppressed(count),
      onOpen: (about) => this.#onOpen(about),
      onCommitted: () => this.#outputs.ring(),
      onVitals: (vitals) => this.#observer.see(vitals),
      onRestart: () => this.#metrics.componentRestarts.inc({ component: 'ingest' }),
    })
    const cursors = {
      cursor: (output: string) => state.cursor(output),
      moveCursor: (...move: Parameters<StateStore['moveCursor']>): void => {
        state.moveCursor(...move)
        this.#ingest.settled()
      },
    }
    this.#outputs = new Outputs({ source: this.#buffer, cursors, clock, log, version, stdout })
    this.#observer = new Observer({
      ...deps,
      metrics: this.#metrics,
      buffer: this.#buffer,
      heartbeats: this.#heartbeats,
      outputs: () => this.#outputs.statuses(),
      ingestFailure: () => this.#ingest.failure,
      senses: () => this.#senses.facts(),
    })
    const { service, environment, api } = configured.config
    this.#api = createApi(
      {
        ...api,
        listen: listenAddress(api.listen),
        service,
        environment,
        version,
        startedMs: this.#startedMs,
        instance: configured.config.host.name ?? deps.hostname,
      },
      {
        ...{ clock, log: log.child('api'), metrics: this.#metrics },
        checks: () => this.#observer.checks(),
        details: () => ({ config_hash: this.#configured.hash, ...this.#senses.details() }),
        probes: () => this.#senses.probes.reports(),
        push: (...call) => this.#senses.probes.push(...call),
        series: this.#senses.series.reader,
        readiness: () =>
          this.#isReady ? { kind: 'ready' } : { kind: 'not_ready', reason: 'the buffer is not open yet' },
        reload: () => this.reload(),
      },
    )
    this.#notifier = createNotifier({
      ...notify,
      heartbeats: this.#heartbeats,
      onReport: (report) => {
        if (report.kind === 'trouble') return log.warn('Cannot talk to systemd', { reason: report.text })
        this.#observer.seeStalled(report.threads)
      },
    })
    this.#reloads = new Reloads({
      ...{ clock, log, metrics: this.#metrics, notifier: this.#notifier, readConfig: deps.readConfig },
      current: () => this.#configured.config,
      adopt: (next) => this.#adopt(next),
      onProblem: (problem) => {
        this.#observer.reloadProblem = problem
      },
      statusText: () => this.#statusText(),
    })
    this.#metrics.onCollect(() => this.#observer.collect())
  }

  /** Messages of the agent's own that were held back. */
  suppressed(count: number): void {
    this.#metrics.logMessagesSuppressed.inc({}, count)
  }

  /** Runs until `signal` aborts. @throws {FatalError} when it cannot begin: a port in use, a store that cannot be opened. */
  async run(signal: AbortSignal): Promise<void> {
    const { ownLog, version } = this.#deps
    const { config, hash } = this.#configured
    const stopBeating = startBeating(new Heartbeat(this.#heartbeats, 'main'), this.#beatMs)
    const address = await this.#api.listen()
    const stopInputs = new AbortController()
    const ingesting = this.#ingest.run(stopInputs.signal)
    this.#name(config)
    this.#metrics.configReloadSuccessful.set({}, 1)
    this.#metrics.configReloadTime.set({}, this.#deps.clock.nowMs() / 1000)
    const sensing = this.#senses.run(stopInputs.signal).catch((error: unknown) => {
      // Reading and delivering go on without: they are what the agent is for.
      ownLog.log.error('The host and the probes are no longer watched', { error })
    })
    try {
      await Promise.race([this.#opened.promise, aborted(signal), ingesting])
      if (this.#buffer.isOpen) await this.#outputs.apply(config.outputs, config.drainMs)
      ownLog.log.info('Started', {
        ...{ version, api: `http://${address.host}:${address.port}`, data_dir: config.dataDir, config_hash: hash },
        sources: config.sources.map(({ name }) => name),
        outputs: config.outputs.map(({ name }) => name),
        probes: config.probes.map(({ name }) => name),
      })
      await Promise.race([aborted(signal), ingesting])
    } finally {
      this.#notifier.stopping()
      ownLog.log.info('Stopping')
      await this.#stop(stopInputs, { ingesting, sensing })
      stopBeating()
      ownLog.flush({ all: true })
    }
    await ingesting
  }

  async #stop(stopInputs: AbortController, { ingesting, sensing }: Record<'ingesting' | 'sensing', Promise<void>>) {
    const { ownLog } = this.#deps
    stopInputs.abort()
    try {
      await withDeadline(INGEST_STOP_MS, new AbortController().signal, () => ingesting)
    } catch (error) {
      ownLog.log.warn('The ingest thread did not stop by itself', { error })
      await this.#ingest.terminate()
    }
    await sensing
    this.#outputs.ring()
    await this.#outputs.close()
    await this.#api.close()
    this.#buffer.close()
    await this.#notifier.close()
  }

  /** Swaps the configuration as a whole, or keeps the one before and says why. One at a time. */
  reload(): Promise<ReloadOutcome> {
    return this.#reloads.reload()
  }

  async #adopt(configured: Configured): Promise<void> {
    const before = this.#configured.config
    const { config } = configured
    this.#configured = configured
    this.#deps.ownLog.setLevel(config.log.level)
    this.#name(config)
    for (const { name } of before.sources) if (!has(config.sources, name)) await this.#metrics.removeSource(name)
    for (const { name } of before.outputs) if (!has(config.outputs, name)) await this.#metrics.removeOutput(name)
    await this.#senses.apply(config)
    await this.#opened.promise
    await this.#ingest.reload(this.#ingestSettings())
    await this.#outputs.apply(config.outputs, config.drainMs)
  }

  async #ship(inventory: Inventory): Promise<void> {
    const { service, version, environment, host } = this.#configured.config
    if (!host.shipsInventory) return
    await this.#opened.promise
    const origin = { service, version, environment, host: host.name ?? this.#deps.hostname }
    this.#ingest.add(inventoryEntry(inventory, { ...origin, nowMs: this.#deps.clock.nowMs() }))
  }

  #ingestSettings(): ReturnType<typeof ingestSettings> {
    return ingestSettings(this.#configured.config, this.#deps)
  }

  #name({ sources, outputs, buffer }: AgentConfig): void {
    for (const { name } of sources) this.#metrics.addSource(name)
    this.#metrics.logMetrics.define(sources.flatMap(({ metrics }) => metrics))
    for (const { name } of outputs) this.#metrics.addOutput(name)
    this.#metrics.bufferLimitBytes.set({}, buffer.maxBytes)
    this.#metrics.configInfo.tell({ hash: this.#configured.hash })
  }

  #onOpen(about: { wasClean: boolean; corruption?: Corruption }): void {
    const { config } = this.#configured
    this.#buffer.reopen(join(config.dataDir, BUFFER_FILE))
    this.#observer.opened(about)
    this.#isReady = true
    this.#opened.resolve()
    this.#outputs.ring()
    this.#notifier.ready(this.#statusText())
  }

  #statusText(): string {
    const { sources, outputs } = this.#configured.config
    return `${sources.length} sources, ${outputs.length} outputs`
  }
}

const has = (named: readonly { name: string }[], name: string): boolean => named.some((one) => one.name === name)

function listenAddress(text: string): ListenAddress {
  const address = parseListen(text)
  if (!address) throw new Error(`Cannot listen on ${text}: the configuration let it pass`)
  return address
}
