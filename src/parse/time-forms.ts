/**
 * The textual forms of a time that programs write besides RFC 3339, told apart by their first bytes: how many digits there
 * are and what follows them, or a name. Each reader fills in the parts and returns the position after the time, or −1; whether
 * the day exists is seen later. A time needs a date: `08:00:00` alone is none.
 *
 * Dates that read either way (`03/04/2024`) are left open; TimeCompletion decides. With points (`03.04.2024`) the day is first.
 */
import { isDigit } from './json-bytes.ts'
import { digitCount, fullYear, isDateSeparator, isLetter, skipBlanks, skipGap, skipLetters } from './time-bytes.ts'
import { afterEightDigits, afterFourteenDigits, afterSixDigits } from './time-packed.ts'
import type { TimeParts } from './time-parts.ts'
import { isNameLikely, isWeekday, monthOf, monthOfLetters } from './time-words.ts'

const SPACE = 0x20
const COMMA = 0x2c
const POINT = 0x2e
const COLON = 0x3a

/** How many digits a date may begin with, as bits. */
const DATE_LENGTHS = (1 << 1) | (1 << 2) | (1 << 4) | (1 << 6) | (1 << 8) | (1 << 14) | (1 << 17)

/** Reads any form. */
export function readForm(parts: TimeParts, view: DataView, start: number, end: number): number {
  const count = digitCount(view, start, end)
  if (count > 0 ? ((DATE_LENGTHS >> count) & 1) === 0 : !isNameLikely(view, start, end)) return -1
  parts.clear()
  const after = count > 0 ? afterDigits(parts, view, start, end) : afterName(parts, view, start, end)
  if (after < 0 || (after < end && isDigit(view.getUint8(after)))) return -1
  // `May 10 10:30` may be anything.
  return parts.year < 0 && !parts.hasSeconds ? -1 : after
}

/** RFC 3164 alone: `Oct  9 22:33:20.123456`, `Oct 11 2000 22:14:15`. `parts` must be clear. */
export function readSyslogForm(parts: TimeParts, view: DataView, start: number, end: number): number {
  const dayAt = start + 4
  const at = view.getUint8(dayAt) === SPACE ? dayAt + 1 : dayAt
  parts.month = monthOfLetters(view, start)
  let i = parts.short(view, at, end)
  if (i < 0 || i >= end || view.getUint8(i) !== SPACE) return -1
  parts.day = parts.value
  i++
  if (digitCount(view, i, end) === 4 && i + 5 < end && view.getUint8(i + 4) === SPACE) {
    parts.digits(view, i, i + 4)
    parts.year = parts.value
    i += 5
  }
  const after = parts.clock(view, i, end)
  return after < 0 || !parts.hasSeconds ? -1 : zoneAfterSyslog(parts, view, after, end)
}

/** An offset, or a name with a colon after it, as Cisco's devices write it: without one it is a host's. */
function zoneAfterSyslog(parts: TimeParts, view: DataView, at: number, end: number): number {
  const after = parts.zone(view, at, end)
  const isName = after > at + 1 && isLetter(view.getUint8(at + 1))
  if (!isName || (after < end && view.getUint8(after) === COLON)) return after
  parts.hasOffset = false
  return at
}

/** `Mon, 15 Jan 2024 08:00:00 +0000`, `Wed Oct 11 14:32:52.123456 2000`, `Oct  9 22:33:20`, `Jan 15, 2024 8:00:00 AM`. */
function afterName(parts: TimeParts, view: DataView, start: number, end: number): number {
  const after = skipLetters(view, start, end)
  if (isWeekday(view, start, after)) {
    let i = after
    if (i < end && (view.getUint8(i) === COMMA || view.getUint8(i) === POINT)) i++
    const at = skipBlanks(view, i, end)
    if (at === i || at >= end) return -1
    if (isDigit(view.getUint8(at))) return afterDigits(parts, view, at, end)
    return afterMonth(parts, view, at, end)
  }
  return afterMonth(parts, view, start, end)
}

/** A time whose first word is the month: `Oct  9 22:33:20`, with the year after the day, after the time, or nowhere. */
function afterMonth(parts: TimeParts, view: DataView, start: number, end: number): number {
  const afterWord = skipLetters(view, start, end)
  parts.month = monthOf(view, start, afterWord)
  if (parts.month === 0) return -1
  const afterDot = afterWord < end && view.getUint8(afterWord) === POINT ? afterWord + 1 : afterWord
  const dayAt = skipBlanks(view, afterDot, end)
  if (dayAt === afterDot) return -1
  let i = parts.short(view, dayAt, end)
  if (i < 0) return -1
  parts.day = parts.value
  if (i < end && view.getUint8(i) === COMMA) i++
  let at = skipBlanks(view, i, end)
  if (at === i) return -1
  if (digitCount(view, at, end) === 4) {
    parts.digits(view, at, end)
    parts.year = parts.value
    i = skipGap(view, at + 4, end)
    at = i < 0 ? at : i
    if (i < 0) return -1
  }
  i = parts.clock(view, at, end)
  if (i < 0) return -1
  return parts.year < 0 ? yearAfterClock(parts, view, i, end) : parts.zone(view, i, end)
}

/** The rest of a time without a year: `Oct 11 14:32:52 2000`, `Wed Oct 11 14:32:52 CEST 2000`, or nothing more. */
function yearAfterClock(parts: TimeParts, view: DataView, at: number, end: number): number {
  const afterZone = parts.zone(view, at, end)
  const yearAt = skipBlanks(view, afterZone, end)
  if (yearAt > afterZone && digitCount(view, yearAt, end) === 4) {
    parts.digits(view, yearAt, end)
    // Else it is something else: a process, a host.
    if (parts.value >= 1970 && parts.value < 2100) {
      parts.year = parts.value
      return afterZone > at ? yearAt + 4 : parts.zone(view, yearAt + 4, end)
    }
  }
  return zoneAfterSyslog(parts, view, at, end)
}

function afterDigits(parts: TimeParts, view: DataView, start: number, end: number): number {
  switch (digitCount(view, start, end)) {
    case 1:
    case 2:
      return afterShort(parts, view, start, end)
    case 4:
      return afterYear(parts, view, start, end)
    case 6:
      return afterSixDigits(parts, view, start, end)
    case 8:
      return afterEightDigits(parts, view, start, end)
    case 14:
    case 17:
      return afterFourteenDigits(parts, view, start, end)
    default:
      return -1
  }
}

/** `2006/01/02 15:04:05.000000`, `2024 Jan 15 08:00:00`, `2024.1.5 8:00:00`, `2005-06-03-15.42.50.675872`. */
function afterYear(parts: TimeParts, view: DataView, start: number, end: number): number {
  const afterDigits = start + 4
  if (afterDigits + 2 >= end) return -1
  const separator = view.getUint8(afterDigits)
  if (!isDateSeparator(separator) && separator !== SPACE) return -1
  parts.digits(view, start, afterDigits)
  parts.year = parts.value
  let i = afterDigits + 1
  if (isLetter(view.getUint8(i))) {
    const afterWord = skipLetters(view, i, end)
    parts.month = monthOf(view, i, afterWord)
    i = afterWord
  } else if (separator !== SPACE) {
    i = parts.short(view, i, end)
    parts.month = parts.value
  } else return -1
  if (i < 0 || parts.month === 0 || i >= end || view.getUint8(i) !== separator) return -1
  i = parts.short(view, separator === SPACE ? skipBlanks(view, i, end) : i + 1, end)
  if (i < 0) return -1
  parts.day = parts.value
  return clockAfterDate(parts, view, i, end)
}

/** A date that begins with one or two digits. */
function afterShort(parts: TimeParts, view: DataView, start: number, end: number): number {
  const afterFirst = parts.short(view, start, end)
  const first = parts.value
  const separator = afterFirst + 1 < end ? view.getUint8(afterFirst) : 0
  const at = separator === SPACE ? skipBlanks(view, afterFirst, end) : afterFirst + 1
  if ((separator !== SPACE && !isDateSeparator(separator)) || at >= end) return -1
  if (isLetter(view.getUint8(at))) {
    parts.day = first
    return afterDayAndMonth(parts, view, at, end)
  }
  return separator === SPACE ? -1 : afterTwoNumbers(parts, view, { first, separator, at, end })
}

/** `10/Oct/2000:13:55:36 -0700`, `15-Jan-2024 08:00:00.123`, `01 Jan 2024 12:00:00.000`, `01 Jan 12:00:00`. */
function afterDayAndMonth(parts: TimeParts, view: DataView, at: number, end: number): number {
  const separator = view.getUint8(at - 1)
  const afterWord = skipLetters(view, at, end)
  parts.month = monthOf(view, at, afterWord)
  if (parts.month === 0 || afterWord >= end || view.getUint8(afterWord) !== separator) return -1
  const yearAt = separator === SPACE ? skipBlanks(view, afterWord, end) : afterWord + 1
  const count = digitCount(view, yearAt, end)
  if (count === 4 || (count === 2 && separator !== SPACE)) {
    parts.digits(view, yearAt, end)
    parts.year = count === 4 ? parts.value : fullYear(parts.value)
    return clockAfterDate(parts, view, yearAt + count, end)
  }
  // Without a year: `01 Jan 12:00:00`.
  if (separator !== SPACE) return -1
  const after = parts.clock(view, yearAt, end)
  return after < 0 ? -1 : yearAfterClock(parts, view, after, end)
}

/** The second of two or three numbers of a date begins at `at`. */
function afterTwoNumbers(
  parts: TimeParts,
  view: DataView,
  { first, separator, at, end }: { first: number; separator: number; at: number; end: number },
): number {
  const afterSecond = parts.short(view, at, end)
  const second = parts.value
  if (afterSecond < 0 || afterSecond >= end) return -1
  if (view.getUint8(afterSecond) !== separator) {
    // No year: Android's `03-17 16:13:38.811`, `10.30 16:49:06`.
    parts.setMonthAndDay(first, second)
    return clockAfterDate(parts, view, afterSecond, end)
  }
  const count = digitCount(view, afterSecond + 1, end)
  if (count !== 4 && count !== 2) return -1
  parts.digits(view, afterSecond + 1, end)
  const third = parts.value
  if (count === 2 && separator !== POINT && second <= 12 && third <= 31) {
    // log4j's `yy/MM/dd`.
    parts.year = fullYear(first)
    parts.month = second
    parts.day = third
  } else {
    parts.year = count === 4 ? third : fullYear(third)
    if (separator === POINT) {
      parts.month = second
      parts.day = first
    } else {
      parts.setMonthAndDay(first, second)
      parts.isOrderOpen = first <= 12 && second <= 12
    }
  }
  return clockAfterDate(parts, view, afterSecond + 1 + count, end)
}

function clockAfterDate(parts: TimeParts, view: DataView, at: number, end: number): number {
  const clockAt = skipGap(view, at, end)
  if (clockAt < 0) return -1
  const after = parts.clock(view, clockAt, end)
  return after < 0 ? -1 : parts.zone(view, after, end)
}
