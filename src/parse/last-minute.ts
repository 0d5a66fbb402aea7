/**
 * Times in one form, `2025-01-15T08:00:00.123Z`, of the minute that was read last: lines of one file nearly always share it
 * with the line before, so four words are compared and five digits read. 0.2 → 0.1 µs a line.
 */
export class LastMinute {
  /** Of the time read last, ms since 1970. */
  timeMs = 0
  /** `2025-01-15T08:00` as words; at first what no text has. */
  #word0 = -1
  #word1 = -1
  #word2 = -1
  #word3 = -1
  #minuteMs = 0

  /** Whether [start, end) begins with a time of this form and minute, and the quote that ends it. */
  read(view: DataView, start: number, end: number): boolean {
    if (start + BYTES >= end) return false
    const differences =
      (view.getInt32(start, true) ^ this.#word0) |
      (view.getInt32(start + 4, true) ^ this.#word1) |
      (view.getInt32(start + 8, true) ^ this.#word2) |
      (view.getInt32(start + 12, true) ^ this.#word3) |
      (view.getUint8(start + 16) ^ COLON) |
      (view.getUint8(start + 19) ^ POINT) |
      (view.getUint8(start + 23) ^ LETTER_Z) |
      (view.getUint8(start + BYTES) ^ QUOTE)
    if (differences !== 0) return false
    const tens = view.getUint8(start + 17) - 0x30
    const ones = view.getUint8(start + 18) - 0x30
    const tenths = view.getUint8(start + 20) - 0x30
    const hundredths = view.getUint8(start + 21) - 0x30
    const thousandths = view.getUint8(start + 22) - 0x30
    // What is below 0 is so in its highest bit, and so is 9 less what is above 9.
    const wrong =
      tens |
      (5 - tens) |
      ones |
      (9 - ones) |
      tenths |
      (9 - tenths) |
      hundredths |
      (9 - hundredths) |
      thousandths |
      (9 - thousandths)
    if (wrong < 0) return false
    this.timeMs = this.#minuteMs + tens * 10_000 + ones * 1000 + tenths * 100 + hundredths * 10 + thousandths
    return true
  }

  /** [start, end) is a time of RFC 3339 in UTC, which is `timeMs`; it becomes the minute when it has the form. */
  learn(view: DataView, start: number, { end, timeMs }: { readonly end: number; readonly timeMs: number }): void {
    if (end - start !== BYTES) return
    this.#word0 = view.getInt32(start, true)
    this.#word1 = view.getInt32(start + 4, true)
    this.#word2 = view.getInt32(start + 8, true)
    this.#word3 = view.getInt32(start + 12, true)
    this.#minuteMs = Math.floor(timeMs / 60_000) * 60_000
  }
}

const BYTES = 24
const QUOTE = 0x22
const POINT = 0x2e
const COLON = 0x3a
const LETTER_Z = 0x5a
