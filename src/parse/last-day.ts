/** The day of the time read last, known by its bytes: lines of one file nearly always share it. One for each form. */
import { dayNumber, daysOfMonth } from './calendar.ts'
import { twoDigits } from './time-bytes.ts'
import { monthOfLetters } from './time-words.ts'

const DAY_MS = 86_400_000
const DASH = 0x2d
const SLASH = 0x2f
const COLON = 0x3a

export class LastDay {
  /** Its first moment, since 1970. */
  ms = 0
  readonly #text = new DataView(new ArrayBuffer(12))

  /** Makes the day written in the ten bytes at `start` the current one, if it is one. */
  read(view: DataView, start: number): boolean {
    const last = this.#text
    const head = view.getInt32(start, true)
    const middle = view.getInt32(start + 4, true)
    const tail = view.getInt32(start + 6, true)
    if (head === last.getInt32(0, true) && middle === last.getInt32(4, true) && tail === last.getInt32(6, true))
      return true
    if (view.getUint8(start + 4) !== DASH || view.getUint8(start + 7) !== DASH) return false
    const year = twoDigits(view, start) * 100 + twoDigits(view, start + 2)
    const month = twoDigits(view, start + 5)
    const day = twoDigits(view, start + 8)
    if (year > 9999 || day < 1 || day > daysOfMonth(year, month)) return false
    this.ms = dayNumber(year, month, day) * DAY_MS
    last.setInt32(0, head, true)
    last.setInt32(4, middle, true)
    last.setInt32(6, tail, true)
    return true
  }

  /** Makes the day written as `10/Oct/2000:` at `start` the current one, if it is one. */
  readClf(view: DataView, start: number): boolean {
    const last = this.#text
    const head = view.getInt32(start, true)
    const middle = view.getInt32(start + 4, true)
    const tail = view.getInt32(start + 8, true)
    if (head === last.getInt32(0, true) && middle === last.getInt32(4, true) && tail === last.getInt32(8, true))
      return true
    if (view.getUint8(start + 2) !== SLASH || view.getUint8(start + 6) !== SLASH) return false
    if (view.getUint8(start + 11) !== COLON) return false
    const day = twoDigits(view, start)
    const month = monthOfLetters(view, start + 3)
    const year = twoDigits(view, start + 7) * 100 + twoDigits(view, start + 9)
    if (year > 9999 || day < 1 || day > daysOfMonth(year, month)) return false
    this.ms = dayNumber(year, month, day) * DAY_MS
    last.setInt32(0, head, true)
    last.setInt32(4, middle, true)
    last.setInt32(8, tail, true)
    return true
  }
}
