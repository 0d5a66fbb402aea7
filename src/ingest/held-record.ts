import type { Envelope, Line } from '../parse/line.ts'
import type { DropReason } from '../store/ledger.ts'

const LF = 10

/** What was read and not kept within a record, to be booked with it. */
export interface HeldDrop {
  readonly reason: DropReason
  readonly entries: number
  readonly bytes: number
}

/**
 * A record whose end is not known yet. While its lines follow each other in one block it is but a span of that block; as soon as
 * that does not hold any more, or the block is about to be overwritten, it has bytes of its own.
 */
export class HeldRecord {
  bytes: Buffer
  start: number
  end: number
  isOwn = false
  readonly offset: number
  readonly readMs: number
  readonly isContinued: boolean
  isUtf8: boolean
  isTruncated: boolean
  isPartial: boolean
  readonly envelope: Envelope | undefined
  /** One past the last byte of its last line in the file. */
  endOffset: number
  /** What its lines took in the file, and how many they are. */
  consumedBytes: number
  lines = 1
  /** Blank lines after the last line: part of the record if another one follows. */
  blankLines = 0
  blankBytes = 0
  readonly drops: HeldDrop[] = []
  /** Monotonic time of its last line, ms. */
  grewAtMs: number
  isComplete = false

  constructor(line: Line, consumedBytes: number, nowMs: number) {
    this.bytes = line.bytes
    this.start = line.start
    this.end = line.end
    this.offset = line.offset
    this.readMs = line.readMs
    this.isUtf8 = line.isUtf8
    this.isTruncated = line.isTruncated
    this.isPartial = line.isPartial
    this.isContinued = line.isContinued
    // The frame's own object is filled again for the next line.
    this.envelope = line.envelope && { ...line.envelope }
    this.consumedBytes = consumedBytes
    this.endOffset = line.offset + consumedBytes
    this.grewAtMs = nowMs
  }

  get length(): number {
    return this.end - this.start
  }

  /** Adds a line. `isCut`: it goes on where the last one was cut, without a line end between. */
  add(line: Line, consumedBytes: number, { isCut, nowMs }: { isCut: boolean; nowMs: number }): void {
    const gap = isCut ? 0 : 1 + this.blankLines
    if (!this.isOwn && gap === 1 && line.bytes === this.bytes && line.start === this.end + 1) this.end = line.end
    else this.#append(line, gap)
    this.lines += 1 + this.blankLines
    this.consumedBytes += consumedBytes + this.blankBytes
    this.endOffset = line.offset + consumedBytes
    this.blankLines = 0
    this.blankBytes = 0
    this.isUtf8 &&= line.isUtf8
    this.isTruncated ||= line.isTruncated
    this.isPartial = line.isPartial
    this.grewAtMs = nowMs
  }

  /** Makes the bytes its own: those they lie in are about to change. */
  copy(): void {
    if (this.isOwn) return
    const bytes = Buffer.allocUnsafeSlow(Math.max(256, this.length * 2))
    this.bytes.copy(bytes, 0, this.start, this.end)
    this.end -= this.start
    this.start = 0
    this.bytes = bytes
    this.isOwn = true
  }

  #append(line: Line, gap: number): void {
    this.copy()
    const length = line.end - line.start
    const needed = this.end + gap + length
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2)
      this.bytes.copy(grown, 0, 0, this.end)
      this.bytes = grown
    }
    this.bytes.fill(LF, this.end, this.end + gap)
    line.bytes.copy(this.bytes, this.end + gap, line.start, line.end)
    this.end = needed
  }
}
