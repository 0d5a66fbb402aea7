import { isHexDigit, stringStop } from '../json-bytes.ts'

const QUOTE = 0x22
const SLASH = 0x2f
const BACKSLASH = 0x5c
const LETTER_U = 0x75

/**
 * Writes the text of a JSON string's inside to the beginning of `target`, which must have room for as many bytes; returns how
 * many it was, or −1 when an escape is none. Half of a surrogate pair becomes U+FFFD.
 */
export function unescapeJson(
  { bytes, view, start, end }: { bytes: Buffer; view: DataView; start: number; end: number },
  target: Buffer,
): number {
  let length = 0
  let at = start
  while (at < end) {
    const stop = stringStop(view, at, end)
    if (stop > at) length += bytes.copy(target, length, at, stop)
    if (stop === end) break
    if (view.getUint8(stop) !== BACKSLASH || stop + 1 >= end) return -1
    const letter = view.getUint8(stop + 1)
    if (letter !== LETTER_U) {
      const byte = escapedByte(letter)
      if (byte < 0) return -1
      target[length++] = byte
      at = stop + 2
      continue
    }
    let code = hexAt(view, stop + 2, end)
    if (code < 0) return -1
    at = stop + 6
    if (code >= 0xd800 && code < 0xdc00 && at + 1 < end && view.getUint16(at) === 0x5c75) {
      const low = hexAt(view, at + 2, end)
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00
        at += 6
      }
    }
    length = writeUtf8(target, length, code >= 0xd800 && code < 0xe000 ? 0xfffd : code)
  }
  return length
}

function escapedByte(letter: number): number {
  switch (letter) {
    case QUOTE:
    case SLASH:
    case BACKSLASH:
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

function writeUtf8(target: Buffer, at: number, code: number): number {
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
