import type { EnvelopeReader, Unwrapped } from '../parse/envelope.ts'
import type { Line } from '../parse/line.ts'
import type { RecordStream } from '../parse/record-stream.ts'
import type { DropReason } from '../store/ledger.ts'
import type { LineSink } from '../tail/line-sink.ts'
import { HeldRecord } from './held-record.ts'

export interface RecordLimits {
  /** A record without a further line for this long is complete. */
  readonly timeoutMs: number
  readonly maxLines: number
  readonly maxBytes: number
}

export interface RecordSinkDeps {
  /** The frames lines may have; tried on the first lines of a file. Empty: none. */
  readonly frames: readonly Frame[]
  /** Every line has the first of them. */
  readonly isFramed: boolean
  /** Records in a stream of a frame, or of a file without. */
  readonly createStream: (isInFrame: boolean) => RecordStream
  /** Takes a record; false: no room for more now. `about` is filled again for the next one. */
  readonly take: (record: Line, about: RecordAbout) => boolean
  readonly drop: (reason: DropReason, entries: number, bytes: number) => void
  /** Called whenever a record begins to be held; `flushDue` is to be called until it says that none is. */
  readonly hold: () => void
  readonly monotonicMs: () => number
}

export interface Frame {
  readonly name: 'docker' | 'cri'
  readonly reader: EnvelopeReader
}

export interface RecordAbout {
  /** What its lines took in the file. */
  consumedBytes: number
  lines: number
  stream: RecordStream
}

/** Frames are looked for in this many lines of a file. */
const LINES_TO_DECIDE = 16

/** Records of several streams that wait for each other. */
const MAX_OPEN_RECORDS = 256

interface OpenRecord {
  readonly record: HeldRecord
  readonly stream: RecordStream
}

/**
 * Makes records of the lines of one file: takes the frame of a container runtime off, puts together what the runtime cut, and
 * joins the lines of a stack trace to the line they belong to. Each stream in a frame (stdout, stderr) has records of its own.
 *
 * Records leave in the order in which they began, and only together with those that lie between their lines: so there always is
 * one offset before which every line was handed over, and after which none was, and a crash repeats nothing. (Streams that are
 * braided without an end are cut at MAX_OPEN_RECORDS; then a crash may repeat some lines.)
 */
export class RecordSink implements LineSink {
  readonly #limits: RecordLimits
  readonly #deps: RecordSinkDeps
  readonly #streams = new Map<string, RecordStream>()
  /** Of lines without a frame. */
  readonly #stream: RecordStream
  #frame: Frame | undefined
  #linesToDecide: number
  /** Records that are not handed over, oldest first. */
  readonly #open: OpenRecord[] = []
  /** The record of each stream that the next line may go on with, and streams whose last line the runtime cut. */
  readonly #growing = new Map<RecordStream, HeldRecord>()
  readonly #cut = new Set<RecordStream>()
  readonly #unwrapped: Unwrapped
  /** A line without its frame; and a record of several lines. */
  readonly #inner: Line = { ...NO_LINE }
  readonly #whole: Line = { ...NO_LINE }
  readonly #about: RecordAbout
  #hasRoom = true

  constructor(limits: RecordLimits, deps: RecordSinkDeps) {
    this.#limits = limits
    this.#deps = deps
    this.#stream = deps.createStream(false)
    this.#about = { consumedBytes: 0, lines: 1, stream: this.#stream }
    this.#linesToDecide = deps.frames.length > 0 ? LINES_TO_DECIDE : 0
    if (deps.isFramed) {
      this.#frame = deps.frames[0]
      this.#linesToDecide = 0
    }
    this.#unwrapped = createUnwrapped()
  }

  /** What the lines turned out to be: `nginx`, `docker: json`. */
  get format(): string {
    const [first] = this.#streams.values()
    return this.#frame ? `${this.#frame.name}: ${(first ?? this.#stream).format}` : this.#stream.format
  }

  /** The frame found around the lines. */
  get frame(): Frame['name'] | undefined {
    return this.#frame?.name
  }

  accept(line: Line, consumedBytes: number): boolean {
    this.#hasRoom = true
    if (this.#linesToDecide > 0) this.#lookForFrame(line)
    if (this.#frame !== undefined) this.#acceptFramed(line, consumedBytes, this.#frame.reader)
    else this.#acceptOf(this.#stream, line, consumedBytes)
    return this.#hasRoom
  }

  drop(reason: DropReason, entries: number, bytes: number): void {
    const last = this.#open.at(-1)
    if (last === undefined) this.#deps.drop(reason, entries, bytes)
    else if (reason === 'blank_line' && this.#frame === undefined && !last.record.isComplete) {
      last.record.blankLines++
      last.record.blankBytes += bytes
    } else last.record.drops.push({ reason, entries, bytes })
  }

  settle(): void {
    for (const { record } of this.#open) record.copy()
  }

  get heldOffset(): number | undefined {
    return this.#open[0]?.record.offset
  }

  finish(): void {
    for (const { record } of this.#open) record.isComplete = true
    this.#growing.clear()
    this.#cut.clear()
    this.#flush()
  }

  /** How long until a record that is held counts as complete, ms; Infinity when there is none. */
  dueMs(nowMs: number): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const { grewAtMs } of this.#growing.values()) dueMs = Math.min(dueMs, this.#waitMs(grewAtMs, nowMs))
    return dueMs
  }

  #waitMs(grewAtMs: number, nowMs: number): number {
    return Math.max(0, grewAtMs + this.#limits.timeoutMs - nowMs)
  }

  /** Hands over what has not grown for too long; true when nothing is held any more. */
  flushDue(nowMs: number): boolean {
    for (const [stream, { grewAtMs }] of this.#growing) if (this.#waitMs(grewAtMs, nowMs) === 0) this.#complete(stream)
    return this.#open.length === 0
  }

  #lookForFrame(line: Line): void {
    this.#linesToDecide--
    this.#frame = this.#deps.frames.find(({ reader }) => reader.read(line, this.#unwrapped))
    if (this.#frame !== undefined) this.#linesToDecide = 0
  }

  #acceptFramed(line: Line, consumedBytes: number, reader: EnvelopeReader): void {
    const unwrapped = this.#unwrapped
    if (!reader.read(line, unwrapped)) {
      this.#acceptOf(this.#stream, line, consumedBytes)
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
    this.#acceptOf(this.#streamNamed(unwrapped.stream), inner, consumedBytes, unwrapped.isPartial)
    // What is held of it lies in the reader's buffer, which the next line overwrites.
    if (unwrapped.bytes !== line.bytes) this.settle()
  }

  #acceptOf(stream: RecordStream, line: Line, consumedBytes: number, isPartial = false): void {
    // The usual line of the usual file: a record, and nothing waits.
    if (this.#open.length === 0 && !isPartial && !stream.joins(line)) {
      this.#handOver(line, consumedBytes, 1, stream)
      return
    }
    const isCut = this.#cut.delete(stream)
    const growing = this.#growing.get(stream)
    const nowMs = this.#deps.monotonicMs()
    // Rules count on seeing every line; what follows a cut is of the line they saw.
    const goesOn = isCut || !stream.begins(line)
    const isOfRecord = growing !== undefined && goesOn && (isCut || stream.joins(line))
    if (isOfRecord && this.#isWithinLimits(growing, line)) growing.add(line, consumedBytes, { isCut, nowMs })
    else {
      if (isOfRecord) growing.isPartial = true
      this.#complete(stream)
      const record = new HeldRecord(line, consumedBytes, nowMs)
      if (isOfRecord) Object.assign(record, { isContinued: true })
      this.#open.push({ record, stream })
      this.#deps.hold()
      this.#growing.set(stream, record)
    }
    if (isPartial) {
      // Its beginning says what format it has, and whether lines go on with it; its rest says nothing.
      if (!isCut) stream.joins(line)
      this.#cut.add(stream)
    }
    // A line is a record: nothing is waited for. (A cut one is asked only when it is whole.)
    else if (!stream.joins(line) || stream.ends(line)) this.#complete(stream)
    this.#flush()
  }

  #isWithinLimits(record: HeldRecord, line: Line): boolean {
    return record.lines < this.#limits.maxLines && record.length + line.end - line.start <= this.#limits.maxBytes
  }

  #complete(stream: RecordStream): void {
    const record = this.#growing.get(stream)
    if (record === undefined) return
    record.isComplete = true
    this.#growing.delete(stream)
    this.#cut.delete(stream)
    this.#flush()
  }

  /** Hands over the oldest records, as far as they are complete and no line of one that is not lies among theirs. */
  #flush(): void {
    const open = this.#open
    let closed = 0
    let endOffset = 0
    for (const [index, { record }] of open.entries()) {
      if (record.offset >= endOffset) closed = index
      if (!record.isComplete) break
      endOffset = Math.max(endOffset, record.endOffset)
      if (index === open.length - 1) closed = open.length
    }
    if (closed === 0 && open.length > MAX_OPEN_RECORDS && open[0]?.record.isComplete) closed = 1
    for (const oldest of open.splice(0, closed)) this.#handOverHeld(oldest)
  }

  #handOverHeld({ record, stream }: OpenRecord): void {
    const whole = this.#whole
    whole.bytes = record.bytes
    whole.start = record.start
    whole.end = record.end
    whole.offset = record.offset
    whole.readMs = record.readMs
    whole.isUtf8 = record.isUtf8
    whole.isTruncated = record.isTruncated
    whole.isPartial = record.isPartial
    whole.isContinued = record.isContinued
    whole.envelope = record.envelope
    this.#handOver(whole, record.consumedBytes, record.lines, stream)
    if (record.blankLines > 0) this.#deps.drop('blank_line', record.blankLines, record.blankBytes)
    for (const { reason, entries, bytes } of record.drops) this.#deps.drop(reason, entries, bytes)
  }

  /** (Four parameters: an object would be an allocation per line.) */
  #handOver(record: Line, consumedBytes: number, lines: number, stream: RecordStream): void {
    const about = this.#about
    about.consumedBytes = consumedBytes
    about.lines = lines
    about.stream = stream
    if (!this.#deps.take(record, about)) this.#hasRoom = false
  }

  #streamNamed(name: string): RecordStream {
    const stream = this.#streams.get(name) ?? this.#deps.createStream(true)
    this.#streams.set(name, stream)
    return stream
  }
}

const NO_LINE: Line = {
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
  offset: 0,
  readMs: 0,
  isUtf8: false,
  isTruncated: false,
  isPartial: false,
  isContinued: false,
  envelope: undefined,
}

function createUnwrapped(): Unwrapped {
  const nothing = Buffer.alloc(0)
  return {
    ...{ bytes: nothing, start: 0, end: 0, isPartial: false, stream: '' },
    envelope: { timeMs: 0, time: nothing, members: nothing },
  }
}
