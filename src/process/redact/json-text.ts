import { stringStop } from '../../parse/json-bytes.ts'
import { escapedByte, escapedCode, writeUtf8 } from '../../parse/json-escapes.ts'
import type { NdjsonBuffer } from '../../parse/line.ts'
import { appendSpan } from '../../parse/span-writer.ts'

const BACKSLASH = 0x5c
const LETTER_U = 0x75

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
    if (letter !== LETTER_U) {
      out.bytes[out.length++] = escapedByte(letter)
      i = stop + 2
      continue
    }
    const code = escapedCode(view, stop, end)
    out.length = writeUtf8(out.bytes, out.length, code)
    i = stop + (code > 0xffff ? 12 : 6)
  }
}
