/**
 * The output side of the transcoder: an entry put together from spans of the line's own bytes. Spans that follow each other
 * in the line are one run and are copied by one call, commas and blanks between them included; only `keepKey` and what the
 * caller writes after it end a run. Members that have no field are remembered and written as `metadata` at the end.
 */
import { FIELD_NAMES } from './fields.ts'
import { NdjsonBuffer } from './line.ts'
import { appendSpan } from './span-writer.ts'

/** `"trace_id":` of every field. */
const KEY_BYTES: readonly Buffer[] = FIELD_NAMES.map((name) => Buffer.from(`"${name}":`))
const METADATA_BYTES = Buffer.from(',"metadata":{')
const NOTHING = Buffer.alloc(0)

/** Runs of members without a field; a line with more is left to JSON.parse. */
const MAX_SPANS = 256

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

  begin(out: NdjsonBuffer): void {
    this.out = out
    this.start = out.length
    this.#runStart = -1
    this.#spanCount = 0
    this.#isGathering = false
    out.bytes[out.length++] = 0x7b
  }

  get hasSpans(): boolean {
    return this.#spanCount > 0
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
    const key = KEY_BYTES[field]
    if (key !== undefined) appendSpan(this.out, key, 0, key.length)
  }

  /** The member [keyStart, end) belongs to `metadata`; false when there are too many. */
  gather(keyStart: number, end: number): boolean {
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

  /** Copies what waits, and ends the run: before anything is written by hand, or left out. */
  flush(): void {
    this.#isGathering = false
    if (this.#runStart < 0) return
    appendSpan(this.out, this.source, this.#runStart, this.#runEnd)
    this.#runStart = -1
  }

  /** Writes the gathered members. */
  writeMetadata(): void {
    this.flush()
    if (this.#spanCount === 0) return
    const { out, source } = this
    const skipped = out.length === this.start + 1 ? 1 : 0
    appendSpan(out, METADATA_BYTES, skipped, METADATA_BYTES.length)
    for (let i = 0; i < this.#spanCount; i++) {
      if (i > 0) out.bytes[out.length++] = 0x2c
      appendSpan(out, source, this.#spans[i * 2] ?? 0, this.#spans[i * 2 + 1] ?? 0)
    }
    out.bytes[out.length++] = 0x7d
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
