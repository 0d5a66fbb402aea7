import { type EnvelopeReader, newUnwrapped, type Unwrapped } from '../parse/envelope.ts'
import type { Line } from '../parse/line.ts'
import type { RecordStream } from '../parse/record-stream.ts'
import type { DropReason } from '../store/ledger.ts'
import type { LineSink } from '../tail/line-sink.ts'
import { FramedRecords } from './framed-records.ts'
import { LineRecords } from './line-records.ts'
import { Outlet, type OutletDeps, type RecordLimits } from './outlet.ts'

export interface RecordSinkDeps extends OutletDeps {
  /** The frames lines may have; tried on the first lines of a file. Empty: none. */
  readonly frames: readonly Frame[]
  /** Every line has the first of them. */
  readonly isFramed: boolean
  /** Records in a stream of a frame, or of a file without. */
  readonly createStream: (isInFrame: boolean) => RecordStream
}

export interface Frame {
  readonly name: 'docker' | 'cri'
  readonly reader: EnvelopeReader
}

/** Frames are looked for in this many lines of a file. */
const LINES_TO_DECIDE = 16

/**
 * Makes records of the lines of one file: takes the frame of a container runtime off where there is one, and joins the lines of
 * a stack trace to the line they belong to. What is not complete is held until the next line, or until it waited long enough.
 */
export class RecordSink implements LineSink {
  readonly #limits: RecordLimits
  readonly #deps: RecordSinkDeps
  readonly #outlet: Outlet
  readonly #stream: RecordStream
  readonly #unwrapped: Unwrapped = newUnwrapped()
  #records: LineRecords | FramedRecords
  #frame: Frame | undefined
  #linesToDecide: number

  constructor(limits: RecordLimits, deps: RecordSinkDeps) {
    this.#limits = limits
    this.#deps = deps
    this.#stream = deps.createStream(false)
    this.#outlet = new Outlet(deps, this.#stream)
    this.#records = new LineRecords(limits, this.#stream, this.#outlet)
    this.#linesToDecide = deps.isFramed ? 0 : deps.frames.length > 0 ? LINES_TO_DECIDE : 0
    const [first] = deps.frames
    if (deps.isFramed && first) this.#turnTo(first)
  }

  /** What the lines turned out to be: `nginx`, `docker: json`. */
  get format(): string {
    if (!this.#frame) return this.#stream.format
    const inner = this.#records instanceof FramedRecords ? this.#records.format : ''
    return `${this.#frame.name}: ${inner}`
  }

  /** The frame found around the lines. */
  get frame(): Frame['name'] | undefined {
    return this.#frame?.name
  }

  accept(line: Line, consumedBytes: number): boolean {
    const outlet = this.#outlet
    outlet.hasRoom = true
    if (this.#linesToDecide > 0) this.#lookForFrame(line)
    this.#records.accept(line, consumedBytes)
    return outlet.hasRoom
  }

  drop(reason: DropReason, entries: number, bytes: number): void {
    this.#records.drop(reason, entries, bytes)
  }

  settle(): void {
    this.#records.settle()
  }

  get heldOffset(): number | undefined {
    return this.#records.heldOffset
  }

  finish(): void {
    this.#records.finish()
  }

  /** How long until a record that is held counts as complete, ms; Infinity when there is none. */
  dueMs(nowMs: number): number {
    const { grewAtMs } = this.#records
    return grewAtMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, grewAtMs + this.#limits.timeoutMs - nowMs)
  }

  /** Hands over what has not grown for too long; true when nothing is held any more. */
  flushDue(nowMs: number): boolean {
    this.#records.finishBefore(nowMs - this.#limits.timeoutMs)
    if (this.heldOffset !== undefined) return false
    this.#outlet.release()
    return true
  }

  #lookForFrame(line: Line): void {
    this.#linesToDecide--
    const frame = this.#deps.frames.find(({ reader }) => reader.read(line, this.#unwrapped))
    if (frame) this.#turnTo(frame)
  }

  #turnTo(frame: Frame): void {
    this.#records.finish()
    this.#frame = frame
    this.#linesToDecide = 0
    const { createStream } = this.#deps
    this.#records = new FramedRecords(this.#limits, {
      ...{ reader: frame.reader, outlet: this.#outlet, unframed: this.#stream },
      createStream: () => createStream(true),
    })
  }
}
