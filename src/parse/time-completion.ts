/**
 * From the parts of a time to a moment: what was not said is completed by the zone of the source and by the time at which the
 * record was read.
 */
import { civilDay, dayNumber, daysOfMonth, daysOfYear } from './calendar.ts'
import type { TimeParts } from './time-parts.ts'
import { Zone } from './zone.ts'

const DAY_MS = 86_400_000
/** How much the clock that wrote a line may be ahead of ours. */
const CLOCK_SKEW_MS = 3_600_000
/** February 29 may be missing for eight years in a row (1896 to 1904). */
const YEARS_BACK = 9

export class TimeCompletion {
  /** ms since 1970, rounded down, after `complete`. */
  timeMs = 0
  readonly #zone: Zone
  /** The day read last, as a number that tells days apart, and in ms. */
  #dayKey = -1
  #dayMs = 0
  /** The day of the reading, and its date as yyyymmdd. */
  #readDay = 0
  #readDate = 19700101

  /** @throws {RangeError} for a zone that does not exist. */
  constructor(zone: string) {
    this.#zone = new Zone(zone)
  }

  /** False: there is no such day. */
  complete(parts: TimeParts, readMs: number): boolean {
    if (parts.month < 0 && parts.dayOfYear === 0) return this.#completeDay(parts, readMs)
    if (parts.year < 0) return this.#completeYear(parts, readMs)
    if (!this.#place(parts)) return false
    // Written either way: the day first when that is about now and the other is not, as for a file that is being written.
    if (parts.isOrderOpen && !parts.isHalfDay && !this.#isAboutNow(readMs)) {
      const monthFirstMs = this.timeMs
      swapMonthAndDay(parts)
      if (!this.#place(parts) || !this.#isAboutNow(readMs)) this.timeMs = monthFirstMs
    }
    return true
  }

  /**
   * The latest year in which the day exists and the time is not more than a day after the reading: `Dec 31` read on January 1
   * is last year's, and `Jan 1` read on December 31 is next year's, by a clock that is ahead.
   */
  #completeYear(parts: TimeParts, readMs: number): boolean {
    const date = this.#dateOf(readMs)
    const thisYear = Math.floor(date / 10_000)
    // Only in January can next year's be due.
    let year = parts.month === 1 || parts.dayOfYear === 1 ? thisYear + 1 : thisYear
    for (const oldest = year - YEARS_BACK; year >= oldest; year--) {
      parts.year = year
      if (this.#place(parts) && this.timeMs <= readMs + DAY_MS) return true
    }
    return false
  }

  /** A clock alone, which only a layout may ask for: the latest day on which it is not ahead of the reading. */
  #completeDay(parts: TimeParts, readMs: number): boolean {
    const tomorrowMs = (Math.floor(readMs / DAY_MS) + 1) * DAY_MS
    for (let days = 0; days < 4; days++) {
      this.timeMs = this.utcMs(parts, tomorrowMs - days * DAY_MS + parts.clockMs)
      if (this.timeMs <= readMs + CLOCK_SKEW_MS) return true
    }
    return false
  }

  /** Sets `timeMs` from a date that is whole. */
  #place(parts: TimeParts): boolean {
    const { year, month, day, dayOfYear } = parts
    // Beyond these, days would share a key.
    if (year > 9999 || month > 12 || day > 31 || dayOfYear > 366) return false
    const key = ((year * 16 + month) * 32 + day) * 512 + dayOfYear
    if (key !== this.#dayKey) {
      if (dayOfYear > 0) {
        if (dayOfYear > daysOfYear(year)) return false
        this.#dayMs = (dayNumber(year, 1, 1) + dayOfYear - 1) * DAY_MS
      } else {
        if (day < 1 || day > daysOfMonth(year, month)) return false
        this.#dayMs = dayNumber(year, month, day) * DAY_MS
      }
      this.#dayKey = key
    }
    this.timeMs = this.utcMs(parts, this.#dayMs + parts.clockMs)
    return true
  }

  /** The moment at which clocks show `localMs`: by the offset of the parts, or in the source's zone. */
  utcMs(parts: TimeParts, localMs: number): number {
    if (!parts.hasOffset) return this.#zone.utcMs(localMs)
    return localMs - (parts.offsets === undefined ? parts.offsetMs : this.#offsetOf(parts.offsets, localMs))
  }

  /** Of the offsets an abbreviation may mean, the one the source's zone has then; else the first. */
  #offsetOf(offsets: readonly number[], localMs: number): number {
    const own = localMs - this.#zone.utcMs(localMs)
    return offsets.includes(own) ? own : (offsets[0] ?? 0)
  }

  #isAboutNow(readMs: number): boolean {
    return Math.abs(this.timeMs - readMs) <= 2 * DAY_MS
  }

  /** The date of a moment, as yyyymmdd. */
  #dateOf(ms: number): number {
    const day = Math.floor(ms / DAY_MS)
    if (day !== this.#readDay) {
      this.#readDay = day
      this.#readDate = civilDay(day)
    }
    return this.#readDate
  }
}

function swapMonthAndDay(parts: TimeParts): void {
  const { month, day } = parts
  parts.month = day
  parts.day = month
}
