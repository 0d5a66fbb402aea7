import type { LineSink } from './line-sink.ts'
import type { LineSplitter, Window } from './line-splitter.ts'

/**
 * Cuts a window of UTF-16 into lines and hands them over as UTF-8; returns the bytes taken. Offsets stay those of the file.
 * A BMP line end is two bytes at an even place, so the text is decoded first and its units counted back.
 */
export function splitUtf16(
  window: Window,
  encoding: 'utf16le' | 'utf16be',
  { sink, splitter, maxLineBytes }: { sink: LineSink; splitter: LineSplitter; maxLineBytes: number },
): number {
  const text = decodeUtf16(window.bytes.subarray(window.start, window.end), encoding)
  let from = 0
  for (let lf = text.indexOf('\n'); lf >= 0; lf = text.indexOf('\n', from)) {
    const line = text.slice(from, lf).replace(/\r$/, '')
    const consumedBytes = 2 * (lf + 1 - from)
    const offset = window.offset + 2 * from
    from = lf + 1
    if (line.trim() === '') {
      sink.drop('blank_line', 1, consumedBytes)
      continue
    }
    const bytes = Buffer.from(line.toWellFormed())
    const isTruncated = bytes.length > maxLineBytes
    const about = { offset, readMs: window.readMs, consumedBytes, isTruncated, isPartial: false, isContinued: false }
    if (!splitter.single(isTruncated ? bytes.subarray(0, maxLineBytes) : bytes, sink, about)) break
  }
  return 2 * from
}

/** The text of UTF-16 bytes; an odd last byte is left out. */
export function decodeUtf16(bytes: Buffer, encoding: 'utf16le' | 'utf16be'): string {
  if (encoding === 'utf16le') return bytes.toString('utf16le')
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le')
}

/** One past the first line end in bytes that begin at a whole unit; -1 when there is none. */
export function utf16LineEnd(bytes: Buffer, encoding: 'utf16le' | 'utf16be'): number {
  const lf = encoding === 'utf16le' ? Buffer.of(10, 0) : Buffer.of(0, 10)
  let at = bytes.indexOf(lf)
  // At an odd place it belongs to two characters.
  while (at % 2 === 1) at = bytes.indexOf(lf, at + 1)
  return at < 0 ? -1 : at + 2
}
