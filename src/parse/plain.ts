/**
 * `parse: plain`. The line is the message, whole. It may say two things itself: its time, when it begins with an RFC 3339
 * timestamp (in brackets, too), and its level, when a word for one comes first or right after that (`ERROR: …`, `[warn] …`).
 * A bare word followed by a blank counts only after a timestamp or in capitals: "Error reading x" is prose.
 */
import { isUtf8 } from 'node:buffer'
import { LOG_LEVELS } from '../model/log-entry.ts'
import { EntryTail } from './entry-tail.ts'
import { INFO, levelOfBytes } from './level.ts'
import type { EntryFacts, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { appendEscaped, appendSpan } from './span-writer.ts'
import { TimestampReader } from './timestamp.ts'

const TIMESTAMP_BYTES = Buffer.from('{"timestamp":"')
const LEVEL_BYTES: readonly Buffer[] = LOG_LEVELS.map((level) => Buffer.from(`","level":"${level}","message":"`))
/** By isTruncated + 2 × isPartial + 4 × isContinued. */
const CLOSING_BYTES: readonly Buffer[] = Array.from({ length: 8 }, (_, marks) => {
  const members = ['truncated', 'partial', 'continued']
    .filter((_, bit) => (marks >> bit) & 1)
    .map((name) => `"${name}":true`)
  return Buffer.from(members.length === 0 ? '"' : `","metadata":{${members.join()}}`)
})
const HEAD_BYTES = 128
const NOTHING = Buffer.alloc(0)

export function createPlainParser(context: LineContext): LineParser {
  return new PlainParser(context)
}

class PlainParser implements LineParser {
  readonly #tail: EntryTail
  readonly #service: string
  readonly #time = new TimestampReader()
  #source: Buffer = NOTHING
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(context: LineContext) {
    this.#tail = new EntryTail(context)
    this.#service = context.service
  }

  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    facts.service = this.#service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasInvalidUtf8 = !line.isUtf8 && !isUtf8(line.bytes.subarray(line.start, line.end))
    if (facts.hasInvalidUtf8) {
      // Replaced by U+FFFD, as the decoder does it. Rare, so it may cost what it costs.
      const bytes = Buffer.from(line.bytes.toString('utf8', line.start, line.end))
      this.#turnTo(bytes)
      this.#append(line, out, { facts, start: 0, end: bytes.length })
      this.#turnTo(NOTHING)
    } else {
      if (line.bytes !== this.#source) this.#turnTo(line.bytes)
      this.#append(line, out, { facts, start: line.start, end: line.end })
    }
  }

  #append(
    line: Line,
    out: NdjsonBuffer,
    { facts, start, end }: { facts: EntryFacts; start: number; end: number },
  ): void {
    const time = this.#time
    const afterTime = this.#readTime(start, end)
    const hasTime = afterTime > start && time.isPlausible(line.readMs)
    if (!hasTime) time.set(line.readMs)
    const level = this.#readLevel(afterTime, end, afterTime > start)
    facts.timeMs = time.timeMs
    facts.level = level < 0 ? INFO : level
    out.reserve(HEAD_BYTES)
    appendSpan(out, TIMESTAMP_BYTES, 0, TIMESTAMP_BYTES.length)
    out.length = time.write(out.bytes, out.length)
    const levelBytes = LEVEL_BYTES[facts.level] ?? NOTHING
    appendSpan(out, levelBytes, 0, levelBytes.length)
    appendEscaped(out, this.#source, { view: this.#view, start, end })
    const marks = (line.isTruncated ? 1 : 0) + (line.isPartial ? 2 : 0) + (line.isContinued ? 4 : 0)
    const closing = CLOSING_BYTES[marks] ?? NOTHING
    out.reserve(closing.length)
    appendSpan(out, closing, 0, closing.length)
    this.#tail.write(out, 0, line.offset)
  }

  #turnTo(bytes: Buffer): void {
    this.#source = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The position after a timestamp and its bracket; `start` when the line does not begin with one. */
  #readTime(start: number, end: number): number {
    const view = this.#view
    const isBracketed = start < end && view.getUint8(start) === 0x5b
    const after = this.#time.readPrefix(view, isBracketed ? start + 1 : start, end)
    if (after < 0) return start
    if (isBracketed) return after < end && view.getUint8(after) === 0x5d ? after + 1 : start
    return after === end || !isWordByte(view.getUint8(after)) ? after : start
  }

  /** The level of the first word, or −1. */
  #readLevel(from: number, end: number, isAfterTime: boolean): number {
    const view = this.#view
    let start = from
    let isEnclosed = false
    for (; start < end && isLead(view.getUint8(start)); start++) if (isOpening(view.getUint8(start))) isEnclosed = true
    let stop = start
    let isCapital = true
    while (stop < end && isWordByte(view.getUint8(stop))) {
      if (view.getUint8(stop) >= 0x61) isCapital = false
      stop++
    }
    const level = levelOfBytes(view, start, stop)
    const isBare = stop === end || view.getUint8(stop) === 0x20 || view.getUint8(stop) === 0x09
    return isBare && !isAfterTime && !isCapital && !isEnclosed ? -1 : level
  }
}

/** Blanks and the marks loggers put before a level: `[`, `(`, `<`, `|`, `-`, `:`. */
function isLead(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x7c || byte === 0x2d || byte === 0x3a || isOpening(byte)
}

function isOpening(byte: number): boolean {
  return byte === 0x5b || byte === 0x28 || byte === 0x3c
}

/** Letters, digits, `_`, and bytes of other scripts. */
function isWordByte(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte >= 0x80
}
