import { type LogEntry, OWN_SOURCE } from '../model/log-entry.ts'
import { createEntryFacts, type EntryFacts, type Line, type LineContext, NdjsonBuffer } from '../parse/line.ts'
import { RecordStream } from '../parse/record-stream.ts'
import { WorkingEntry } from '../process/working-entry.ts'
import type { Clock } from '../run/clock.ts'
import type { ChunkHeader, SourceSummary } from '../store/chunk.ts'
import { type DropReason, Ledger, type LedgerBooking } from '../store/ledger.ts'
import type { LineSink } from '../tail/line-sink.ts'
import type { Source } from '../tail/source.ts'
import { framesOf } from './frames.ts'
import { ChunkSpan, SummaryBuilder } from './header-builder.ts'
import type { RecordAbout } from './outlet.ts'
import { RecordSink } from './record-sink.ts'
import { SourceDesk } from './source-desk.ts'

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

/**
 * Gathers entries into the text of a chunk: parses each record, has the source's steps work on the entry, and counts for the
 * header and for the ledger. Entries of all files share a chunk. The hot path: per record nothing is allocated here.
 */
export class Chunker {
  readonly #clock: Clock
  readonly #createContext: (source: Source, path: string) => LineContext
  options: ChunkerOptions
  #text: NdjsonBuffer
  readonly #spare: NdjsonBuffer[] = []
  readonly #span = new ChunkSpan()
  readonly #ledger = new Ledger()
  readonly #desks = new Map<string, SourceDesk>()
  /** Sinks that hold a record, or did a moment ago. */
  readonly #holding = new Set<RecordSink>()
  readonly #facts: EntryFacts = createEntryFacts()
  readonly #work = new WorkingEntry()
  readonly #ownSummary = new SummaryBuilder()
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
    const desk = this.#deskOf(source)
    const context = this.#createContext(source, path)
    const { parse, multiline } = source.config
    const frames = framesOf(parse)
    const sink: RecordSink = new RecordSink(multiline, {
      frames,
      isFramed: frames.length === 1,
      createStream: (isInFrame) => new RecordStream({ parse, join: multiline.join, isInFrame }, context),
      take: (record, about) => this.#take(record, about, desk),
      drop: (reason, entries, bytes) => this.#drop(desk, { reason, entries, bytes }),
      hold: () => this.#holding.add(sink),
      monotonicMs: () => this.#clock.monotonicMs(),
    })
    return sink
  }

  #deskOf(source: Source): SourceDesk {
    const { name } = source.config
    const known = this.#desks.get(name)
    if (known?.source === source) return known
    const context = this.#createContext(source, '')
    const desk = known ?? new SourceDesk(source, context)
    if (known) {
      this.#collectFrom(known, Number.POSITIVE_INFINITY)
      known.adopt(source, context)
    }
    this.#desks.set(name, desk)
    return desk
  }

  #take(record: Line, about: RecordAbout, desk: SourceDesk): boolean {
    const text = this.#text
    const facts = this.#facts
    const start = text.length
    about.stream.parse(record, text, facts)
    this.#begin()
    const { stats } = desk.source
    stats.readLines += about.lines
    stats.records++
    stats.readBytes += about.consumedBytes
    if (record.isTruncated) stats.truncatedLines++
    if (facts.hasInvalidUtf8) stats.invalidUtf8Lines++
    if (facts.hasParseError) stats.parseErrors++
    if (facts.hasTimeFallback) stats.timeFallbacks++
    if (this.#isKept(desk, start, about.consumedBytes)) {
      this.#span.count(facts)
      desk.summary.count(facts)
      desk.entries++
      desk.bytes += about.consumedBytes
    }
    return !this.isFull
  }

  /** Has the steps work on the entry that begins at `start`; one that they drop is booked and taken back. */
  #isKept(desk: SourceDesk, start: number, consumedBytes: number): boolean {
    const { processing, metrics } = desk
    if (processing === undefined && metrics === undefined) return true
    const work = this.#work
    work.begin(this.#text, start, this.#facts)
    const verdict = processing?.apply(work) ?? 'keep'
    if (verdict !== 'keep') {
      this.#text.length = start
      const { name } = desk.source.config
      this.#ledger.book(name, 'read', 1, consumedBytes)
      this.#ledger.book(name, `dropped:${verdict}`, 1, consumedBytes)
      return false
    }
    metrics?.count(work)
    return true
  }

  #drop(desk: SourceDesk, { reason, entries, bytes }: { reason: DropReason; entries: number; bytes: number }): void {
    this.#begin()
    const { config, stats } = desk.source
    this.#ledger.book(config.name, 'read', entries, bytes)
    this.#ledger.book(config.name, `dropped:${reason}`, entries, bytes)
    stats.readLines += entries
    stats.readBytes += bytes
    if (reason === 'nul_bytes') stats.nulBytes += bytes
  }

  #begin(): void {
    if (!this.#hasBooked) this.#beganMs = this.#clock.monotonicMs()
    this.#hasBooked = true
  }

  /**
   * Hands over records that waited long enough for a further line, and entries that steps owe. `nowMs`: wall time; Infinity
   * when no more entries come. Records are not forced by that: what has not ended is read again after the next start.
   */
  collect(nowMs: number): void {
    const monotonicMs = this.#clock.monotonicMs()
    for (const sink of this.#holding) if (sink.flushDue(monotonicMs)) this.#holding.delete(sink)
    for (const desk of this.#desks.values()) this.#collectFrom(desk, nowMs)
  }

  #collectFrom(desk: SourceDesk, nowMs: number): void {
    desk.processing?.collect(nowMs, (entry) => {
      this.#append(entry, desk.summary)
      // Nothing was read for it: the books say so by its bytes.
      desk.entries++
    })
  }

  /** Takes an entry of the agent's own, which no file holds; its `source` is none of the configured ones. */
  add(entry: LogEntry): void {
    this.#append(entry, this.#ownSummary)
    this.#ledger.book(OWN_SOURCE, 'read', 1, 0)
    this.#ledger.book(OWN_SOURCE, 'stored', 1, 0)
  }

  #append(entry: unknown, summary: SummaryBuilder): void {
    const { length: start } = this.#text
    this.#text.appendText(`${JSON.stringify(entry)}\n`)
    const work = this.#work
    work.begin(this.#text, start, Object.assign(this.#facts, createEntryFacts()))
    work.refreshFacts()
    this.#begin()
    this.#span.count(this.#facts)
    summary.count(this.#facts)
  }

  get isFull(): boolean {
    return this.#text.length >= this.options.maxBytes || this.#span.entries >= this.options.maxEntries
  }

  get isEmpty(): boolean {
    return !this.#hasBooked
  }

  /** How long until what was gathered is due, ms; Infinity when there is nothing. */
  dueMs(): number {
    if (!this.#hasBooked) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#beganMs + this.options.maxWaitMs - this.#clock.monotonicMs())
  }

  /** How long until a record that is held has waited long enough, ms; Infinity when none is. */
  heldDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY
    if (this.#holding.size === 0) return dueMs
    const nowMs = this.#clock.monotonicMs()
    for (const sink of this.#holding) dueMs = Math.min(dueMs, sink.dueMs(nowMs))
    return dueMs
  }

  /** Ends the chunk and begins the next one. The text is the caller's until it is given back by `recycle`. */
  seal(): Draft {
    const text = this.#text
    const { isFull } = this
    const sources: Record<string, SourceSummary> = Object.create(null)
    for (const [name, desk] of this.#desks) {
      desk.bookTo(this.#ledger)
      const summary = desk.takeSummary()
      if (summary) sources[name] = summary
    }
    const own = this.#ownSummary.take()
    if (own) sources[OWN_SOURCE] = own
    const draft = { text, ...this.#span.take(), header: { sources }, ledger: this.#ledger.bookings(), isFull }
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
