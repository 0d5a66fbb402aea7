import type { Line } from '../parse/line.ts'
import type { RecordStream } from '../parse/record-stream.ts'
import type { DropReason } from '../store/ledger.ts'
import { HeldRecord } from './held-record.ts'
import { isWithin, type Outlet, type RecordLimits } from './outlet.ts'

/** The records of a file whose lines have no frame: one stream, and at most one record that is not complete. */
export class LineRecords {
  readonly #limits: RecordLimits
  readonly #stream: RecordStream
  readonly #outlet: Outlet
  readonly #held = new HeldRecord()
  #isHolding = false

  constructor(limits: RecordLimits, stream: RecordStream, outlet: Outlet) {
    this.#limits = limits
    this.#stream = stream
    this.#outlet = outlet
  }

  accept(line: Line, consumedBytes: number): void {
    const stream = this.#stream
    if (!stream.joins(line)) {
      this.finish()
      this.#outlet.line(line, consumedBytes, stream)
      return
    }
    const begins = stream.begins(line)
    const ends = stream.ends(line)
    const held = this.#held
    if (this.#isHolding && !begins && isWithin(this.#limits, held, line)) held.add(line, consumedBytes, false)
    else {
      const isRest = this.#isHolding && !begins
      if (isRest) held.isPartial = true
      this.finish()
      if (ends && !isRest) {
        this.#outlet.line(line, consumedBytes, stream)
        return
      }
      held.begin(line, consumedBytes)
      if (isRest) held.isContinued = true
      this.#isHolding = true
      this.#outlet.hold()
    }
    if (ends) this.finish()
  }

  drop(reason: DropReason, entries: number, bytes: number): void {
    if (this.#isHolding) this.#held.drop(reason, entries, bytes)
    else this.#outlet.drop(reason, entries, bytes)
  }

  settle(): void {
    if (this.#isHolding) this.#held.settle(this.#outlet.nowMs)
  }

  get heldOffset(): number | undefined {
    return this.#isHolding ? this.#held.offset : undefined
  }

  /** Monotonic time at which what is held got its last line, ms; undefined when nothing is held. */
  get grewAtMs(): number | undefined {
    return this.#isHolding ? this.#held.grewAtMs : undefined
  }

  /** What is held is complete. */
  finish(): void {
    if (!this.#isHolding) return
    this.#isHolding = false
    this.#outlet.record(this.#held, this.#stream)
  }

  finishBefore(grewAtMs: number): void {
    if (this.#isHolding && this.#held.grewAtMs <= grewAtMs) this.finish()
  }
}
