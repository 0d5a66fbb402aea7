/** Forms of a time whose date is digits without marks between them; see time-forms.ts. */
import { isDigit } from './json-bytes.ts'
import { digitCount, fullYear, NO_DIGITS, skipBlanks, skipGap, twoDigits } from './time-bytes.ts'
import type { TimeParts } from './time-parts.ts'

const COLON = 0x3a

/** `081109 203615` and `240115  8:00:00`: yyMMdd. */
export function afterSixDigits(parts: TimeParts, view: DataView, start: number, end: number): number {
  parts.year = fullYear(twoDigits(view, start))
  parts.month = twoDigits(view, start + 2)
  parts.day = twoDigits(view, start + 4)
  const at = skipBlanks(view, start + 6, end)
  if (at === start + 6) return -1
  if (digitCount(view, at, end) === 6) return parts.packedClock(view, at, end)
  const after = parts.clock(view, at, end)
  return after < 0 ? -1 : parts.zone(view, after, end)
}

/** `20240115T080000Z`, `20240115 08:00:00.123`, and `20171223-22:5:29:606` with milliseconds after a colon. */
export function afterEightDigits(parts: TimeParts, view: DataView, start: number, end: number): number {
  setPackedDate(parts, view, start)
  const at = skipGap(view, start + 8, end)
  if (at < 0) return -1
  let i = digitCount(view, at, end) === 6 ? parts.packedClock(view, at, end) : parts.clock(view, at, end)
  if (i < 0) return -1
  if (parts.decimals === 0 && i + 1 < end && view.getUint8(i) === COLON && isDigit(view.getUint8(i + 1))) {
    // A number of milliseconds, not decimals: `:6` is .006.
    i = parts.digits(view, i + 1, Math.min(end, i + 4))
    parts.fraction = parts.value
    parts.decimals = 3
  }
  return parts.zone(view, i, end)
}

/** `20240115080000`, and with milliseconds `20240115080000123`. */
export function afterFourteenDigits(parts: TimeParts, view: DataView, start: number, end: number): number {
  setPackedDate(parts, view, start)
  const after = parts.packedClock(view, start + 8, end)
  if (after !== start + 14 || after === end || !isDigit(view.getUint8(after))) {
    return after < 0 ? -1 : parts.zone(view, after, end)
  }
  parts.digits(view, after, after + 3)
  parts.fraction = parts.value
  parts.decimals = 3
  return parts.zone(view, after + 3, end)
}

function setPackedDate(parts: TimeParts, view: DataView, start: number): void {
  const year = twoDigits(view, start) * 100 + twoDigits(view, start + 2)
  // Numbers of eight or more digits are many things; times before are implausible anyway.
  parts.year = year >= 1970 && year < 2100 ? year : NO_DIGITS
  parts.month = twoDigits(view, start + 4)
  parts.day = twoDigits(view, start + 6)
}
