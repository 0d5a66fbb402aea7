/**
 * Reads the time of a record: RFC 3339 in its usual forms and epoch numbers. A reader is an object so that reading allocates
 * nothing: its fields tell about the last time read. Bytes only; text comes in through `readText`.
 *
 * Taken besides RFC 3339: a blank for the `T`, a comma before the decimals, offsets `+0200` and `+02`, a blank before an
 * offset of four digits, and no offset at all, which is taken for UTC. Epoch numbers are seconds, ms, µs or ns by magnitude.
 */
import { civilDay, dayNumber, daysOfMonth } from './calendar.ts'
import { writePadded } from './digits.ts'

const DAY_MS = 86_400_000
/** Earlier than any log on a host in use; what says so is a clock without battery, or a number that is no time. */
const EARLIEST_MS = Date.UTC(1990, 0, 1)

export class TimestampReader {
  /** ms since 1970, rounded down. */
  timeMs = 0
  /** The text read is already `YYYY-MM-DDTHH:MM:SS[.fff…]Z` with 3 to 9 decimals, and can be kept. */
  isCanonical = false
  /** Decimals of the second as one number, and how many they are: 0, or 3 to 9. */
  #fraction = 0
  #decimals = 0
  /** The day read last, as its ten bytes and as ms: lines of one file nearly always share it. */
  readonly #dayText = new DataView(new ArrayBuffer(12))
  #dayMs = 0
  /** The day written last, in ms and as yyyymmdd. */
  #writtenDayMs = 0
  #writtenDay = 19700101
  #scratch = new DataView(new ArrayBuffer(64))

  /** Neither absurdly old nor in the future; a day of grace for clocks and zones. */
  isPlausible(readMs: number): boolean {
    return this.timeMs >= EARLIEST_MS && this.timeMs <= readMs + DAY_MS
  }

  /** The time in [start, end), all of it, in any of the forms. */
  read(view: DataView, start: number, end: number): boolean {
    return this.readPrefix(view, start, end) === end || this.readEpoch(view, start, end)
  }

  readText(text: string): boolean {
    if (text.length > this.#scratch.byteLength) return false
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      this.#scratch.setUint8(i, code)
    }
    return this.read(this.#scratch, 0, text.length)
  }

  /** Takes a time from a clock. */
  set(timeMs: number): void {
    this.timeMs = Math.floor(timeMs)
    this.#fraction = this.timeMs - Math.floor(this.timeMs / 1000) * 1000
    this.#decimals = 3
    this.isCanonical = false
  }

  /** An RFC 3339 time at the beginning of [start, end): the position after it, or −1. */
  readPrefix(view: DataView, start: number, end: number): number {
    if (start + 19 > end || !this.#readDay(view, start)) return -1
    const separator = view.getUint8(start + 10)
    if (view.getUint8(start + 13) !== COLON || view.getUint8(start + 16) !== COLON) return -1
    if (separator !== LETTER_T && separator !== 0x20 && separator !== 0x74) return -1
    const hour = twoDigits(view, start + 11)
    const minute = twoDigits(view, start + 14)
    const second = twoDigits(view, start + 17)
    // Second 60 is a leap second: the first moment of what follows.
    if (hour > 23 || minute > 59 || second > 60) return -1
    this.isCanonical = separator === 0x54 && second !== 60
    const at = this.#readFraction(view, start + 19, end)
    if (at < 0) return -1
    this.timeMs = this.#dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + this.#fractionMs()
    return this.#readOffset(view, at, end)
  }

  /** A number of seconds, ms, µs or ns since 1970: 1 to 20 digits, perhaps decimals. */
  readEpoch(view: DataView, start: number, end: number): boolean {
    let point = start
    while (point < end && isDigit(view.getUint8(point))) point++
    const count = point - start
    if (count === 0 || count > 20 || (count > 1 && view.getUint8(start) === 0x30)) return false
    // 11 digits of seconds last until the year 5138, 11 of ms until 1973; so up to µs and ns.
    const unitDigits = count <= 11 ? 0 : count <= 14 ? 3 : count <= 17 ? 6 : 9
    let seconds = 0
    for (let i = start; i < point - unitDigits; i++) seconds = seconds * 10 + view.getUint8(i) - 0x30
    let fraction = 0
    for (let i = point - unitDigits; i < point; i++) fraction = fraction * 10 + view.getUint8(i) - 0x30
    let decimals = unitDigits
    if (point < end) {
      if (view.getUint8(point) !== 0x2e || point + 1 === end) return false
      for (let i = point + 1; i < end; i++) {
        if (!isDigit(view.getUint8(i))) return false
        if (decimals === 9) continue
        fraction = fraction * 10 + view.getUint8(i) - 0x30
        decimals++
      }
    }
    for (; decimals < 3; decimals++) fraction *= 10
    for (; decimals > 3 && fraction % 10 === 0; decimals--) fraction /= 10
    this.#fraction = fraction
    this.#decimals = decimals
    this.isCanonical = false
    this.timeMs = seconds * 1000 + this.#fractionMs()
    return true
  }

  /** Writes `YYYY-MM-DDTHH:MM:SS[.fff…]Z` of the last time read, at most 30 bytes; returns the position after it. */
  write(target: Uint8Array, at: number): number {
    const dayMs = Math.floor(this.timeMs / DAY_MS) * DAY_MS
    if (dayMs !== this.#writtenDayMs) {
      this.#writtenDay = civilDay(dayMs / DAY_MS)
      this.#writtenDayMs = dayMs
    }
    const second = Math.floor((this.timeMs - dayMs) / 1000)
    const minute = Math.floor(second / 60)
    let i = writePadded(target, at, Math.floor(this.#writtenDay / 10_000), 4)
    i = writePair(target, i, DASH, Math.floor(this.#writtenDay / 100) % 100)
    i = writePair(target, i, DASH, this.#writtenDay % 100)
    i = writePair(target, i, LETTER_T, Math.floor(minute / 60))
    i = writePair(target, i, COLON, minute % 60)
    i = writePair(target, i, COLON, second % 60)
    if (this.#decimals > 0) {
      target[i] = 0x2e
      i = writePadded(target, i + 1, this.#fraction, this.#decimals)
    }
    target[i] = 0x5a
    return i + 1
  }

  /** Makes the day written in the ten bytes at `start` the current one, if it is one. */
  #readDay(view: DataView, start: number): boolean {
    const last = this.#dayText
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
    this.#dayMs = dayNumber(year, month, day) * DAY_MS
    last.setInt32(0, head, true)
    last.setInt32(4, middle, true)
    last.setInt32(6, tail, true)
    return true
  }

  /** Decimals, if any: the position after them, or −1 when they are none after the point, or more than 9. */
  #readFraction(view: DataView, at: number, end: number): number {
    this.#fraction = 0
    this.#decimals = 0
    const mark = at < end ? view.getUint8(at) : 0
    if (mark !== POINT && mark !== COMMA) return at
    let i = at + 1
    let fraction = 0
    while (i < end && isDigit(view.getUint8(i))) fraction = fraction * 10 + view.getUint8(i++) - 0x30
    let decimals = i - at - 1
    // `08:00:00, hello`: the comma belongs to the sentence.
    if (decimals === 0) return mark === COMMA ? at : -1
    if (decimals > 9) return -1
    if (mark === COMMA || decimals < 3) this.isCanonical = false
    for (; decimals < 3; decimals++) fraction *= 10
    this.#fraction = fraction
    this.#decimals = decimals
    return i
  }

  #fractionMs(): number {
    return Math.floor(this.#fraction / (POWERS_OF_TEN[this.#decimals - 3] ?? 1))
  }

  /** Moves `timeMs` by the offset from UTC, if one stands at `at`; returns the position after it. */
  #readOffset(view: DataView, at: number, end: number): number {
    const sign = at < end ? view.getUint8(at) : 0
    if (sign === 0x5a) return at + 1
    this.isCanonical = false
    if (sign === 0x7a) return at + 1
    const start = sign === 0x20 ? at + 1 : at
    if (start + 3 > end) return at
    const byte = view.getUint8(start)
    if (byte !== PLUS && byte !== DASH) return at
    const hours = twoDigits(view, start + 1)
    const minutesAt = start + 3 < end && view.getUint8(start + 3) === COLON ? start + 4 : start + 3
    const minutes = minutesAt + 2 <= end ? twoDigits(view, minutesAt) : NO_DIGITS
    const hasMinutes = minutes <= 59
    // After a blank, ` -5` may be anything; ` -0500` hardly.
    if (hours > 23 || (sign === 0x20 && !hasMinutes)) return at
    const offsetMs = (hours * 60 + (hasMinutes ? minutes : 0)) * 60_000
    this.timeMs += byte === PLUS ? -offsetMs : offsetMs
    return hasMinutes ? minutesAt + 2 : start + 3
  }
}

const PLUS = 0x2b
const COMMA = 0x2c
const DASH = 0x2d
const POINT = 0x2e
const COLON = 0x3a
const LETTER_T = 0x54
const POWERS_OF_TEN = [1, 10, 100, 1000, 1e4, 1e5, 1e6]

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** Beyond whatever two digits may be; not NaN, which would make doubles of all the numbers here. */
const NO_DIGITS = 0x4000

/** 0–99, or NO_DIGITS. */
function twoDigits(view: DataView, at: number): number {
  const tens = view.getUint8(at) - 0x30
  const ones = view.getUint8(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS
}

function writePair(target: Uint8Array, at: number, separator: number, value: number): number {
  target[at] = separator
  return writePadded(target, at + 1, value, 2)
}
