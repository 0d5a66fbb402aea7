import type { Writable } from 'node:stream'
import type { OutputConfig } from '../config/schema.ts'
import { pack } from '../config/transfer.ts'
import { createDestination, sendingOptions } from '../deliver/destination.ts'
import { Forwarder } from '../deliver/forwarder.ts'
import type { OutputStatus } from '../deliver/output-status.ts'
import { Bell } from '../run/bell.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { ChunkSource, CursorStore } from '../store/deliveries.ts'

export interface OutputsDeps {
  readonly source: ChunkSource
  readonly cursors: CursorStore
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly stdout: Writable
}

/**
 * A save is a sync of the disk on the main thread, 1–3 ms each: saving each of 500 acknowledgements kept /health waiting for
 * 1.4 s of the 6 s that a million lines take.
 */
const SETTLE_EVERY_MS = 50

interface Running {
  readonly config: OutputConfig
  readonly forwarder: Forwarder
  readonly bell: Bell
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** The forwarders, one for each output, each running on its own. */
export class Outputs {
  readonly #deps: OutputsDeps
  readonly #running = new Map<string, Running>()
  #isClosed = false

  constructor(deps: OutputsDeps) {
    this.#deps = deps
  }

  /** Runs exactly these outputs. One whose settings did not change goes on undisturbed; one that did ends first, at once. */
  async apply(configs: readonly OutputConfig[], drainMs: number): Promise<void> {
    const leaving = [...this.#running.values()].filter(({ config }) => !configs.some((other) => isSame(config, other)))
    await Promise.all(leaving.map((running) => this.#end(running)))
    // A reload that stopping overtook must not begin anything: nobody would end it.
    if (this.#isClosed) return
    for (const config of configs) if (!this.#running.has(config.name)) this.#start(config, drainMs)
  }

  #start(config: OutputConfig, drainMs: number): void {
    const { clock, version, stdout, source, cursors, log } = this.#deps
    const bell = new Bell()
    const forwarder = new Forwarder(
      { name: config.name, drainMs, settleEveryMs: SETTLE_EVERY_MS, ...sendingOptions(config) },
      {
        ...{ source, cursors, bell, clock, log: log.child(`output ${config.name}`) },
        destination: createDestination(config, { clock, version, stdout }),
        random: Math.random,
      },
    )
    const stop = new AbortController()
    const ended = forwarder.run(stop.signal).catch((error: unknown) => {
      // A forwarder survives everything a collector or the store can do; this is a defect, and the other outputs go on.
      log.error('An output ended', { output: config.name, error })
    })
    this.#running.set(config.name, { config, forwarder, bell, stop, ended })
  }

  async #end(running: Running): Promise<void> {
    running.stop.abort()
    running.bell.ring()
    await running.ended
    this.#running.delete(running.config.name)
  }

  /** Something was stored. */
  ring(): void {
    for (const { bell } of this.#running.values()) bell.ring()
  }

  statuses(): OutputStatus[] {
    return [...this.#running.values()].map(({ forwarder }) => forwarder.status())
  }

  /** Ends all of them; each delivers what is stored for as long as its drain allows. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running.values()].map((running) => this.#end(running)))
  }
}

/** Secrets count by their text. */
function isSame(a: OutputConfig, b: OutputConfig): boolean {
  return JSON.stringify(pack(a)) === JSON.stringify(pack(b))
}
