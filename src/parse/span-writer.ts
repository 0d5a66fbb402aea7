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
