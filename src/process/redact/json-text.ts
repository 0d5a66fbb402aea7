import { stringStop } from '../../parse/json-bytes.ts'
import type { NdjsonBuffer } from '../../parse/line.ts'
import { appendSpan } from '../../parse/span-writer.ts'

const BACKSLASH = 0x5c
const REPLACEMENT = 0xfffd

/** The position of the quote that ends the JSON string whose text begins at `at`; `end` when it does not end. */
export function stringEnd(view: DataView, at: number, end: number): number {
  let i = stringStop(view, at, end)
  while (i < end && view.getUint8(i) !== 0x22) i = stringStop(view, i + (view.getUint8(i) === BACKSLASH ? 2 : 1), end)
  return Math.min(i, end)
}

/** Appends to `out` what the inside of a JSON string, bytes [start, end) of `bytes`, says. The escapes must be valid. */
export function appendUnescaped(
  out: NdjsonBuffer,
  bytes: Buffer,
  { view, start, end }: { readonly view: DataView; readonly start: number; readonly end: number },
): void {
  out.reserve(end - start)
  for (let i = start; i < end; ) {
    const stop = stringStop(view, i, end)
    appendSpan(out, bytes, i, stop)
    if (stop >= end - 1) return
    const letter = view.getUint8(stop + 1)
    i = stop + 2
    if (letter !== 0x75) {
      out.bytes[out.length++] = plainEscape(letter)
      continue
    }
    let code = hex4(view, i, end)
    i += 4
    if (code >= 0xd800 && code <= 0xdfff) {
      const low = code < 0xdc00 && i + 6 <= end && view.getUint16(i) === 0x5c75 ? hex4(view, i + 2, end) : 0
      if (low >= 0xdc00 && low <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00
        i += 6
      } else code = REPLACEMENT
    }
    appendCode(out, code)
  }
}

function plainEscape(letter: number): number {
  switch (letter) {
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
      return letter
  }
}

function hex4(view: DataView, at: number, end: number): number {
  let code = 0
  for (let i = at; i < at + 4 && i < end; i++) {
    const byte = view.getUint8(i)
    code = code * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return code
}

/** An escape is never shorter than the character it stands for, so there is room. */
function appendCode(out: NdjsonBuffer, code: number): void {
  const { bytes } = out
  if (code < 0x80) {
    bytes[out.length++] = code
    return
  }
  if (code < 0x800) {
    bytes[out.length++] = 0xc0 | (code >> 6)
  } else {
    if (code < 0x10000) {
      bytes[out.length++] = 0xe0 | (code >> 12)
    } else {
      bytes[out.length++] = 0xf0 | (code >> 18)
      bytes[out.length++] = 0x80 | ((code >> 12) & 0x3f)
    }
    bytes[out.length++] = 0x80 | ((code >> 6) & 0x3f)
  }
  bytes[out.length++] = 0x80 | (code & 0x3f)
}
