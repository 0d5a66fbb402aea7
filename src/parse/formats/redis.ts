/**
 * `parse: redis`: the log of Redis, Sentinel, Valkey and KeyDB (server.c, `serverLogRaw`):
 *
 *     1234:M 01 Jan 2024 12:00:00.000 * message       since 5.0; 3.0 and 4.0 without the year
 *     [1234] 01 Jan 12:00:00.000 * message            2.x
 *     1234:signal-handler (1704110400) message
 *     1234:M 2024-01-01T12:00:00.000+00:00 * message  Valkey, which can also write ms since 1970
 *
 * The marks are `.` debug, `-` verbose, `*` notice and `#` warning. Lines without this head go on with the record before: the logo,
 * and the report of a crash.
 */
import { member } from '../entry-members.ts'
import { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'

const MESSAGE = fieldNumber('message')
const PID = member('pid')
const TID = member('tid')
const ROLE = member('role')

const MAX_PID_DIGITS = 10
const SIGNAL_BYTES = Buffer.from('signal-handler (')
const SIGNAL_ROLE_BYTES = 14
/** The longest time, with an offset. */
const MAX_TIME_BYTES = 40

const SPACE = 0x20
const HASH = 0x23
const PARENTHESIS_END = 0x29
const STAR = 0x2a
const DASH = 0x2d
const POINT = 0x2e
const COLON = 0x3a
const BRACKET = 0x5b
const BRACKET_END = 0x5d

export function createRedisParser(context: LineContext): FormatParser {
  return new RedisParser(context)
}

class RedisParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #writer: EntryWriter

  constructor(context: LineContext) {
    this.#writer = new EntryWriter(context, this.#record)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    this.#record.take(line)
    this.#writer.begin(line)
    const misfit = this.#read()
    if (misfit !== undefined) return misfit
    this.#writer.end(line, out, facts)
    return undefined
  }

  startsRecord(line: Line): boolean {
    const { bytes, start, end } = line
    const isBracketed = bytes[start] === BRACKET
    const pid = isBracketed ? start + 1 : start
    let i = pid
    while (i < end && isDigit(bytes[i] ?? 0)) i++
    if (i === pid || i - pid > MAX_PID_DIGITS || i + 2 >= end) return false
    return isBracketed ? bytes[i] === BRACKET_END && bytes[i + 1] === SPACE : bytes[i] === COLON
  }

  #read(): string | undefined {
    const { view, bytes, start, end } = this.#record
    const writer = this.#writer
    const isBracketed = start < end && view.getUint8(start) === BRACKET
    const pid = isBracketed ? start + 1 : start
    const pidEnd = this.#numberEnd(pid)
    if (pidEnd < 0 || pidEnd + 3 > end) return 'no process id'
    if (view.getUint8(pidEnd) !== (isBracketed ? BRACKET_END : COLON)) return 'no process id'
    let at = pidEnd + 1
    if (!isBracketed) {
      if (bytes.compare(SIGNAL_BYTES, 0, SIGNAL_BYTES.length, at, Math.min(end, at + SIGNAL_BYTES.length)) === 0) {
        return this.#readSignal(pid, pidEnd)
      }
      const tidEnd = this.#numberEnd(at)
      if (tidEnd > 0 && tidEnd + 3 < end && view.getUint8(tidEnd) === COLON) {
        writer.addNumber(TID, at, tidEnd)
        at = tidEnd + 1
      }
      const role = view.getUint8(at)
      if (role < 0x41 || role > 0x5a) return 'no role'
      writer.add(ROLE, at, at + 1)
      at++
    }
    if (at >= end || view.getUint8(at) !== SPACE) return 'no role'
    const afterTime = this.#readTime(at + 1)
    if (afterTime < 0) return 'no timestamp'
    const level = this.#levelAt(afterTime)
    if (level < 0) return 'no mark of a level'
    writer.level = level
    writer.addNumber(PID, pid, pidEnd)
    writer.timeFrom(at + 1, afterTime)
    writer.set(MESSAGE, Math.min(afterTime + 3, end), end)
    return undefined
  }

  /** `1234:signal-handler (1704110400) message`. */
  #readSignal(pid: number, pidEnd: number): string | undefined {
    const { view, end } = this.#record
    const writer = this.#writer
    const time = pidEnd + 1 + SIGNAL_BYTES.length
    const timeEnd = this.#numberEnd(time)
    if (timeEnd < 0 || timeEnd + 2 > end || view.getUint8(timeEnd) !== PARENTHESIS_END) return 'no timestamp'
    if (view.getUint8(timeEnd + 1) !== SPACE || !writer.time.readEpoch(view, time, timeEnd)) return 'no timestamp'
    writer.addNumber(PID, pid, pidEnd)
    writer.add(ROLE, pidEnd + 1, pidEnd + 1 + SIGNAL_ROLE_BYTES)
    writer.timeFrom(time, timeEnd)
    writer.set(MESSAGE, timeEnd + 2, end)
    return undefined
  }

  /** The position after the time at `at`, or −1. */
  #readTime(at: number): number {
    const { view, end } = this.#record
    const { time } = this.#writer
    const after = time.readAny(view, at, Math.min(end, at + MAX_TIME_BYTES))
    if (after >= 0) return after
    let i = at
    while (i < end && isDigit(view.getUint8(i))) i++
    return i - at >= 10 && time.readEpoch(view, at, i) ? i : -1
  }

  /** The level of ` * `, whose last blank may be missing at the end of the record. */
  #levelAt(at: number): number {
    const { view, end } = this.#record
    if (at + 2 > end || view.getUint8(at) !== SPACE) return -1
    if (at + 2 < end && view.getUint8(at + 2) !== SPACE) return -1
    switch (view.getUint8(at + 1)) {
      case POINT:
      case DASH:
        return 0
      case STAR:
        return 1
      case HASH:
        return 2
      default:
        return -1
    }
  }

  /** The end of the number at `at`, which JSON can take, or −1. */
  #numberEnd(at: number): number {
    const { view, end } = this.#record
    let i = at
    while (i < end && isDigit(view.getUint8(i))) i++
    if (i === at || i - at > MAX_PID_DIGITS) return -1
    return view.getUint8(at) === 0x30 && i > at + 1 ? -1 : i
  }
}
