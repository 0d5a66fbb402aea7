import { HEAD_BYTES } from './fingerprint.ts'

/** The buffer all files of a thread are read into, one after the other. Grows to the longest `max_line` in use. */
export class ReadBlock {
  bytes = Buffer.allocUnsafeSlow(256 * 1024 + HEAD_BYTES)

  growTo(size: number): void {
    if (this.bytes.length < size) this.bytes = Buffer.allocUnsafeSlow(size)
  }
}
