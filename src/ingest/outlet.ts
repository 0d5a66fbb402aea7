import type { Line } from '../parse/line.ts'
import type { RecordStream } from '../parse/record-stream.ts'
import type { DropReason } from '../store/ledger.ts'
import type { HeldRecord } from './held-record.ts'

export interface RecordLimits {
  /** A record without a further line for this long is complete. */
  readonly timeoutMs: number
  readonly maxLines: number
  readonly maxBytes: number
}

export interface RecordAbout {
  /** What its lines took in the file. */
  consumedBytes: number
  lines: number
  stream: RecordStream
}

export interface OutletDeps {
  /** Takes a record; false: no room for more now. `about` is filled again for the next one. */
  readonly take: (record: Line, about: RecordAbout) => boolean
  readonly drop: (reason: DropReason, entries: number, bytes: number) => void
  /** Called when a record begins to be held; `RecordSink.flushDue` is to be called until it says that none is. */
  readonly hold: () => void
  readonly monotonicMs: () => number
}

/** Where the records of a file go, and whether there is room for more. */
export class Outlet {
  /** Every record since it was set found room. */
  hasRoom = true
  readonly #deps: OutletDeps
  readonly #about: RecordAbout
  #isAnnounced = false

  constructor(deps: OutletDeps, stream: RecordStream) {
    this.#deps = deps
    this.#about = { consumedBytes: 0, lines: 1, stream }
  }

  /** A line that is a record. */
  line(line: Line, consumedBytes: number, stream: RecordStream): void {
    const about = this.#about
    about.consumedBytes = consumedBytes
    about.lines = 1
    about.stream = stream
    if (!this.#deps.take(line, about)) this.hasRoom = false
  }

  /** A record that was held, and what was dropped with it. */
  record(record: HeldRecord, stream: RecordStream): void {
    const about = this.#about
    about.consumedBytes = record.consumedBytes
    about.lines = record.lines
    about.stream = stream
    if (!this.#deps.take(record, about)) this.hasRoom = false
    if (record.blankLines > 0) this.#deps.drop('blank_line', record.blankLines, record.blankBytes)
    for (const { reason, entries, bytes } of record.drops) this.#deps.drop(reason, entries, bytes)
  }

  drop(reason: DropReason, entries: number, bytes: number): void {
    this.#deps.drop(reason, entries, bytes)
  }

  /** A record is held from now on. */
  hold(): void {
    if (this.#isAnnounced) return
    this.#isAnnounced = true
    this.#deps.hold()
  }

  /** None is any more. */
  release(): void {
    this.#isAnnounced = false
  }

  get nowMs(): number {
    return this.#deps.monotonicMs()
  }
}

export function isWithin(limits: RecordLimits, record: HeldRecord, line: Line): boolean {
  return record.lines < limits.maxLines && record.length + line.end - line.start <= limits.maxBytes
}
