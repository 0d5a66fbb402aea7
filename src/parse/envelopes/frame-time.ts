import type { Envelope } from '../line.ts'
import { TimestampReader } from '../timestamp.ts'

/** `YYYY-MM-DDTHH:MM:SS.fffffffffZ`, the longest there is. */
const MAX_BYTES = 30

/** The time in a frame. One that is absurd (the clock of a machine without a battery says 1970) gives way to that of the read. */
export class FrameTime {
  /** Wall time of the read, ms. */
  readMs = 0
  readonly #time = new TimestampReader()
  #absurd = ''

  /** Puts the RFC 3339 time in [start, end), all of it, into `envelope`; false when it is none. */
  read(view: DataView, start: number, end: number, envelope: Envelope): boolean {
    const time = this.#time
    if (time.readPrefix(view, start, end) !== end) return false
    this.#absurd = ''
    if (!time.isPlausible(this.readMs)) {
      for (let at = start; at < end; at++) this.#absurd += String.fromCharCode(view.getUint8(at))
      time.set(this.readMs)
    }
    const text = Buffer.allocUnsafe(MAX_BYTES)
    envelope.time = text.subarray(0, time.write(text, 0))
    envelope.timeMs = time.timeMs
    return true
  }

  /** Adds the time read last to the members, if it gave way. */
  keepAbsurd(envelope: Envelope): void {
    if (this.#absurd === '') return
    envelope.members = Buffer.from(`${envelope.members},"frame_time":${JSON.stringify(this.#absurd)}`)
  }
}
