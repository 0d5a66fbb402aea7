import type { Envelope, Line } from '../parse/line.ts'
import type { DropReason } from '../store/ledger.ts'

const LF = 10
const NOTHING = Buffer.alloc(0)
/** A copy larger than this is not kept for the next record. */
const KEPT_BYTES = 16 * 1024

/** What was read and not kept within a record, to be booked with it. */
export interface HeldDrop {
  readonly reason: DropReason
  readonly entries: number
  readonly bytes: number
}

/**
 * A record whose end is not known yet. While its lines follow each other in one block it is but a span of that block; as soon as
 * that does not hold any more, or the block is about to be overwritten, it has bytes of its own. It is a Line itself, and is begun
 * again for the next record: nothing is allocated for one that is handed over within its block.
 */
export class HeldRecord implements Line {
  bytes: Buffer = NOTHING
  start = 0
  end = 0
  offset = 0
  readMs = 0
  isUtf8 = false
  isTruncated = false
  isPartial = false
  isContinued = false
  envelope: Envelope | undefined
  /** One past the last byte of its last line in the file. */
  endOffset = 0
  /** What its lines took in the file, and how many they are. */
  consumedBytes = 0
  lines = 0
  /** Blank lines after the last line: part of the record if another one follows. */
  blankLines = 0
  blankBytes = 0
  readonly drops: HeldDrop[] = []
  /** It got a line since it was settled. */
  hasGrown = false
  /** Monotonic time at which it was settled with a line more, ms. */
  grewAtMs = 0
  #isOwn = false
  #room: Buffer = NOTHING

  begin(line: Line, consumedBytes: number): void {
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
    this.envelope = line.envelope === undefined ? undefined : { ...line.envelope }
    this.consumedBytes = consumedBytes
    this.endOffset = line.offset + consumedBytes
    this.lines = 1
    this.blankLines = 0
    this.blankBytes = 0
    this.drops.length = 0
    this.hasGrown = true
    this.#isOwn = false
    if (this.#room.length > KEPT_BYTES) this.#room = NOTHING
  }

  get length(): number {
    return this.end - this.start
  }

  /** Adds a line. `isCut`: it goes on where the last one was cut, without a line end between. */
  add(line: Line, consumedBytes: number, isCut: boolean): void {
    const gap = isCut ? 0 : 1 + this.blankLines
    if (!this.#isOwn && gap === 1 && line.bytes === this.bytes && line.start === this.end + 1) this.end = line.end
    else this.#append(line, gap)
    this.lines += 1 + this.blankLines
    this.consumedBytes += consumedBytes + this.blankBytes
    this.endOffset = line.offset + consumedBytes
    this.blankLines = 0
    this.blankBytes = 0
    this.isUtf8 &&= line.isUtf8
    this.isTruncated ||= line.isTruncated
    this.isPartial = line.isPartial
    this.hasGrown = true
  }

  /** A blank line, or bytes that are no line: they are its own if a line follows, and are booked with it. */
  drop(reason: DropReason, entries: number, bytes: number): void {
    if (reason !== 'blank_line') this.drops.push({ reason, entries, bytes })
    else {
      this.blankLines++
      this.blankBytes += bytes
    }
  }

  /** Makes the bytes its own, since those they lie in are about to change, and notes when it grew. */
  settle(nowMs: number): void {
    this.#copy()
    if (this.hasGrown) this.grewAtMs = nowMs
    this.hasGrown = false
  }

  #copy(): void {
    if (this.#isOwn) return
    this.#isOwn = true
    if (this.#room.length < this.length) this.#room = Buffer.allocUnsafeSlow(Math.max(512, this.length * 2))
    this.bytes.copy(this.#room, 0, this.start, this.end)
    this.end -= this.start
    this.start = 0
    this.bytes = this.#room
  }

  #append(line: Line, gap: number): void {
    this.#copy()
    const needed = this.end + gap + line.end - line.start
    if (needed > this.#room.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2)
      this.bytes.copy(grown, 0, 0, this.end)
      this.#room = grown
      this.bytes = grown
    }
    this.bytes.fill(LF, this.end, this.end + gap)
    line.bytes.copy(this.bytes, this.end + gap, line.start, line.end)
    this.end = needed
  }
}
