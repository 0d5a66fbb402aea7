import { type EnvelopeReader, newUnwrapped } from '../parse/envelope.ts'
import type { Line } from '../parse/line.ts'
import type { RecordStream } from '../parse/record-stream.ts'
import type { DropReason } from '../store/ledger.ts'
import { HeldRecord } from './held-record.ts'
import { isWithin, type Outlet, type RecordLimits } from './outlet.ts'

/** Records of several streams that wait for each other. */
const MAX_OPEN_RECORDS = 256

interface OpenRecord {
  readonly record: HeldRecord
  readonly stream: RecordStream
  isComplete: boolean
}

export interface FramedRecordsDeps {
  readonly reader: EnvelopeReader
  readonly outlet: Outlet
  /** Of lines that have no frame after all. */
  readonly unframed: RecordStream
  readonly createStream: () => RecordStream
}

/**
 * The records of a file whose lines a container runtime put in frames. Each stream in it (stdout, stderr) has records of its own;
 * what the runtime cut is put together before.
 *
 * Records leave in the order in which they began, and only together with those that lie between their lines: so there always is
 * one offset before which every line was handed over, and after which none was, and a crash repeats nothing. (Streams that are
 * braided without an end are cut at MAX_OPEN_RECORDS; then a crash may repeat some lines.)
 */
export class FramedRecords {
  readonly #limits: RecordLimits
  readonly #deps: FramedRecordsDeps
  readonly #streams = new Map<string, RecordStream>()
  /** Records that are not handed over, oldest first. */
  readonly #open: OpenRecord[] = []
  /** The record of each stream that the next line may go on with, and streams whose last line the runtime cut. */
  readonly #growing = new Map<RecordStream, OpenRecord>()
  readonly #cut = new Set<RecordStream>()
  readonly #unwrapped = newUnwrapped()
  /** A line without its frame. */
  readonly #inner: Line

  constructor(limits: RecordLimits, deps: FramedRecordsDeps) {
    this.#limits = limits
    this.#deps = deps
    const flags = { isUtf8: false, isTruncated: false, isPartial: false, isContinued: false, envelope: undefined }
    this.#inner = { bytes: Buffer.alloc(0), start: 0, end: 0, offset: 0, readMs: 0, ...flags }
  }

  /** Of the stream that came up first. */
  get format(): string {
    const [first] = this.#streams.values()
    return (first ?? this.#deps.unframed).format
  }

  accept(line: Line, consumedBytes: number): void {
    const unwrapped = this.#unwrapped
    if (!this.#deps.reader.read(line, unwrapped)) {
      this.#acceptOf(this.#deps.unframed, line, { consumedBytes, isCutHere: false })
      return
    }
    const inner = this.#inner
    inner.bytes = unwrapped.bytes
    inner.start = unwrapped.start
    inner.end = unwrapped.end
    inner.offset = line.offset
    inner.readMs = line.readMs
    inner.isUtf8 = line.isUtf8 && unwrapped.bytes === line.bytes
    inner.isTruncated = line.isTruncated
    inner.isPartial = line.isPartial
    inner.isContinued = line.isContinued
    inner.envelope = unwrapped.envelope
    const stream = this.#streamNamed(unwrapped.stream)
    // The usual line: a record, and nothing waits.
    if (this.#open.length === 0 && !unwrapped.isPartial && !stream.joins(inner)) {
      this.#deps.outlet.line(inner, consumedBytes, stream)
      return
    }
    this.#acceptOf(stream, inner, { consumedBytes, isCutHere: unwrapped.isPartial })
    // What is held of it lies in the reader's buffer, which the next line overwrites.
    if (unwrapped.bytes !== line.bytes) this.settle()
  }

  #acceptOf(
    stream: RecordStream,
    line: Line,
    { consumedBytes, isCutHere }: { consumedBytes: number; isCutHere: boolean },
  ): void {
    const isCut = this.#cut.delete(stream)
    const growing = this.#growing.get(stream)?.record
    // Rules count on seeing every line; what follows a cut is of the line they saw, whose beginning says what format it has.
    const joins = isCut || stream.joins(line)
    const goesOn = isCut || !stream.begins(line)
    const isOfRecord = growing !== undefined && goesOn && joins
    if (isOfRecord && isWithin(this.#limits, growing, line)) growing.add(line, consumedBytes, isCut)
    else {
      if (isOfRecord) growing.isPartial = true
      this.#complete(stream)
      const record = new HeldRecord()
      record.begin(line, consumedBytes)
      if (isOfRecord) record.isContinued = true
      const open = { record, stream, isComplete: false }
      this.#open.push(open)
      this.#growing.set(stream, open)
      this.#deps.outlet.hold()
    }
    if (isCutHere) this.#cut.add(stream)
    else if (!stream.joins(line) || stream.ends(line)) this.#complete(stream)
    this.#flush()
  }

  drop(reason: DropReason, entries: number, bytes: number): void {
    const last = this.#open.at(-1)
    // Blank lines between frames are no part of what is in them.
    if (last) last.record.drops.push({ reason, entries, bytes })
    else this.#deps.outlet.drop(reason, entries, bytes)
  }

  settle(): void {
    if (this.#open.length === 0) return
    const { nowMs } = this.#deps.outlet
    for (const { record } of this.#open) record.settle(nowMs)
  }

  get heldOffset(): number | undefined {
    return this.#open[0]?.record.offset
  }

  get grewAtMs(): number | undefined {
    let grewAtMs: number | undefined
    for (const { record } of this.#growing.values()) grewAtMs = Math.min(grewAtMs ?? record.grewAtMs, record.grewAtMs)
    return grewAtMs
  }

  finish(): void {
    for (const open of this.#open) open.isComplete = true
    this.#growing.clear()
    this.#cut.clear()
    this.#flush()
  }

  finishBefore(grewAtMs: number): void {
    for (const [stream, { record }] of this.#growing) if (record.grewAtMs <= grewAtMs) this.#complete(stream)
    this.#flush()
  }

  #complete(stream: RecordStream): void {
    const open = this.#growing.get(stream)
    if (open === undefined) return
    open.isComplete = true
    this.#growing.delete(stream)
    this.#cut.delete(stream)
  }

  /** Hands over the oldest records, as far as they are complete and no line of one that is not lies among theirs. */
  #flush(): void {
    const open = this.#open
    let closed = 0
    let endOffset = 0
    for (const [index, { record, isComplete }] of open.entries()) {
      if (record.offset >= endOffset) closed = index
      if (!isComplete) break
      endOffset = Math.max(endOffset, record.endOffset)
      if (index === open.length - 1) closed = open.length
    }
    if (closed === 0 && open.length > MAX_OPEN_RECORDS && open[0]?.isComplete) closed = 1
    for (const { record, stream } of open.splice(0, closed)) this.#deps.outlet.record(record, stream)
  }

  #streamNamed(name: string): RecordStream {
    const stream = this.#streams.get(name) ?? this.#deps.createStream()
    this.#streams.set(name, stream)
    return stream
  }
}
