import { stringStop } from '../json-bytes.ts'
import { escapedByte, escapedCode, writeUtf8 } from '../json-escapes.ts'

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
    const code = escapedCode(view, stop, end)
    if (code < 0) return -1
    length = writeUtf8(target, length, code)
    at = stop + (code > 0xffff ? 12 : 6)
  }
  return length
}
