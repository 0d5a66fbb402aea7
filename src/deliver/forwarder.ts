import { messageOf } from '../errors.ts'
import type { Bell } from '../run/bell.ts'
import type { Clock } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import type { Log } from '../run/log.ts'
import type { ChunkSource, CursorStore } from '../store/deliveries.ts'
import { Backlog } from './backlog.ts'
import { DamagedChunk } from './chunk-text.ts'
import type { CircuitOptions } from './circuit.ts'
import type { Delivery } from './delivery.ts'
import { Judgement } from './judgement.ts'
import { type OutputStatus, Tally } from './output-status.ts'
import type { Destination } from './verdict.ts'
import { NONE_DEAD } from './window.ts'

/**
 * Brings an output's chunks to its destination. One loop decides everything: settle what is answered, take chunks from the buffer, send what the circuit
 * allows, wait for the bell. The bell rings when a chunk is committed and when an answer has come; it carries nothing, so `step()` looks at everything
 * each time, and a step too many changes nothing.
 *
 * Stopping: after `signal` aborts, what is stored is still delivered until there is nothing more, `drainMs` have passed, or no attempt is due before that. Then
 * requests under way are aborted. A chunk that is not settled by then was not delivered as far as the store knows: it is sent again, under the same key.
 */

export interface ForwarderOptions extends CircuitOptions {
  readonly name: string
  /** Acknowledgements that come faster than this are saved together, ms: a crash in between only means that chunks are sent again, under their keys. */
  readonly settleEveryMs: number
  /** How long stopping may go on delivering. */
  readonly drainMs: number
}

export interface ForwarderDeps {
  readonly source: ChunkSource
  readonly cursors: CursorStore
  /** Closed when `run` ends. */
  readonly destination: Destination
  /** This forwarder's own; rung after every commit. */
  readonly bell: Bell
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
}

/** A ring may be missed; then this is how long a chunk waits. */
const LOOK_AGAIN_MS = 5000
/** Chunks in the window beyond those that are being sent: answered ones that wait to be saved or stand behind a slow one, and ones the breaker holds. */
const SPARE_CHUNKS = 16
/** How long a wholly refused chunk is held when nothing newer comes that could tell whose fault it is. */
const HOLD_MS = 10_000
/** How long an aborted request may take to notice. */
const LAST_WORDS_MS = 500

export class Forwarder implements Component {
  readonly name: string
  readonly #options: ForwarderOptions
  readonly #deps: ForwarderDeps
  readonly #tally = new Tally()
  readonly #judgement: Judgement
  readonly #backlog: Backlog
  readonly #stop = new AbortController()
  readonly #sending = new Set<Promise<void>>()
  #bufferId: string | undefined
  #isScoutNext = false

  constructor(options: ForwarderOptions, deps: ForwarderDeps) {
    this.name = `output ${options.name}`
    this.#options = options
    this.#deps = deps
    this.#judgement = new Judgement(options, deps)
    this.#backlog = new Backlog(options, { ...deps, tally: this.#tally })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { bell, clock, destination } = this.#deps
    let endMs = Number.POSITIVE_INFINITY
    for (;;) {
      this.step()
      const nowMs = clock.monotonicMs()
      if (signal.aborted) {
        endMs = Math.min(endMs, nowMs + this.#options.drainMs)
        if (this.#isDrained() || nowMs >= endMs || this.#isStuckUntil(endMs)) break
      }
      const waitMs = Math.min(
        this.#pauseMs() || LOOK_AGAIN_MS,
        LOOK_AGAIN_MS,
        this.#backlog.settleInMs(),
        endMs - nowMs,
      )
      await bell.wait(waitMs, signal.aborted ? undefined : signal)
    }
    this.#stop.abort(new DOMException('the agent is stopping', 'AbortError'))
    await Promise.race([Promise.allSettled(this.#sending), clock.sleep(LAST_WORDS_MS)])
    this.#backlog.settleNow()
    await Promise.race([destination.close(), clock.sleep(LAST_WORDS_MS)])
  }

  /** Looks once at everything there is to do, and starts it. */
  step(): void {
    if (!this.#backlog.open()) return
    this.#noticeBuffer()
    this.#releaseHeld()
    if (!this.#backlog.settle()) return
    this.#take()
    if (!this.#backlog.settle()) return
    this.#start()
  }

  /** A snapshot. Asks the buffer for two small rows. */
  status(): OutputStatus {
    const { circuit, breaker } = this.#judgement
    return {
      name: this.#options.name,
      ...this.#backlog.waiting(),
      inFlight: this.#sending.size,
      circuit: circuit.state,
      isOperatorFault: circuit.isOperatorFault || breaker.isTripped,
      ...this.#tally.snapshot(),
    }
  }

  #noticeBuffer(): void {
    const bufferId = this.#backlog.cursor?.bufferId
    if (bufferId === this.#bufferId) return
    this.#bufferId = bufferId
    this.#judgement.forgetChunks()
  }

  #take(): void {
    const { breaker, takenAheadSeq } = this.#judgement
    while (!breaker.isTripped && this.#hasRoom() && this.#backlog.take()) {
      const delivery = this.#backlog.window.at(-1)
      if (delivery?.seq === takenAheadSeq) {
        delivery?.finish({ delivered: delivery.entries, dead: NONE_DEAD, deadLetters: [] })
      }
    }
  }

  #hasRoom(): boolean {
    const { window } = this.#backlog
    const { inFlightCount } = this.#options
    return window.length < inFlightCount + SPARE_CHUNKS && window.filter(isOpen).length < inFlightCount
  }

  #start(): void {
    const { circuit, breaker } = this.#judgement
    const nowMs = this.#deps.clock.monotonicMs()
    if (breaker.isTripped && this.#isScoutNext && circuit.mayStart(nowMs, this.#sending.size)) {
      this.#isScoutNext = false
      const scout = this.#backlog.newest()
      if (scout) this.#launch(scout)
    }
    for (const delivery of this.#backlog.window) {
      if (delivery.state !== 'waiting') continue
      if (!circuit.mayStart(nowMs, this.#sending.size)) return
      this.#isScoutNext = true
      this.#launch(delivery)
    }
  }

  #launch(delivery: Delivery): void {
    const period = this.#judgement.circuit.started()
    delivery.state = 'sending'
    const sending = this.#send(delivery, period).finally(() => {
      this.#sending.delete(sending)
      this.#deps.bell.ring()
    })
    this.#sending.add(sending)
  }

  /** Never rejects. */
  async #send(delivery: Delivery, period: number): Promise<void> {
    const { destination, clock } = this.#deps
    const { circuit } = this.#judgement
    try {
      const batch = await delivery.batch(this.#judgement.limitBytes)
      const startMs = clock.monotonicMs()
      const verdict = await destination.send(batch, this.#stop.signal)
      const tookMs = clock.monotonicMs() - startMs
      this.#tally.answered(verdict, { bytes: batch.body.length, tookMs, atMs: clock.nowMs() })
      if (delivery.bufferId !== this.#bufferId) return circuit.cancelled(period)
      await this.#judgement.apply({ delivery, verdict, period }, this.#backlog.window)
    } catch (error) {
      if (error instanceof DamagedChunk) {
        this.#backlog.giveUp(delivery, error.message)
        circuit.cancelled(period)
        return
      }
      delivery.again()
      if (this.#stop.signal.aborted) return circuit.cancelled(period)
      // A destination answers and does not throw; should one have a defect, its output waits and the others go on.
      this.#judgement.failed(period, { kind: 'retry', reason: 'internal', detail: messageOf(error) })
    }
  }

  /** Lets go of refused chunks once it is clear that they, not the collector, are at fault; or when nothing comes that could tell. */
  #releaseHeld(): void {
    const { window, hasMore } = this.#backlog
    const nowMs = this.#deps.clock.monotonicMs()
    const isQuiet = !hasMore && window.every((delivery) => delivery.state === 'held')
    for (const delivery of window) {
      if (delivery.state !== 'held') continue
      const hasWaited = isQuiet && nowMs - delivery.heldMs >= HOLD_MS
      if (hasWaited || this.#judgement.breaker.isProven(delivery.seq)) delivery.release()
    }
  }

  #isDrained(): boolean {
    const { window, hasMore } = this.#backlog
    return !hasMore && this.#sending.size === 0 && window.every((delivery) => delivery.state === 'held')
  }

  #isStuckUntil(endMs: number): boolean {
    return this.#sending.size === 0 && this.#deps.clock.monotonicMs() + this.#pauseMs() >= endMs
  }

  /** How long nothing can be done, by the circuit's or the store's decision. */
  #pauseMs(): number {
    return Math.max(this.#judgement.circuit.waitMs(this.#deps.clock.monotonicMs()), this.#backlog.waitMs())
  }
}

/** Still wants a place among the requests. */
function isOpen({ state }: Delivery): boolean {
  return state === 'waiting' || state === 'sending'
}
