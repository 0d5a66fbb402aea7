import { isUtf8 } from 'node:buffer'
import type { Line } from './line.ts'

const NOTHING = Buffer.alloc(0)

/** The bytes of a record as parsers read them: well-formed UTF-8, and with a DataView, which V8 reads faster than a Buffer. */
export class RecordBytes {
  bytes: Buffer = NOTHING
  /** Shows the whole of `bytes`. */
  view: DataView = new DataView(NOTHING.buffer, 0, 0)
  /** The record is bytes [start, end). */
  start = 0
  end = 0
  /** It had bytes that are no UTF-8; they are U+FFFD here. */
  hasInvalidUtf8 = false
  #copied: Buffer = NOTHING

  take(line: Line): void {
    this.hasInvalidUtf8 = !line.isUtf8 && !isUtf8(line.bytes.subarray(line.start, line.end))
    if (this.hasInvalidUtf8) {
      // Rare, so it may cost what it costs.
      this.#copied = Buffer.from(line.bytes.toString('utf8', line.start, line.end))
      this.#turnTo(this.#copied)
      this.start = 0
      this.end = this.#copied.length
      return
    }
    if (line.bytes !== this.bytes) this.#turnTo(line.bytes)
    this.start = line.start
    this.end = line.end
  }

  /** The text of bytes [start, end). */
  text(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end)
  }

  #turnTo(bytes: Buffer): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
}
