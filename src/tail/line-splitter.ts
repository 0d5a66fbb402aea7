import { isUtf8 } from 'node:buffer'
import type { Line } from '../parse/line.ts'
import type { LineSink } from './line-sink.ts'

const LF = 10
const CR = 13

export type TextEncoding = 'utf8' | 'utf16le' | 'utf16be'

/** The encoding a byte-order mark announces, and how long the mark is. */
export function sniffEncoding(head: Buffer): { encoding: TextEncoding; markBytes: number } {
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf16le', markBytes: 2 }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf16be', markBytes: 2 }
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf8', markBytes: 3 }
  return { encoding: 'utf8', markBytes: 0 }
}

/** A stretch of a file in memory: `bytes[start … end)` begins at byte `offset` of the file. */
export interface Window {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly offset: number
  readonly readMs: number
}

/**
 * Cuts windows of bytes into lines. Bytes are split before they are decoded, so a character cut in two by a read is never
 * seen. One object for a thread: it refills the same Line for every line.
 */
export class LineSplitter {
  readonly #line: Line = {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    offset: 0,
    readMs: 0,
    isUtf8: false,
    isTruncated: false,
    isPartial: false,
    isContinued: false,
    envelope: undefined,
  }

  /**
   * Hands the complete lines of a window to `sink`, until it has no room; returns how many bytes that took. Blank lines
   * and NUL bytes before a line are dropped and counted. `isContinued`: the window begins in the middle of a line whose
   * first part is stored.
   */
  split(
    window: Window,
    sink: LineSink,
    { maxLineBytes, isContinued }: { maxLineBytes: number; isContinued: boolean },
  ): number {
    const { bytes, start, end, offset } = window
    const lastLf = bytes.lastIndexOf(LF, end - 1)
    if (lastLf < start) return 0
    const line = this.#line
    line.bytes = bytes
    line.readMs = window.readMs
    line.isUtf8 = isUtf8(bytes.subarray(start, lastLf))
    line.isPartial = false
    line.isContinued = isContinued
    let from = start
    let hasRoom = true
    while (hasRoom && from <= lastLf) {
      const lf = bytes.indexOf(LF, from)
      const next = lf + 1
      if (bytes[from] === 0) {
        const textFrom = skipNuls(bytes, from, lf)
        sink.drop('nul_bytes', 0, textFrom - from)
        from = textFrom
      }
      let to = lf
      if (to > from && bytes[to - 1] === CR) to--
      line.offset = offset + (from - start)
      if (isBlank(bytes, from, to)) sink.drop('blank_line', line.isContinued ? 0 : 1, next - from)
      else if (to - from > maxLineBytes) hasRoom = this.#cut(sink, from, { next, maxLineBytes })
      else {
        line.start = from
        line.end = to
        line.isTruncated = false
        hasRoom = sink.accept(line, next - from)
      }
      line.isContinued = false
      from = next
    }
    return from - start
  }

  #cut(sink: LineSink, from: number, { next, maxLineBytes }: { next: number; maxLineBytes: number }): boolean {
    const line = this.#line
    line.start = from
    line.end = utf8Boundary(line.bytes, from, from + maxLineBytes)
    line.isTruncated = true
    sink.drop('line_too_long', 0, next - line.end)
    return sink.accept(line, line.end - from)
  }

  /**
   * Hands over a line of which `bytes` is all that is kept; it took `consumedBytes` in the file. `isTruncated`: it was
   * longer than `max_line`; `isPartial`: it has no end.
   */
  single(
    bytes: Buffer,
    sink: LineSink,
    about: {
      offset: number
      readMs: number
      consumedBytes: number
      isTruncated: boolean
      isPartial: boolean
      isContinued: boolean
    },
  ): boolean {
    const line = this.#line
    line.bytes = bytes
    line.start = 0
    line.end = about.isTruncated ? utf8Boundary(bytes, 0, bytes.length) : bytes.length
    if (!about.isTruncated && line.end > 0 && bytes[line.end - 1] === CR) line.end--
    line.offset = about.offset
    line.readMs = about.readMs
    line.isUtf8 = false
    line.isTruncated = about.isTruncated
    line.isPartial = about.isPartial
    line.isContinued = about.isContinued
    const keptBytes = about.isTruncated ? line.end : about.consumedBytes
    if (keptBytes < about.consumedBytes) sink.drop('line_too_long', 0, about.consumedBytes - keptBytes)
    return sink.accept(line, keptBytes)
  }
}

/** The first byte in [from, to) that is not NUL: a truncated file whose writer kept its position begins with a hole. */
export function skipNuls(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] === 0) at++
  return at
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte !== 32 && byte !== 9 && byte !== CR) return false
  }
  return true
}

/** The largest cut in [from, to] that parts no UTF-8 character; `to` itself when the bytes are not UTF-8 anyway. */
function utf8Boundary(bytes: Buffer, from: number, to: number): number {
  for (let at = to - 1; at >= from && at >= to - 4; at--) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80) return to
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return at + length > to ? at : to
  }
  return to
}
