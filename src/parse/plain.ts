/**
 * `parse: plain`. The line is the message, whole. It may say two things itself: its time, when it begins with one in any form
 * that is known (in brackets, too), and its level, when a word for one comes first or right after that (`ERROR: …`,
 * `[warn] …`). A bare word followed by a blank counts only after a time or in capitals: "Error reading x" is prose. Colours
 * (`ESC[31m`) are looked past, and kept in the message.
 */
import { skipColours } from './colours.ts'
import { EntryWriter } from './entry-writer.ts'
import { isDigit } from './json-bytes.ts'
import type { EntryFacts, FormatParser, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { afterGroup, readLevel } from './plain-level.ts'
import { RecordBytes } from './record.ts'
import { isWordByte } from './time-bytes.ts'

const SPACE = 0x20
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

export function createPlainParser(context: LineContext): PlainParser {
  return new PlainParser(context)
}

export class PlainParser implements LineParser, FormatParser {
  readonly #record = new RecordBytes()
  readonly #entry: EntryWriter

  constructor(context: LineContext) {
    this.#entry = new EntryWriter(context, this.#record)
  }

  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    this.#read(line)
    this.#entry.end(line, out, facts)
  }

  /** A record that does not fit its format is kept like plain text, and `reason` with it. */
  parseMisfit(line: Line, out: NdjsonBuffer, { facts, reason }: { facts: EntryFacts; reason: string }): void {
    this.#read(line)
    this.#entry.setParseError(reason)
    this.#entry.end(line, out, facts)
  }

  #read(line: Line): void {
    const record = this.#record
    const entry = this.#entry
    record.take(line)
    entry.begin(line)
    const { view, end } = record
    const start = skipColours(view, record.start, end)
    const afterTime = this.#readTime(start, end)
    entry.level = readLevel(view, afterTime, { end, isAfterTime: afterTime > start })
  }

  /** Every line is plain text. */
  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): undefined {
    this.parse(line, out, facts)
  }

  /** The position after a time and its bracket; `start` when the line does not begin with one. */
  #readTime(start: number, end: number): number {
    const { view } = this.#record
    const isBracketed = start < end && view.getUint8(start) === OPEN_BRACKET
    const timeAt = isBracketed ? skipColours(view, start + 1, end) : start
    if (timeAt >= end || !isWordByte(view.getUint8(timeAt))) return start
    const { time } = this.#entry
    const after = time.readAny(view, timeAt, end)
    if (after < 0) return isBracketed ? start : this.#readEpoch(start, end)
    const stop = skipColours(view, after, end)
    if (!isBracketed) {
      if (after < end && isWordByte(view.getUint8(after))) return start
      this.#entry.timeFrom(timeAt, after)
      return stop
    }
    const next = stop < end ? view.getUint8(stop) : 0
    // Rust's env_logger has more in its brackets: `[2025-01-15T08:00:00Z INFO  app] …`.
    if (next !== CLOSE_BRACKET && (next !== SPACE || afterGroup(view, stop, end) < 0)) return start
    this.#entry.timeFrom(timeAt, after)
    return next === CLOSE_BRACKET ? stop + 1 : stop
  }

  /** `1363955186.123 `, seconds of our age with decimals, as Squid and `strace -ttt` write them: the position after, or `start`. */
  #readEpoch(start: number, end: number): number {
    const { view } = this.#record
    if (view.getUint8(start) !== 0x31 || start + EPOCH_BYTES >= end || view.getUint8(start + 10) !== 0x2e) return start
    let stop = start + 11
    while (stop < end && isDigit(view.getUint8(stop))) stop++
    if (stop < start + EPOCH_BYTES || stop >= end || view.getUint8(stop) !== SPACE) return start
    if (!this.#entry.time.readEpoch(view, start, stop)) return start
    this.#entry.timeFrom(start, stop)
    return stop
  }
}

/** Seconds, a point and ms. */
const EPOCH_BYTES = 14
