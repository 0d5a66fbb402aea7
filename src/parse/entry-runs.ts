/**
 * The output side of the transcoder: an entry put together from spans of the line's own bytes. Spans that follow each other
 * in the line are one run and are copied by one call, commas and blanks between them included; only `keepKey` and what the
 * caller writes after it end a run. Members that have no field are remembered and written as `metadata` at the end.
 */
import { FIELD_NAMES } from './fields.ts'
import { viewOf } from './json-bytes.ts'
import { NdjsonBuffer } from './line.ts'
import { appendSpan, appendWords } from './span-writer.ts'

/** `"trace_id":` of every field. */
const KEYS: readonly DataView[] = FIELD_NAMES.map((name) => viewOf(Buffer.from(`"${name}":`)))
const METADATA = viewOf(Buffer.from(',"metadata":{'))
const TIMESTAMP_RAW = viewOf(Buffer.from('"timestamp_raw":'))
const LEVEL_RAW = viewOf(Buffer.from('"level_raw":'))
const NOTHING = Buffer.alloc(0)
const NO_VIEW = viewOf(NOTHING)

/** More than all rewriting can add to a line: every key once in its longest spelling, quotes, commas, notes, a time. */
export const GROWTH_BYTES = 1024

/** From here on a call of `copy` is quicker than a loop over words. */
const MAX_WORDS_BYTES = 256

/** Runs of members without a field; a line with more is left to JSON.parse. */
const MAX_SPANS = 256

/** Numbers of the line that must become text: starts and ends, in turn, ascending; see JsonScanner. */
interface Quotes {
  readonly view: DataView
  readonly quotes: Int32Array
  readonly quoteCount: number
}

/** In place of a span: a closing brace. */
const CLOSING = -1

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export class EntryRuns {
  out = new NdjsonBuffer(0)
  source: Buffer = NOTHING
  /** Where the entry under way begins in `out`. */
  start = 0
  /** Bytes of the line not copied yet; −1 when there are none. */
  #runStart = -1
  #runEnd = 0
  /** Starts and ends, in turn. */
  readonly #spans = new Int32Array(MAX_SPANS * 2)
  #spanCount = 0
  /** The member before this one has no field either, so its span goes on. */
  #isGathering = false

  /** Members that have no field. */
  memberCount = 0
  /** The inside of the line's own `metadata`, without braces; −1: it has none. */
  ownStart = -1
  ownEnd = 0
  /** What the agent says of a time or a level: the bytes of the value; −1: nothing. */
  badTimeStart = -1
  badTimeEnd = 0
  badLevelStart = -1
  badLevelEnd = 0
  /** Members from the line's envelope, as JSON without braces. */
  envelope: Buffer = NOTHING
  #lineBytes = 0
  readonly #scan: Quotes

  constructor(scan: Quotes) {
    this.#scan = scan
  }

  /** An entry for a line of so many bytes; makes room for it. */
  begin(out: NdjsonBuffer, lineBytes: number): void {
    out.reserve(lineBytes + GROWTH_BYTES)
    this.#lineBytes = lineBytes
    this.out = out
    this.start = out.length
    this.#runStart = -1
    this.#spanCount = 0
    this.#isGathering = false
    this.memberCount = 0
    this.badTimeStart = this.badLevelStart = -1
    out.bytes[out.length++] = 0x7b
  }

  /** The whole member, [keyStart, end), stays as it is. */
  keep(keyStart: number, end: number): void {
    if (this.#runStart < 0) this.#open(keyStart)
    this.#runEnd = end
  }

  /** The value [start, end) stays, its key becomes that of `field`. */
  rename(field: number, start: number, end: number): void {
    this.writeKey(field)
    this.#runStart = start
    this.#runEnd = end
  }

  /** The key, up to the value at `valueStart`, stays; the caller writes the value. */
  keepKey(keyStart: number, valueStart: number): void {
    this.keep(keyStart, valueStart)
    this.flush()
  }

  /** Writes the key of `field`; the caller writes the value. */
  writeKey(field: number): void {
    this.flush()
    this.#separate()
    const key = KEYS[field]
    if (key !== undefined) appendWords(this.out, key, 0, key.byteLength)
  }

  /** The field is the text of bytes [start, end), which stand in the line as JSON, but not as a value. */
  writeText(field: number, start: number, end: number): void {
    const { out } = this
    this.flush()
    out.reserve(end - start + this.#lineBytes + GROWTH_BYTES)
    this.writeKey(field)
    out.bytes[out.length++] = QUOTE
    appendSpan(out, this.source, start, end)
    out.bytes[out.length++] = QUOTE
  }

  /** The member [keyStart, end) belongs to `metadata`; false when there are too many. */
  gather(keyStart: number, end: number): boolean {
    this.memberCount++
    if (this.#isGathering) {
      this.#spans[this.#spanCount * 2 - 1] = end
      return true
    }
    if (this.#spanCount === MAX_SPANS) return false
    this.flush()
    this.#isGathering = true
    this.#spans[this.#spanCount * 2] = keyStart
    this.#spans[this.#spanCount * 2 + 1] = end
    this.#spanCount++
    return true
  }

  /** Spans so far. */
  get spanCount(): number {
    return this.#spanCount
  }

  /** An object for `metadata` begins with [keyStart, end), to its brace; what is gathered is in it. False: too many. */
  openNest(keyStart: number, end: number): boolean {
    // A span of its own.
    this.flush()
    const isRoom = this.gather(keyStart, end)
    this.flush()
    return isRoom
  }

  /** It ends; false when there is too much. */
  closeNest(): boolean {
    this.flush()
    const isRoom = this.gather(CLOSING, CLOSING)
    this.flush()
    return isRoom
  }

  /** Forgets the spans from `spanCount` on. */
  dropSpans(spanCount: number): void {
    this.flush()
    this.#spanCount = spanCount
  }

  /** Copies what waits, and ends the run: before anything is written by hand, or left out. */
  flush(): void {
    this.#isGathering = false
    if (this.#runStart < 0) return
    this.#copy(this.#runStart, this.#runEnd)
    this.#runStart = -1
  }

  /** Writes `metadata` with all that belongs there. */
  writeMetadata(): void {
    this.flush()
    const { out, envelope } = this
    const hasNotes = (this.badTimeStart & this.badLevelStart) >= 0
    if (this.#spanCount === 0 && this.ownStart < 0 && !hasNotes && envelope.length === 0) return
    const skipped = out.length === this.start + 1 ? 1 : 0
    appendWords(out, METADATA, skipped, METADATA.byteLength)
    if (this.ownStart >= 0) this.#part(NO_VIEW, this.ownStart, this.ownEnd)
    for (let i = 0; i < this.#spanCount; i++) {
      const spanStart = this.#spans[i * 2] ?? 0
      if (spanStart === CLOSING) out.bytes[out.length++] = CLOSE_BRACE
      else this.#part(NO_VIEW, spanStart, this.#spans[i * 2 + 1] ?? 0)
    }
    if (this.badTimeStart >= 0) this.#part(TIMESTAMP_RAW, this.badTimeStart, this.badTimeEnd)
    if (this.badLevelStart >= 0) this.#part(LEVEL_RAW, this.badLevelStart, this.badLevelEnd)
    if (envelope.length > 0) {
      out.reserve(envelope.length + GROWTH_BYTES)
      this.#part(viewOf(envelope), 0, 0)
    }
    out.bytes[out.length++] = CLOSE_BRACE
  }

  /** Members, `key` and then bytes [start, end) of the line, after those that are there. */
  #part(key: DataView, start: number, end: number): void {
    const { out } = this
    if (start === end && key.byteLength === 0) return
    if (out.bytes[out.length - 1] !== OPEN_BRACE) out.bytes[out.length++] = COMMA
    if (key.byteLength > 0) appendWords(out, key, 0, key.byteLength)
    if (this.#scan.quoteCount === 0) this.#copy(start, end)
    else this.#appendQuoted(start, end)
  }

  /** Bytes [start, end) with quotes around the numbers that must become text. */
  #appendQuoted(start: number, end: number): void {
    const { out, source } = this
    const { quotes, quoteCount } = this.#scan
    let from = start
    for (let i = 0; i < quoteCount; i++) {
      const quoteStart = quotes[i * 2] ?? 0
      const quoteEnd = quotes[i * 2 + 1] ?? 0
      if (quoteStart < from || quoteEnd > end) continue
      appendSpan(out, source, from, quoteStart)
      out.bytes[out.length++] = QUOTE
      appendSpan(out, source, quoteStart, quoteEnd)
      out.bytes[out.length++] = QUOTE
      from = quoteEnd
    }
    appendSpan(out, source, from, end)
  }

  /** Bytes [start, end) of the line. */
  #copy(start: number, end: number): void {
    if (end - start > MAX_WORDS_BYTES) appendSpan(this.out, this.source, start, end)
    else appendWords(this.out, this.#scan.view, start, end)
  }

  #open(start: number): void {
    this.#isGathering = false
    this.#separate()
    this.#runStart = start
  }

  #separate(): void {
    const { out } = this
    if (out.length > this.start + 1) out.bytes[out.length++] = 0x2c
  }
}
