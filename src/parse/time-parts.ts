/**
 * A time while it is read: the parts found so far, and the small readers for one part each that all forms are made of. Every
 * reader takes bytes from `at` on, never beyond `end`, and returns the position after what it took, or −1.
 */
import { isDigit } from './json-bytes.ts'
import { isEnd, isWordByte, NO_DIGITS, skipOneBlank, twoDigits } from './time-bytes.ts'
import { ZONE_OFFSETS, zoneKey } from './zone-names.ts'

const POWERS_OF_TEN = [1, 10, 100, 1000, 1e4, 1e5, 1e6]
const HOUR_MS = 3_600_000
const MAX_ZONE_LETTERS = 5

const SPACE = 0x20
const PLUS = 0x2b
const COMMA = 0x2c
const DASH = 0x2d
const POINT = 0x2e
const COLON = 0x3a

export class TimeParts {
  /** −1: not said. */
  year = -1
  /** 1–12; −1: not said. */
  month = -1
  day = 0
  /** 1–366 instead of month and day, or 0. */
  dayOfYear = 0
  hour = 0
  minute = 0
  second = 0
  /** Decimals of the second as one number, and how many they are: 0, or 3 to 9. */
  fraction = 0
  decimals = 0
  hasSeconds = false
  /** AM or PM was said. */
  isHalfDay = false
  /** Month and day may be the other way round. */
  isOrderOpen = false
  /** The decimals are three or more, after a point. */
  isFractionCanonical = true
  /** What was said about the zone: ms to subtract, if anything. */
  hasOffset = false
  offsetMs = 0
  /** An abbreviation that means several offsets: `offsetMs` is the first of these. */
  offsets: readonly number[] | undefined = undefined
  /** The number read last by `digits`. */
  value = 0

  clear(): void {
    this.year = -1
    this.month = -1
    this.day = 0
    this.dayOfYear = 0
    this.hour = 0
    this.minute = 0
    this.second = 0
    this.hasSeconds = false
    this.isHalfDay = false
    this.isOrderOpen = false
    this.fraction = 0
    this.decimals = 0
    this.hasOffset = false
    this.offsetMs = 0
    this.offsets = undefined
  }

  get fractionMs(): number {
    return this.decimals <= 3 ? this.fraction : Math.floor(this.fraction / (POWERS_OF_TEN[this.decimals - 3] ?? 1))
  }

  get clockMs(): number {
    return ((this.hour * 60 + this.minute) * 60 + this.second) * 1000 + this.fractionMs
  }

  /** The month and the day, in this order unless the first is beyond 12. */
  setMonthAndDay(first: number, second: number): void {
    this.month = first > 12 ? second : first
    this.day = first > 12 ? first : second
  }

  /** One digit at least, all there are before `end`, into `value`. */
  digits(view: DataView, at: number, end: number): number {
    let value = 0
    let i = at
    for (; i < end; i++) {
      const digit = view.getUint8(i) - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    this.value = value
    return i === at ? -1 : i
  }

  /** One or two digits into `value`; a third must not follow. */
  short(view: DataView, at: number, end: number): number {
    const after = this.digits(view, at, Math.min(end, at + 3))
    return after > at + 2 ? -1 : after
  }

  /**
   * `08:00:00`, `8:00:00`, `08.00.00`, or `08:00`; decimals; AM or PM. Second 60 is a leap second: the first moment of what
   * follows.
   */
  clock(view: DataView, at: number, end: number): number {
    const afterHour = this.short(view, at, end)
    if (afterHour < 0 || afterHour + 2 > end) return -1
    this.hour = this.value
    const separator = view.getUint8(afterHour)
    if (separator !== COLON && separator !== POINT) return -1
    const afterMinute = this.short(view, afterHour + 1, end)
    if (afterMinute < 0) return -1
    this.minute = this.value
    this.second = 0
    this.hasSeconds = false
    let i = afterMinute
    if (i < end && view.getUint8(i) === separator) {
      i = this.short(view, i + 1, end)
      if (i < 0) return -1
      this.second = this.value
      this.hasSeconds = true
    } else if (separator === POINT) return -1
    if (this.hour > 23 || this.minute > 59 || this.second > 60) return -1
    i = this.decimalsAfter(view, i, end)
    return i < 0 ? -1 : this.meridiem(view, i, end)
  }

  /** `080000`, and decimals. */
  packedClock(view: DataView, at: number, end: number): number {
    if (at + 6 > end) return -1
    this.hour = twoDigits(view, at)
    this.minute = twoDigits(view, at + 2)
    this.second = twoDigits(view, at + 4)
    this.hasSeconds = true
    if (this.hour > 23 || this.minute > 59 || this.second > 60) return -1
    return this.decimalsAfter(view, at + 6, end)
  }

  /**
   * Decimals, if any, after a point, a comma or (three of them) a colon. −1 when there are none after the point, or more
   * than 9.
   */
  decimalsAfter(view: DataView, at: number, end: number): number {
    this.fraction = 0
    this.decimals = 0
    this.isFractionCanonical = true
    const mark = at < end ? view.getUint8(at) : 0
    if (mark !== POINT && mark !== COMMA && mark !== COLON) return at
    let i = at + 1
    let fraction = 0
    while (i < end && isDigit(view.getUint8(i))) fraction = fraction * 10 + view.getUint8(i++) - 0x30
    let decimals = i - at - 1
    if (mark === COLON && (decimals !== 3 || (i < end && view.getUint8(i) === COLON))) return at
    // `08:00:00, hello`: the comma belongs to the sentence.
    if (decimals === 0) return mark === COMMA ? at : -1
    if (decimals > 9) return -1
    this.isFractionCanonical = mark === POINT && decimals >= 3
    for (; decimals < 3; decimals++) fraction *= 10
    this.fraction = fraction
    this.decimals = decimals
    return i
  }

  /** AM or PM, if it stands at `at` or after a blank, and turns the hour to one of 24. */
  meridiem(view: DataView, at: number, end: number): number {
    const start = skipOneBlank(view, at, end)
    if (start + 2 > end || (view.getUint8(start + 1) | 0x20) !== 0x6d) return at
    const half = view.getUint8(start) | 0x20
    if (half !== 0x61 && half !== 0x70) return at
    if (start + 2 < end && isWordByte(view.getUint8(start + 2))) return at
    if (this.hour < 1 || this.hour > 12) return -1
    this.isHalfDay = true
    this.hour = (this.hour % 12) + (half === 0x70 ? 12 : 0)
    return start + 2
  }

  /**
   * What is said about the zone, if anything: `Z`, `+02:00`, `+0200`, `+02`; after a blank `+0200`, `-03`, or a known
   * abbreviation, which may also follow an offset (`+0000 UTC`).
   */
  zone(view: DataView, at: number, end: number): number {
    this.hasOffset = false
    this.offsetMs = 0
    this.offsets = undefined
    if (at >= end) return at
    const sign = view.getUint8(at)
    if (sign === 0x5a || sign === 0x7a) {
      this.hasOffset = true
      return at + 1
    }
    if (sign === PLUS || sign === DASH) return this.#offset(view, at, end)
    if (sign !== SPACE || at + 3 >= end) return at
    const byte = view.getUint8(at + 1)
    if (byte !== PLUS && byte !== DASH) return this.zoneName(view, at, end)
    const after = this.#offset(view, at + 1, end)
    if (after === at + 1) return at
    // After a blank, ` -5` may be anything; ` -0500` hardly, and ` -03` only where something else ends it.
    if (
      after === at + 4 &&
      !(this.offsetMs <= 14 * HOUR_MS && this.offsetMs >= -14 * HOUR_MS && isEnd(view, after, end))
    ) {
      this.hasOffset = false
      return at
    }
    return this.#nameAfterOffset(view, after, end)
  }

  /** A blank and a known abbreviation in capitals, or `at`. */
  zoneName(view: DataView, at: number, end: number): number {
    if (at >= end || view.getUint8(at) !== SPACE) return at
    const after = this.abbreviation(view, at + 1, end)
    return after < 0 ? at : after
  }

  /** A known abbreviation of a zone in capitals, as a word. */
  abbreviation(view: DataView, at: number, end: number): number {
    let key = 0
    let i = at
    const limit = Math.min(end, i + MAX_ZONE_LETTERS)
    for (; i < limit; i++) {
      const byte = view.getUint8(i)
      if (byte < 0x41 || byte > 0x5a) break
      key = zoneKey(key, byte)
    }
    if (i - at < 3 || (i < end && isWordByte(view.getUint8(i)))) return -1
    const offsets = ZONE_OFFSETS.get(key)
    if (offsets === undefined) return -1
    this.hasOffset = true
    this.offsetMs = offsets[0] ?? 0
    this.offsets = offsets.length > 1 ? offsets : undefined
    return i
  }

  #nameAfterOffset(view: DataView, at: number, end: number): number {
    const { offsetMs } = this
    const after = this.zoneName(view, at, end)
    this.offsetMs = offsetMs
    this.offsets = undefined
    return after
  }

  /** The offset whose sign stands at `at`, or `at`. */
  #offset(view: DataView, at: number, end: number): number {
    if (at + 3 > end) return at
    const hours = twoDigits(view, at + 1)
    if (hours > 23) return at
    const minutesAt = at + 3 < end && view.getUint8(at + 3) === COLON ? at + 4 : at + 3
    const minutes = minutesAt + 2 <= end ? twoDigits(view, minutesAt) : NO_DIGITS
    const hasMinutes = minutes <= 59
    const offsetMs = (hours * 60 + (hasMinutes ? minutes : 0)) * 60_000
    this.hasOffset = true
    this.offsetMs = view.getUint8(at) === PLUS ? offsetMs : -offsetMs
    return hasMinutes ? minutesAt + 2 : at + 3
  }
}
