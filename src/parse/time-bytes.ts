/** What single bytes of a time are, and the short runs between its parts. Nothing that is told an `end` reads past it. */
import { isDigit } from './json-bytes.ts'

/** Beyond whatever two digits may be; not NaN, which would make doubles of all the numbers here. */
export const NO_DIGITS = 0x4000

/** More digits in a row than any date has. */
const MAX_DIGITS = 18
const SPACE = 0x20
const COMMA = 0x2c
const DASH = 0x2d
const POINT = 0x2e
const SLASH = 0x2f
const COLON = 0x3a
const UNDERSCORE = 0x5f

/** 0–99, or NO_DIGITS. */
export function twoDigits(view: DataView, at: number): number {
  const tens = view.getUint8(at) - 0x30
  const ones = view.getUint8(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS
}

export function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Letters, digits, `_`, and bytes of other scripts. */
export function isWordByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === 0x5f || byte >= 0x80
}

/** A blank, also the narrow or the ordinary one that does not break (Java 20 and later write it before AM). */
export function skipOneBlank(view: DataView, at: number, end: number): number {
  if (at >= end) return at
  const byte = view.getUint8(at)
  if (byte === SPACE) return at + 1
  if (byte === 0xc2 && at + 1 < end && view.getUint8(at + 1) === 0xa0) return at + 2
  const isNarrow = byte === 0xe2 && at + 2 < end && view.getUint8(at + 1) === 0x80 && view.getUint8(at + 2) === 0xaf
  return isNarrow ? at + 3 : at
}

/** Whether AM or PM may stand at `at`: a blank or not, and an M for its second letter. */
export function isMaybeHalfDay(view: DataView, at: number, end: number): boolean {
  const byte = view.getUint8(at)
  const letterAt = byte === SPACE ? at + 1 : at
  return byte >= 0x80 || (letterAt + 1 < end && (view.getUint8(letterAt + 1) | 0x20) === 0x6d)
}

/** The end, a blank, or a closing bracket. */
export function isEnd(view: DataView, at: number, end: number): boolean {
  if (at >= end) return true
  const byte = view.getUint8(at)
  return byte === SPACE || byte === 0x5d || byte === 0x29
}

/** What stands between date and time: `T`, `-`, `_`, `:`, a tab, or blanks after perhaps a comma. The position after it, or −1. */
export function skipGap(view: DataView, at: number, end: number): number {
  if (at >= end) return -1
  const byte = view.getUint8(at)
  if (byte === 0x09 || byte === 0x54 || byte === 0x74 || byte === DASH || byte === UNDERSCORE || byte === COLON)
    return at + 1
  const start = byte === COMMA ? at + 1 : at
  const after = skipBlanks(view, start, end)
  // `01/15/24,08:00:00`: Windows' DHCP server.
  return after > at && after < end ? after : -1
}

/** Two digits of a year: 69–99 are of the last century, as POSIX has it. */
export function fullYear(year: number): number {
  return year >= 69 ? 1900 + year : 2000 + year
}

export function isDateSeparator(byte: number): boolean {
  return byte === SLASH || byte === DASH || byte === POINT
}

export function digitCount(view: DataView, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_DIGITS)
  let i = start
  while (i < limit && isDigit(view.getUint8(i))) i++
  return i - start
}

export function skipLetters(view: DataView, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_DIGITS)
  let i = start
  while (i < limit && isLetter(view.getUint8(i))) i++
  return i
}

/** At most three, and tabs are none: a date and its time stand together. */
export function skipBlanks(view: DataView, start: number, end: number): number {
  const limit = Math.min(end, start + 3)
  let i = start
  while (i < limit && view.getUint8(i) === SPACE) i++
  return i
}
