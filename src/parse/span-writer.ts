/** Spans of a line's bytes on their way into the output. */
import { stringStop } from './json-bytes.ts'
import type { NdjsonBuffer } from './line.ts'

/** Below this a byte loop is quicker than a call of `copy` (40 ns whatever the length; a byte takes 1–1.5 ns). */
const COPY_CALL_BYTES = 28

/** What one byte of a JSON string may at most become (`\u0000`). */
const MAX_ESCAPE_BYTES = 6

const ESCAPES: readonly Buffer[] = Array.from({ length: 0x20 }, (_, code) =>
  Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
)

/** Appends bytes [start, end) of `source` as they are. Room must have been made. */
export function appendSpan(out: NdjsonBuffer, source: Buffer, start: number, end: number): void {
  const target = out.bytes
  const at = out.length
  if (end - start >= COPY_CALL_BYTES) {
    source.copy(target, at, start, end)
  } else {
    const shift = at - start
    for (let i = start; i < end; i++) target[i + shift] = source[i] ?? 0
  }
  out.length = at + end - start
}

/** The same through views, four bytes a step: quicker than either up to a few hundred bytes, but it makes no room either. */
export function appendWords(out: NdjsonBuffer, source: DataView, start: number, end: number): void {
  const target = out.view
  const shift = out.length - start
  out.length = end + shift
  const last = end - 4
  if (last < start) {
    for (let i = start; i < end; i++) target.setUint8(i + shift, source.getUint8(i))
    return
  }
  for (let i = start; i < last; i += 4) target.setInt32(i + shift, source.getInt32(i, true), true)
  // It overlaps the one before, so no tail of single bytes is left.
  target.setInt32(last + shift, source.getInt32(last, true), true)
}

/** Appends them escaped, making room for them, for between two quotes. They must be UTF-8, and `view` a view of the whole of `source`. */
export function appendEscaped(
  out: NdjsonBuffer,
  source: Buffer,
  { view, start, end }: { readonly view: DataView; readonly start: number; readonly end: number },
): void {
  let from = start
  for (;;) {
    const stop = stringStop(view, from, end)
    out.reserve(stop - from + MAX_ESCAPE_BYTES)
    appendSpan(out, source, from, stop)
    if (stop === end) return
    const byte = view.getUint8(stop)
    const escaped = ESCAPES[byte]
    if (escaped === undefined) {
      out.bytes[out.length++] = 0x5c
      out.bytes[out.length++] = byte
    } else {
      appendSpan(out, escaped, 0, escaped.length)
    }
    from = stop + 1
  }
}
