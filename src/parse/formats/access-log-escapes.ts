import { isUtf8 } from 'node:buffer'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_X = 0x78
const NO_DIGIT = -1

/**
 * The text of a quoted field, without the escapes of nginx (`\x22`) and Apache (`\"`, `\\`, `\xd0`); undefined when it must stay
 * as it stands: another escape is in it (`\n`), or what comes out is binary.
 */
export function unescapeQuoted(bytes: Buffer): string | undefined {
  const text = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte !== BACKSLASH) {
      text[length++] = byte
      continue
    }
    const mark = bytes[i + 1]
    if (mark === QUOTE || mark === BACKSLASH) {
      text[length++] = mark
      i++
      continue
    }
    const code = mark === LETTER_X ? (hexDigit(bytes[i + 2]) << 4) | hexDigit(bytes[i + 3]) : NO_DIGIT
    // Controls are escaped for a reason.
    if (code < 0x20 || code === 0x7f) return undefined
    text[length++] = code
    i += 3
  }
  const unescaped = text.subarray(0, length)
  return isUtf8(unescaped) ? unescaped.toString() : undefined
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return NO_DIGIT
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : NO_DIGIT
}
