/** Values of logfmt: quoted as Go's strconv.Quote does it, or numbers. */
import { isDigit, isHexDigit, stringStop } from '../json-bytes.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_U = 0x75

/** Where a quoted value ends. */
export interface ClosingQuote {
  /** Position of the quote; `end` when there is none. */
  at: number
  isClosed: boolean
  /** What lies between the quotes may stand between those of a JSON string as it is. */
  isJson: boolean
}

/** Digits a double holds whatever they are. */
const MAX_DIGITS = 15

/** The quote that ends the value beginning at `start`, after its opening quote. Returns `found`, filled in. */
export function closingQuote(view: DataView, start: number, end: number, found: ClosingQuote): ClosingQuote {
  found.isJson = true
  let at = start
  for (;;) {
    at = stringStop(view, at, end)
    if (at >= end) break
    const byte = view.getUint8(at)
    if (byte === QUOTE) {
      found.at = at
      found.isClosed = true
      return found
    }
    if (byte !== BACKSLASH) {
      found.isJson = false
      at++
    } else if (at + 1 < end && isJsonEscape(view.getUint8(at + 1))) {
      at += 2
    } else {
      if (!isUnicodeEscape(view, at, end)) found.isJson = false
      at += 2
    }
  }
  found.at = end
  found.isClosed = false
  return found
}

/** `"`, `\`, `b`, `f`, `n`, `r`, `t`. */
function isJsonEscape(byte: number): boolean {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true
    default:
      return false
  }
}

/** `\u00e9`; surrogates are left to `unquote`, for half of a pair is no text. */
function isUnicodeEscape(view: DataView, at: number, end: number): boolean {
  if (at + 6 > end || view.getUint8(at + 1) !== LETTER_U) return false
  for (let i = at + 2; i < at + 6; i++) if (!isHexDigit(view.getUint8(i))) return false
  return (view.getUint8(at + 2) | 0x20) !== 0x64 || view.getUint8(at + 3) < 0x38
}

const ESCAPE =
  /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|((?:x[0-9a-fA-F]{2}(?:\\(?=x[0-9a-fA-F]{2}))?)+)|(["\\abfnrtv]))/g
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The text of what lies between two quotes. A backslash that escapes nothing stands for itself. */
export function unquote(text: string): string {
  return text.replace(ESCAPE, (whole, short?: string, long?: string, bytes?: string, letter?: string) => {
    if (bytes !== undefined) return Buffer.from(bytes.replace(/[\\x]/g, ''), 'hex').toString()
    if (letter !== undefined) return LETTERS[letter] ?? letter
    const code = Number.parseInt(short ?? long ?? '', 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** A JSON number that is the same when it is written again: no exponent, no needless zeros, at most 15 digits. */
export function isFaithfulNumber(view: DataView, start: number, end: number): boolean {
  let at = start
  if (at < end && view.getUint8(at) === 0x2d) at++
  const first = at
  while (at < end && isDigit(view.getUint8(at))) at++
  const count = at - first
  if (count === 0 || count > MAX_DIGITS) return false
  const startsWithZero = view.getUint8(first) === 0x30
  if (startsWithZero && (count > 1 || (at === end && first > start))) return false
  if (at === end) return true
  if (view.getUint8(at) !== 0x2e || at + 1 === end || end - first > MAX_DIGITS + 1) return false
  for (let i = at + 1; i < end; i++) if (!isDigit(view.getUint8(i))) return false
  return view.getUint8(end - 1) !== 0x30
}

/** `12ms`. */
export function isMilliseconds(view: DataView, start: number, end: number): boolean {
  return (
    end - start > 2 &&
    view.getUint8(end - 1) === 0x73 &&
    view.getUint8(end - 2) === 0x6d &&
    isFaithfulNumber(view, start, end - 2)
  )
}

/** `true` or `false`. */
export function isLiteral(view: DataView, start: number, end: number): boolean {
  const length = end - start
  if (length === 4) return view.getInt32(start) === 0x74727565
  return length === 5 && view.getInt32(start) === 0x66616c73 && view.getUint8(start + 4) === 0x65
}
