/** What an escape in a JSON string stands for. Nothing reads past `end`. */
import { isHexDigit } from './json-bytes.ts'

/** `\u` */
const BEGIN = 0x5c75
const REPLACEMENT = 0xfffd

/** The byte a backslash and `letter` stand for, or −1; `u` is none of these. */
export function escapedByte(letter: number): number {
  switch (letter) {
    case 0x22:
    case 0x2f:
    case 0x5c:
      return letter
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return -1
  }
}

/**
 * The character of the `\uXXXX` whose backslash stands at `at`, or −1. Two that are a surrogate pair are one, so above U+FFFF
 * it was 12 bytes, else 6; half of a pair becomes U+FFFD.
 */
export function escapedCode(view: DataView, at: number, end: number): number {
  const code = hexAt(view, at + 2, end)
  if (code < 0xd800 || code > 0xdfff) return code
  if (code > 0xdbff || at + 12 > end || view.getUint16(at + 6) !== BEGIN) return REPLACEMENT
  const low = hexAt(view, at + 8, end)
  return low < 0xdc00 || low > 0xdfff ? REPLACEMENT : 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00
}

/** Writes a character as UTF-8; the position after it. An escape is never shorter than that. */
export function writeUtf8(target: Buffer, at: number, code: number): number {
  let i = at
  if (code < 0x80) {
    target[i++] = code
    return i
  }
  if (code < 0x800) {
    target[i++] = 0xc0 | (code >> 6)
  } else {
    if (code < 0x10000) target[i++] = 0xe0 | (code >> 12)
    else {
      target[i++] = 0xf0 | (code >> 18)
      target[i++] = 0x80 | ((code >> 12) & 0x3f)
    }
    target[i++] = 0x80 | ((code >> 6) & 0x3f)
  }
  target[i++] = 0x80 | (code & 0x3f)
  return i
}

/** The number of the four hexadecimal digits at `at`, or −1. */
function hexAt(view: DataView, at: number, end: number): number {
  if (at + 4 > end) return -1
  let code = 0
  for (let i = at; i < at + 4; i++) {
    const byte = view.getUint8(i)
    if (!isHexDigit(byte)) return -1
    code = code * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return code
}
