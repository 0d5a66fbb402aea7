/**
 * Reads the time of a record, in any form that programs write it, to the nanosecond. A reader is an object so that reading
 * allocates nothing: its fields tell about the last time read. Bytes only; text comes in through `readText`.
 *
 * RFC 3339 has a way of its own here, being what most lines have, and taken besides it are a blank for the `T`, a comma before
 * the decimals, offsets `+0200` and `+02`, a blank before an offset or the name of one, and no offset at all, which is taken for
 * the zone of the rules. The Common Log Format and RFC 3164 have entries of their own, all others are in time-forms.ts. Epoch
 * numbers are seconds, ms, µs or ns by magnitude.
 */
import { civilDay } from './calendar.ts'
import { writePadded } from './digits.ts'
import { isDigit } from './json-bytes.ts'
import { LastDay } from './last-day.ts'
import type { TimeRules } from './line.ts'
import { isMaybeHalfDay, twoDigits } from './time-bytes.ts'
import { TimeCompletion } from './time-completion.ts'
import { readEpochNumber } from './time-epoch.ts'
import { readForm, readSyslogForm } from './time-forms.ts'
import { TimeLayout } from './time-layout.ts'
import { TimeParts } from './time-parts.ts'
import { monthOfLetters } from './time-words.ts'

const DAY_MS = 86_400_000
/** Earlier than any log on a host in use; what says so is a clock without battery, or a number that is no time. */
const EARLIEST_MS = Date.UTC(1990, 0, 1)
/** `10/Oct/2000:13:55:36`, `Oct  9 22:33:20`, `2000-10-10T13:55:36`. */
const CLF_BYTES = 20
const SYSLOG_BYTES = 15
const RFC_3339_BYTES = 19
const LONGEST_TEXT = 64

/** Times without a zone are in UTC. */
export const UTC: TimeRules = { zone: 'UTC' }

export class TimestampReader {
  /** Wall time of the record's read, ms: what times without a year or a day are completed by. */
  readMs = 0
  /** ms since 1970, rounded down. */
  timeMs = 0
  /** The text read is already `YYYY-MM-DDTHH:MM:SS[.fff…]Z` with 3 to 9 decimals, and can be kept. */
  isCanonical = false
  /** Of the time read last the decimals count; the rest is for reading. */
  readonly #parts = new TimeParts()
  readonly #completion: TimeCompletion
  readonly #layout: TimeLayout | undefined
  readonly #day = new LastDay()
  readonly #clfDay = new LastDay()
  /** The day written last, in ms and as yyyymmdd. */
  #writtenDayMs = 0
  #writtenDay = 19700101
  readonly #scratch = new DataView(new ArrayBuffer(LONGEST_TEXT))

  /** @throws {RangeError} for a zone or a layout that the configuration's check refuses. */
  constructor(rules: TimeRules = UTC) {
    this.#completion = new TimeCompletion(rules.zone)
    this.#layout = rules.layout === undefined ? undefined : new TimeLayout(rules.layout)
  }

  /** Decimals of the second of the time read last: 0, or 3 to 9. */
  get decimals(): number {
    return this.#parts.decimals
  }

  /** Neither absurdly old nor in the future; a day of grace for clocks and zones. */
  isPlausible(readMs: number): boolean {
    return this.timeMs >= EARLIEST_MS && this.timeMs <= readMs + DAY_MS
  }

  /** The time in [start, end), all of it, in any of the forms, or an epoch number. */
  read(view: DataView, start: number, end: number): boolean {
    if (this.#layout !== undefined && this.#readLayout(this.#layout, view, start, end) === end) return true
    if (this.readPrefix(view, start, end) === end) return true
    // The form first: 14 digits that are a date are not ms of the year 2611.
    return this.#readForm(view, start, end) === end || this.readEpoch(view, start, end)
  }

  /**
   * A time in any of the textual forms that are known, or in the layout of the rules, at the beginning of [start, end): the
   * position after it, or −1.
   */
  readAny(view: DataView, start: number, end: number): number {
    if (this.#layout !== undefined) {
      const after = this.#readLayout(this.#layout, view, start, end)
      if (after >= 0) return after
    }
    const after = start < end && isDigit(view.getUint8(start)) ? this.readPrefix(view, start, end) : -1
    if (after < 0) return this.#readForm(view, start, end)
    if (this.isCanonical || after >= end) return after
    if (isDigit(view.getUint8(after))) return -1
    if (!isMaybeHalfDay(view, after, end)) return after
    // It may go on as another form: `2024-01-15 08:00:00 PM`.
    const longer = this.#readForm(view, start, end)
    return longer > after ? longer : this.readPrefix(view, start, end)
  }

  /** A time of the Common Log Format, `10/Oct/2000:13:55:36 -0700`, without its brackets: the position after it, or −1. */
  readClf(view: DataView, start: number, end: number): number {
    const at = start + CLF_BYTES
    if (at > end || view.getUint8(start + 14) !== COLON || view.getUint8(start + 17) !== COLON) return -1
    if (!this.#clfDay.readClf(view, start)) return -1
    const clockMs = clockMsAt(view, start + 12)
    if (clockMs < 0) return -1
    const parts = this.#parts
    const sign = at + 6 <= end && view.getUint8(at) === SPACE ? view.getUint8(at + 1) : 0
    if (sign === PLUS || sign === DASH) {
      // As the format has it; what follows is the general way.
      const hours = twoDigits(view, at + 2)
      const minutes = twoDigits(view, at + 4)
      if (hours > 23 || minutes > 59) return -1
      const offsetMs = (hours * 60 + minutes) * 60_000
      parts.fraction = 0
      parts.decimals = 0
      this.isCanonical = false
      this.timeMs = this.#clfDay.ms + clockMs + (sign === PLUS ? -offsetMs : offsetMs)
      return at + 6
    }
    const afterDecimals = parts.decimalsAfter(view, at, end)
    return afterDecimals < 0 ? -1 : this.#finish(this.#clfDay.ms + clockMs, parts.zone(view, afterDecimals, end))
  }

  /** A time of RFC 3164, `Oct  9 22:33:20`, perhaps with a year or decimals: the position after it, or −1. The year is inferred. */
  readSyslog(view: DataView, start: number, end: number): number {
    if (start + SYSLOG_BYTES > end || monthOfLetters(view, start) === 0 || view.getUint8(start + 3) !== 0x20) return -1
    const parts = this.#parts
    parts.clear()
    return this.#settle(readSyslogForm(parts, view, start, end))
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
    this.#parts.fraction = this.timeMs - Math.floor(this.timeMs / 1000) * 1000
    this.#parts.decimals = 3
    this.isCanonical = false
  }

  /** An RFC 3339 time at the beginning of [start, end): the position after it, or −1. */
  readPrefix(view: DataView, start: number, end: number): number {
    if (start + RFC_3339_BYTES > end || !this.#day.read(view, start)) return -1
    const separator = view.getUint8(start + 10)
    if (view.getUint8(start + 13) !== COLON || view.getUint8(start + 16) !== COLON) return -1
    if (separator !== LETTER_T && separator !== 0x20 && separator !== 0x74) return -1
    const clockMs = clockMsAt(view, start + 11)
    if (clockMs < 0) return -1
    const parts = this.#parts
    const at = parts.decimalsAfter(view, start + RFC_3339_BYTES, end)
    if (at < 0) return -1
    if (at < end && view.getUint8(at) === LETTER_Z) {
      this.timeMs = this.#day.ms + clockMs + parts.fractionMs
      // A leap second is another moment than it says.
      this.isCanonical = separator === LETTER_T && parts.isFractionCanonical && view.getUint8(start + 17) !== 0x36
      return at + 1
    }
    return this.#finish(this.#day.ms + clockMs, parts.zone(view, at, end))
  }

  /** A number of seconds, ms, µs or ns since 1970: 1 to 20 digits, perhaps decimals. */
  readEpoch(view: DataView, start: number, end: number): boolean {
    const seconds = readEpochNumber(this.#parts, view, start, end)
    if (seconds < 0) return false
    this.isCanonical = false
    this.timeMs = seconds * 1000 + this.#parts.fractionMs
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
    if (this.#parts.decimals > 0) {
      target[i] = 0x2e
      i = writePadded(target, i + 1, this.#parts.fraction, this.#parts.decimals)
    }
    target[i] = 0x5a
    return i + 1
  }

  /** The time is `localMs` and the decimals and the offset of the parts; returns `after`. */
  #finish(localMs: number, after: number): number {
    const parts = this.#parts
    this.isCanonical = false
    this.timeMs = this.#completion.utcMs(parts, localMs + parts.fractionMs)
    return after
  }

  #readForm(view: DataView, start: number, end: number): number {
    return this.#settle(readForm(this.#parts, view, start, end))
  }

  #readLayout(layout: TimeLayout, view: DataView, start: number, end: number): number {
    this.#parts.clear()
    return this.#settle(layout.read(this.#parts, view, start, end))
  }

  /** Takes the time from the parts that were read up to `after`, if it is one; returns `after`, or −1. */
  #settle(after: number): number {
    const parts = this.#parts
    if (after < 0 || !this.#completion.complete(parts, this.readMs)) return -1
    this.isCanonical = false
    this.timeMs = this.#completion.timeMs
    return after
  }
}

const SPACE = 0x20
const PLUS = 0x2b
const DASH = 0x2d
const COLON = 0x3a
const LETTER_T = 0x54
const LETTER_Z = 0x5a

/** ms of `08:00:00` whose digits begin at `at`, or −1. Second 60 is a leap second: the first moment of what follows. */
function clockMsAt(view: DataView, at: number): number {
  const hour = twoDigits(view, at)
  const minute = twoDigits(view, at + 3)
  const second = twoDigits(view, at + 6)
  return hour > 23 || minute > 59 || second > 60 ? -1 : ((hour * 60 + minute) * 60 + second) * 1000
}

function writePair(target: Uint8Array, at: number, separator: number, value: number): number {
  target[at] = separator
  return writePadded(target, at + 1, value, 2)
}
