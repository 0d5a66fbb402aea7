import { backoffMs } from '../run/backoff.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { StoredChunk } from '../store/chunk.ts'
import type { ChunkSource, Cursor, CursorStore } from '../store/deliveries.ts'
import { Delivery } from './delivery.ts'
import { openCursor } from './opening.ts'
import type { OutputStatus, Tally } from './output-status.ts'
import { type Advance, advance, entriesUpTo, NONE_DEAD } from './window.ts'

/**
 * The store's side of an output: its cursor, and the window of chunks that were taken and are not settled. When the store refuses to read or to save, it
 * says so once, waits (longer each time), and nothing is forgotten: the window stays as it is, and the same move is tried again.
 */

export interface BacklogOptions {
  /** The output's. */
  readonly name: string
  /** Acknowledgements that come faster than this are saved together, ms. */
  readonly settleEveryMs: number
}

export interface BacklogDeps {
  readonly source: ChunkSource
  readonly cursors: CursorStore
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly tally: Tally
  readonly log: Log
}

type Waiting = Pick<OutputStatus, 'waitingEntries' | 'waitingChunks' | 'oldestWaitingMs'>

const STORE_RETRY = { minMs: 250, maxMs: 10_000 }
/** Answered chunks that may wait to be saved. */
const MAX_UNSETTLED = 16

export class Backlog {
  readonly #output: string
  readonly #settleEveryMs: number
  readonly #deps: BacklogDeps
  #cursor: Cursor | undefined
  #window: Delivery[] = []
  #hasMore = true
  #failures = 0
  #retryAtMs = 0
  #settledAtMs = Number.NEGATIVE_INFINITY
  #lastWaiting: Waiting = { waitingEntries: 0, waitingChunks: 0, oldestWaitingMs: 0 }

  constructor({ name, settleEveryMs }: BacklogOptions, deps: BacklogDeps) {
    this.#output = name
    this.#settleEveryMs = settleEveryMs
    this.#deps = deps
  }

  /** Chunks that are taken and not settled, oldest first. */
  get window(): readonly Delivery[] {
    return this.#window
  }

  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  /** Whether the buffer may hold chunks that were not taken yet. */
  get hasMore(): boolean {
    return this.#hasMore
  }

  /** How long until the store is asked again; 0 when it is well. */
  waitMs(): number {
    return Math.max(0, this.#retryAtMs - this.#deps.clock.monotonicMs())
  }

  /** What waits, as far as the store can be asked; what was last known otherwise. */
  waiting(): Waiting {
    const { source, clock } = this.#deps
    const cursor = this.#cursor
    if (cursor === undefined) return this.#lastWaiting
    try {
      const { entries, lastSeq } = source.totals()
      const oldestMs = source.oldestMsAfter(cursor.seq)
      this.#lastWaiting = {
        waitingEntries: Math.max(0, entries - entriesUpTo(cursor, [])),
        waitingChunks: Math.max(0, lastSeq - cursor.seq),
        oldestWaitingMs: oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs),
      }
    } catch {
      // Asked for by /health and /metrics, which must answer when the store does not; the loop reports the store itself.
    }
    return this.#lastWaiting
  }

  /** Finds the cursor; again when the buffer was replaced. False while the store refuses. */
  open(): boolean {
    const { source, cursors, log } = this.#deps
    if (this.#cursor?.bufferId === source.bufferId) return true
    return this.#ask('open the cursor', () => {
      // Totals first: chunks committed in between are then only more to send.
      const { entries, lastSeq } = source.totals()
      const first = source.chunkAfter(0)
      const saved = this.#cursor ?? cursors.cursor(this.#output)
      const { cursor, news } = openCursor(this.#output, saved, { bufferId: source.bufferId, lastSeq, entries, first })
      // Saved at once: an output that crashes before its first delivery must not be born twice, at different places.
      if (news !== undefined) {
        cursors.moveCursor(cursor, [])
        log.info('An output begins with the oldest chunk that is stored', { output: this.#output, news, cursor })
      }
      this.#cursor = cursor
      this.#window = []
    })
  }

  /** How long until answers that wait to be saved are due; Infinity when there are none. */
  settleInMs(): number {
    if (this.#window[0]?.outcome === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#settledAtMs + this.#settleEveryMs - this.#deps.clock.monotonicMs())
  }

  /** Saves what is answered at the front, if that is due. False while the store refuses: then nothing new may be sent. */
  settle(): boolean {
    if (this.#cursor === undefined) return false
    const move = advance(this.#cursor, this.#window)
    if (move === undefined) return true
    const mayWait = move.settled < MAX_UNSETTLED && move.deadLetters.length === 0 && this.#failures === 0
    return mayWait && this.settleInMs() > 0 ? true : this.#settle(move)
  }

  /** Saves what is answered now: the output ends. */
  settleNow(): void {
    const move = this.#cursor && advance(this.#cursor, this.#window)
    if (move) this.#settle(move)
  }

  #settle(move: Advance): boolean {
    if (!this.#save(move.cursor, move)) return false
    this.#settledAtMs = this.#deps.clock.monotonicMs()
    this.#window.splice(0, move.settled)
    const last = move.deadLetters.at(-1)
    if (last === undefined) return true
    const { key, status, answer } = last
    const { dead } = move
    this.#deps.log.warn('Entries were refused', { output: this.#output, dead, last: { key, status, answer } })
    return true
  }

  /** Takes the next chunk into the window. False when there is none, or the store refuses. */
  take(): boolean {
    const cursor = this.#cursor
    if (cursor === undefined) return false
    let chunk: ReturnType<ChunkSource['chunkAfter']>
    let stored: ReturnType<ChunkSource['totals']> | undefined
    const isRead = this.#ask('read a chunk', () => {
      // Totals before looking for a chunk: one that is committed in between is then found, and not taken for removed.
      if (this.#window.length === 0) stored = this.#deps.source.totals()
      chunk = this.#deps.source.chunkAfter(this.#window.at(-1)?.seq ?? cursor.seq)
      this.#hasMore = chunk !== undefined
    })
    if (!isRead) return false
    if (chunk === undefined) {
      if (stored !== undefined && stored.lastSeq > cursor.seq) this.#expire(cursor, stored)
      return false
    }
    this.#window.push(this.#deliveryOf(chunk, cursor))
    return true
  }

  /** The newest chunk, when it is newer than all of the window: a second opinion on a collector that refuses everything. */
  newest(): Delivery | undefined {
    const cursor = this.#cursor
    let chunk: StoredChunk | undefined
    this.#ask('read a chunk', () => {
      const { lastSeq } = this.#deps.source.totals()
      if (lastSeq <= (this.#window.at(-1)?.seq ?? lastSeq)) return
      const last = this.#deps.source.chunkAfter(lastSeq - 1)
      if (!last?.isCorrupt) chunk = last
    })
    return cursor && chunk && new Delivery(chunk, { bufferId: cursor.bufferId, gap: 0, isScout: true })
  }

  #deliveryOf(chunk: StoredChunk & { readonly isCorrupt: boolean }, cursor: Cursor): Delivery {
    const gap = Math.max(0, chunk.firstEntry - entriesUpTo(cursor, this.#window))
    const delivery = new Delivery(chunk, { bufferId: cursor.bufferId, gap })
    if (chunk.isCorrupt) this.giveUp(delivery, 'its checksum is wrong')
    return delivery
  }

  /** Counts a chunk whose bytes are damaged as dead, so that it blocks nothing. */
  giveUp(delivery: Delivery, why: string): void {
    this.#deps.log.error('A chunk is damaged and is not sent', {
      output: this.#output,
      seq: delivery.seq,
      entries: delivery.entries,
      why,
    })
    delivery.finish({ delivered: 0, dead: { ...NONE_DEAD, corrupt: delivery.entries }, deadLetters: [] })
  }

  /** Everything after the cursor was removed from the buffer, and nothing came after it. */
  #expire(cursor: Cursor, { entries, lastSeq }: { readonly entries: number; readonly lastSeq: number }): void {
    const gap = Math.max(0, entries - entriesUpTo(cursor, []))
    this.#save({ ...cursor, seq: lastSeq, expired: cursor.expired + gap }, { dead: NONE_DEAD, deadLetters: [] })
  }

  #save(moved: Cursor, { dead, deadLetters }: Pick<Advance, 'dead' | 'deadLetters'>): boolean {
    const before = this.#cursor
    const isSaved = this.#ask('save the cursor', () => this.#deps.cursors.moveCursor(moved, deadLetters))
    if (!isSaved || before === undefined) return false
    this.#cursor = moved
    const delivered = moved.delivered - before.delivered
    this.#deps.tally.settled({ delivered, dead, expired: moved.expired - before.expired })
    return true
  }

  /** Asks the store, unless it refused a moment ago. */
  #ask(what: string, question: () => void): boolean {
    const { clock, random, tally, log } = this.#deps
    if (this.waitMs() > 0) return false
    try {
      question()
      this.#failures = 0
      return true
    } catch (error) {
      // The store recovers by itself or by an operator's hand; delivery has nothing better to do than to ask again.
      if (this.#failures === 0) log.warn(`Cannot ${what}`, { output: this.#output, error })
      tally.storeFailed()
      this.#retryAtMs = clock.monotonicMs() + backoffMs(this.#failures++, random(), STORE_RETRY)
      return false
    }
  }
}
