/**
 * `parse: plain`. The line is the message, whole. It may say two things itself: its time, when it begins with one in any form
 * that is known (in brackets, too), and its level, when a word for one comes first or right after that (`ERROR: …`,
 * `[warn] …`). A bare word followed by a blank counts only after a time or in capitals: "Error reading x" is prose. Colours
 * (`ESC[31m`) are looked past, and kept in the message.
 */
import { skipColours } from './colours.ts'
import { EntryWriter } from './entry-writer.ts'
import { levelOfBytes, levelOfLetter } from './level.ts'
import type { EntryFacts, FormatParser, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { RecordBytes } from './record.ts'
import { isDigit, isWordByte } from './time-parts.ts'

const ESCAPE = 0x1b
const SPACE = 0x20
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const EQUALS = 0x3d
const BRACE = 0x7b
const BRACE_END = 0x7d
/** Between a time and a level stand a process, a thread and the like: a few, and short ones. */
const MAX_SKIPPED = 5
const LONGEST_GROUP = 80

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

/**
 * The level of the first word, or −1. What may come first: after a time numbers and groups in brackets (`[main] INFO`,
 * `148 INFO`), and anywhere a name with a colon, when one follows the level, too (`ld: warning: …`, `a.c:3:1: error: …`).
 */
function readLevel(view: DataView, from: number, { end, isAfterTime }: { end: number; isAfterTime: boolean }): number {
  let at = from
  let isAfterName = false
  for (let skipped = 0; ; skipped++) {
    if (skipped > MAX_SKIPPED) return -1
    const start = skipLeads(view, at, end)
    if (!isAfterTime && start < end && isDigit(view.getUint8(start))) return -1
    if (isAfterTime && start < end && view.getUint8(start) === BRACE) {
      at = afterBraces(view, start, end)
      if (at < 0) return -1
      continue
    }
    const isEnclosed = isAfterOpening(view, at, start)
    let stop = start
    let isCapital = true
    while (stop < end && isWordByte(view.getUint8(stop))) {
      if (view.getUint8(stop) >= 0x61) isCapital = false
      stop++
    }
    const isPlain = !isEnclosed && isBlank(view, stop, end)
    // Mongo's and Telegraf's letters: `E STORAGE`, `E! [outputs]`. `A` and `C` begin sentences.
    if (isAfterTime && !isAfterName && !isEnclosed && stop - start === 1 && isLetterAlone(view, stop, end))
      return letterLevel(view.getUint8(start))
    if (isPlain && stop - start === 3 && isPhp(view, start)) return phpLevel(view, stop, end)
    if (isAfterTime && !isAfterName && stop < end && view.getUint8(stop) === EQUALS && stop > start) {
      // Sidekiq's `pid=1 tid=abc WARN: `.
      at = wordStop(view, stop, end)
      continue
    }
    const mayBeProse = isPlain && (isAfterName || (!isCapital && (!isAfterTime || skipped > 0)))
    const level = mayBeProse ? -1 : levelOfBytes(view, start, stop)
    if (level >= 0) return level
    if (skipped === MAX_SKIPPED || stop >= end) return -1
    if (isEnclosed) at = isAfterTime ? afterGroup(view, stop, end) : -1
    else if (isPlain) at = isAfterTime && !isAfterName ? afterNumber(view, start, stop) : -1
    else {
      at = isAfterName ? -1 : afterName(view, stop, end)
      isAfterName = true
    }
    if (at < 0) return -1
  }
}

function letterLevel(letter: number): number {
  return letter === 0x41 || letter === 0x43 ? -1 : levelOfLetter(letter)
}

/** `PHP`. */
function isPhp(view: DataView, at: number): boolean {
  return view.getUint8(at) === 0x50 && view.getUint8(at + 1) === 0x48 && view.getUint8(at + 2) === 0x50
}

/** The level in what PHP calls its errors: `PHP Fatal error:  `, `PHP Warning:  `; −1 when no colon ends the name. */
function phpLevel(view: DataView, from: number, end: number): number {
  let level = -1
  let at = from
  for (let word = 0; word < 3; word++) {
    const start = at + 1
    at = start
    while (at < end && isWordByte(view.getUint8(at))) at++
    if (level < 0) level = levelOfBytes(view, start, at)
    if (at >= end || at === start) return -1
    if (view.getUint8(at) === 0x3a) return level
    if (view.getUint8(at) !== SPACE) return -1
  }
  return -1
}

/** `E ` or `E! `. */
function isLetterAlone(view: DataView, stop: number, end: number): boolean {
  if (stop >= end) return false
  const isMarked = view.getUint8(stop) === 0x21
  return isBlank(view, isMarked ? stop + 1 : stop, end) && !isDigit(view.getUint8(stop - 1))
}

function wordStop(view: DataView, from: number, end: number): number {
  let at = from
  while (at < end && !isBlankByte(view.getUint8(at))) at++
  return at
}

/** ClickHouse's `{query-id}`, which may be empty: the position after it, or −1. */
function afterBraces(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let at = from; at < limit; at++) if (view.getUint8(at) === BRACE_END) return at + 1
  return -1
}

/** Whether a bracket was opened last before `at`, blanks aside, from `from` on. */
function isAfterOpening(view: DataView, from: number, at: number): boolean {
  let i = at - 1
  while (i >= from && isBlankByte(view.getUint8(i))) i--
  return i >= from && isOpening(view.getUint8(i))
}

/** The position after a name that ends in a colon before a blank, some of which is before `from`; or −1. */
function afterName(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let i = from; i < limit; i++) if (isBlank(view, i, end)) return view.getUint8(i - 1) === 0x3a ? i : -1
  return -1
}

function isBlank(view: DataView, at: number, end: number): boolean {
  return at >= end || isBlankByte(view.getUint8(at))
}

function isBlankByte(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}

/** The position of the first byte that is neither a blank, a colour nor one of the marks before a level. */
function skipLeads(view: DataView, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = view.getUint8(at)
    // Most lines begin with a letter, which needs no other look.
    if (byte > OPEN_BRACKET && byte !== 0x7c) return at
    if (isLead(byte) || isOpening(byte)) at++
    else if (byte !== ESCAPE) return at
    else {
      const after = skipColours(view, at, end)
      if (after === at) return at
      at = after
    }
  }
  return at
}

/** The position after the bracket that closes a group, or −1. */
function afterGroup(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let i = from; i < limit; i++) {
    const byte = view.getUint8(i)
    if (byte === CLOSE_BRACKET || byte === 0x29 || byte === 0x3e) return i + 1
  }
  return -1
}

/** `stop`, when bytes [start, stop) are digits, or −1. */
function afterNumber(view: DataView, start: number, stop: number): number {
  for (let i = start; i < stop; i++) if (!isDigit(view.getUint8(i))) return -1
  return stop > start ? stop : -1
}

/** Blanks and the marks loggers put before a level: `[`, `(`, `<`, `|`, `-`, `:`, and what closed a time. */
function isLead(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x7c || byte === 0x2d || byte === 0x3a || byte === 0x2c
}

function isOpening(byte: number): boolean {
  return byte === OPEN_BRACKET || byte === 0x28 || byte === 0x3c
}
