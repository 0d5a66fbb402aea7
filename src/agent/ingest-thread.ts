import { Worker } from 'node:worker_threads'
import { FatalError } from '../errors.ts'
import type { FromIngest, IngestOrder, IngestSettings, IngestVitals, ToIngest } from '../ingest/messages.ts'
import type { LogEntry } from '../model/log-entry.ts'
import { backoffMs } from '../run/backoff.ts'
import type { Clock } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import type { Log } from '../run/log.ts'
import type { LogRecord } from '../run/log-record.ts'
import { workerUrl } from '../run/worker-url.ts'
import type { Corruption } from '../store/open-buffer.ts'

export interface IngestThreadDeps {
  readonly clock: Clock
  readonly log: Log
  readonly heartbeats: SharedArrayBuffer
  readonly beatMs: number
  readonly replay: (record: LogRecord) => void
  readonly onSuppressed: (count: number) => void
  /** The buffer is open, perhaps a new one: readers open it (again). */
  readonly onOpen: (about: { wasClean: boolean; corruption?: Corruption }) => void
  readonly onCommitted: () => void
  readonly onVitals: (vitals: IngestVitals) => void
  readonly onRestart: () => void
}

const RESTART = { minMs: 500, maxMs: 30_000 }
/** A thread that ran this long ends its row of failures. */
const STEADY_MS = 60_000
/** Failures in a row after which the operator is told loudly; it is tried again all the same, since files are the buffer. */
const LOUD_FAILURES = 5

/** The ingest thread as main sees it: started, told things, restarted when it fails, stopped with its hands empty. */
export class IngestThread implements Component {
  readonly name = 'ingest'
  readonly #deps: IngestThreadDeps
  #settings: IngestSettings
  #worker: Worker | undefined
  #fatal: FatalError | undefined
  #reloaded: (() => void) | undefined
  /** Why it is not running, for /health. */
  failure: string | undefined

  constructor(settings: IngestSettings, deps: IngestThreadDeps) {
    this.#settings = settings
    this.#deps = deps
  }

  /** @throws {FatalError} when it cannot begin at all. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, onRestart } = this.#deps
    let failures = 0
    for (;;) {
      const beganMs = clock.monotonicMs()
      const failure = await this.#runOnce(signal)
      if (this.#fatal) throw this.#fatal
      if (signal.aborted) return
      if (clock.monotonicMs() - beganMs > STEADY_MS) failures = 0
      this.failure = failure
      log[failures >= LOUD_FAILURES ? 'error' : 'warn']('The ingest thread ended and is started again', {
        reason: failure,
      })
      onRestart()
      await clock.sleep(backoffMs(failures++, Math.random(), RESTART), signal)
      if (signal.aborted) return
    }
  }

  /** Runs one thread to its end; returns why it ended. */
  #runOnce(signal: AbortSignal): Promise<string> {
    const { heartbeats, beatMs } = this.#deps
    const order: IngestOrder = { settings: this.#settings, heartbeats, beatMs }
    const worker = new Worker(workerUrl(import.meta.url, '../ingest'), { name: 'ingest', workerData: order })
    this.#worker = worker
    const stop = (): void => this.#tell({ kind: 'stop' })
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    worker.on('message', (message: FromIngest) => this.#hear(message))
    let reason = 'it ended by itself'
    worker.on('error', (error) => {
      reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
    return new Promise((resolve) => {
      worker.on('exit', () => {
        signal.removeEventListener('abort', stop)
        this.#worker = undefined
        this.#reloaded?.()
        resolve(reason)
      })
    })
  }

  #hear(message: FromIngest): void {
    const deps = this.#deps
    switch (message.kind) {
      case 'open':
        this.failure = undefined
        return deps.onOpen(message)
      case 'committed':
        return deps.onCommitted()
      case 'vitals':
        return deps.onVitals(message.vitals)
      case 'reloaded':
        return this.#reloaded?.()
      case 'log':
        return deps.replay(message.record)
      case 'suppressed':
        return deps.onSuppressed(message.count)
      case 'fatal': {
        const { exitCode, hint } = message
        this.#fatal = new FatalError(message.message, { exitCode, ...(hint !== undefined && { hint }) })
      }
    }
  }

  #tell(message: ToIngest): void {
    this.#worker?.postMessage(message)
  }

  /** A cursor moved: there may be room in the buffer. */
  settled(): void {
    this.#tell({ kind: 'settled' })
  }

  /** An entry of the agent's own, to be stored like any other. */
  add(entry: LogEntry): void {
    this.#tell({ kind: 'entry', entry })
  }

  /** Resolves when the thread works by `settings`; a thread that is being restarted begins with them. */
  reload(settings: IngestSettings): Promise<void> {
    this.#settings = settings
    if (!this.#worker) return Promise.resolve()
    return new Promise((resolve) => {
      this.#reloaded = resolve
      this.#tell({ kind: 'reload', settings })
    })
  }

  /** Ends it at once, for when stopping takes too long: what it holds is still in the files. */
  async terminate(): Promise<void> {
    await this.#worker?.terminate()
  }
}
