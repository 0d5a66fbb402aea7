import { type EntryFacts, type Line, type LineContext, type LineParser, NdjsonBuffer } from '../parse/line.ts'
import { createLineParser } from '../parse/parser.ts'
import type { Clock } from '../run/clock.ts'
import type { ChunkHeader } from '../store/chunk.ts'
import { type DropReason, Ledger, type LedgerBooking } from '../store/ledger.ts'
import type { LineSink } from '../tail/line-sink.ts'
import type { Source } from '../tail/source.ts'
import { HeaderBuilder } from './header-builder.ts'

export interface ChunkerOptions {
  /** A chunk is full at this much text, … */
  readonly maxBytes: number
  /** … this many entries, … */
  readonly maxEntries: number
  /** … or when its first entry is this old. */
  readonly maxWaitMs: number
}

/** A chunk whose text is complete, and the books that go with it. */
export interface Draft {
  readonly text: NdjsonBuffer
  readonly entries: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly levelMask: number
  readonly header: ChunkHeader
  readonly ledger: readonly LedgerBooking[]
  /** It was sealed because it was full: more is to come at once. */
  readonly isFull: boolean
}

/** What was read and stored of a source since the last seal; plain numbers, since every line adds to them. */
interface Tally {
  readonly source: Source
  readEntries: number
  readBytes: number
}

/**
 * Gathers entries into the text of a chunk, counting for its header and for the ledger as they come. Entries of all files
 * share a chunk. The hot path: per line nothing is allocated here.
 */
export class Chunker {
  readonly #clock: Clock
  readonly #createContext: (source: Source, path: string) => LineContext
  options: ChunkerOptions
  #text: NdjsonBuffer
  readonly #spare: NdjsonBuffer[] = []
  readonly #header = new HeaderBuilder()
  readonly #ledger = new Ledger()
  readonly #tallies = new Map<string, Tally>()
  readonly #facts: EntryFacts = {
    timeMs: 0,
    level: 0,
    service: '',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasInvalidUtf8: false,
  }
  /** Monotonic time of the oldest thing that waits to be sealed, ms. */
  #beganMs = 0
  #hasBooked = false

  constructor(options: ChunkerOptions, clock: Clock, createContext: (source: Source, path: string) => LineContext) {
    this.options = options
    this.#clock = clock
    this.#createContext = createContext
    this.#text = new NdjsonBuffer(options.maxBytes + 64 * 1024)
  }

  /** Where the lines of the file at `path` go. */
  sinkFor(source: Source, path: string): LineSink {
    const { name } = source.config
    const tally = this.#tallies.get(name) ?? { source, readEntries: 0, readBytes: 0 }
    this.#tallies.set(name, tally)
    const parser = createLineParser(source.config.parse, this.#createContext(source, path))
    return {
      accept: (line, consumedBytes) => this.#accept(line, consumedBytes, { source, tally, parser }),
      drop: (reason, entries, bytes) => this.#drop(source, { reason, entries, bytes }),
    }
  }

  #accept(line: Line, consumedBytes: number, to: { source: Source; tally: Tally; parser: LineParser }): boolean {
    const { source, tally, parser } = to
    const facts = this.#facts
    parser.parse(line, this.#text, facts)
    if (this.#header.entries === 0) this.#begin()
    this.#header.count(facts, source.config.name)
    tally.readEntries++
    tally.readBytes += consumedBytes
    source.stats.readLines++
    source.stats.readBytes += consumedBytes
    if (line.isTruncated) source.stats.truncatedLines++
    if (facts.hasInvalidUtf8) source.stats.invalidUtf8Lines++
    if (facts.hasParseError) source.stats.parseErrors++
    return this.#text.length < this.options.maxBytes && this.#header.entries < this.options.maxEntries
  }

  #drop(source: Source, { reason, entries, bytes }: { reason: DropReason; entries: number; bytes: number }): void {
    this.#begin()
    const { name } = source.config
    this.#ledger.book(name, 'read', entries, bytes)
    this.#ledger.book(name, `dropped:${reason}`, entries, bytes)
    source.stats.readLines += entries
    source.stats.readBytes += bytes
    if (reason === 'nul_bytes') source.stats.nulBytes += bytes
  }

  #begin(): void {
    if (!this.#hasBooked) this.#beganMs = this.#clock.monotonicMs()
    this.#hasBooked = true
  }

  get isFull(): boolean {
    return this.#text.length >= this.options.maxBytes || this.#header.entries >= this.options.maxEntries
  }

  get isEmpty(): boolean {
    return !this.#hasBooked
  }

  /** How long until what was gathered is due, ms; Infinity when there is nothing. */
  dueMs(): number {
    if (!this.#hasBooked) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#beganMs + this.options.maxWaitMs - this.#clock.monotonicMs())
  }

  /** Ends the chunk and begins the next one. The text is the caller's until it is given back by `recycle`. */
  seal(): Draft {
    for (const tally of this.#tallies.values()) {
      if (tally.readBytes === 0) continue
      const { name } = tally.source.config
      this.#ledger.book(name, 'read', tally.readEntries, tally.readBytes)
      this.#ledger.book(name, 'stored', tally.readEntries, tally.readBytes)
      tally.readEntries = 0
      tally.readBytes = 0
    }
    const text = this.#text
    const { isFull } = this
    const draft = { text, ...this.#header.take(), ledger: this.#ledger.bookings(), isFull }
    this.#ledger.clear()
    this.#text = this.#spare.pop() ?? new NdjsonBuffer(this.options.maxBytes + 64 * 1024)
    this.#hasBooked = false
    return draft
  }

  recycle(text: NdjsonBuffer): void {
    text.clear()
    // One line may have made it huge: such a buffer is not kept.
    if (text.bytes.length <= 2 * this.options.maxBytes + 64 * 1024) this.#spare.push(text)
  }
}
