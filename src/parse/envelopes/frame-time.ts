import type { Envelope } from '../line.ts'
import { TimestampReader } from '../timestamp.ts'

/** `YYYY-MM-DDTHH:MM:SS.fffffffffZ`, the longest there is. */
const MAX_BYTES = 30

/** The time in a frame. */
export class FrameTime {
  readonly #time = new TimestampReader()

  /** Puts the RFC 3339 time in [start, end), all of it, into `envelope`; false when it is none. */
  read(view: DataView, start: number, end: number, envelope: Envelope): boolean {
    const time = this.#time
    if (time.readPrefix(view, start, end) !== end) return false
    const text = Buffer.allocUnsafe(MAX_BYTES)
    envelope.time = text.subarray(0, time.write(text, 0))
    envelope.timeMs = time.timeMs
    return true
  }
}
