/**
 * `parse: postgres`: PostgreSQL's log to stderr, whatever its `log_line_prefix`, if only there is a time in it:
 *
 *     2024-01-15 08:00:00.123 UTC [123] user@database ERROR:  relation "x" does not exist at character 15
 *     2024-01-15 08:00:00 UTC:10.0.0.1(5432):user@database:[123]:LOG:  duration: 12.345 ms  statement: SELECT 1
 *
 * DETAIL, HINT, STATEMENT and the like are lines of their own: between them and the ERROR they belong to, lines of other
 * processes may stand; `pid` and `log_line` bring them together. Lines that begin with a tab go on with the record before.
 */
import { member } from '../entry-members.ts'
import { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'
import { PostgresPrefix } from './postgres-prefix.ts'
import { isSqlState } from './postgres-sqlstate.ts'
import { levelOfSeverityWord, MAX_WORD_BYTES } from './postgres-words.ts'

const MESSAGE = fieldNumber('message')
const ERROR_CODE = fieldNumber('error_code')
const SEVERITY = member('severity')
const STATEMENT = member('statement')

const DURATION_BYTES = Buffer.from('duration: ')
const MS_BYTES = Buffer.from(' ms')
const NO_ERROR = Buffer.from('00000')
/** What comes before a statement, with or without a duration before it. `execute fetch from <unnamed>: …`. */
const STATEMENT_HEADS: readonly Buffer[] = ['statement: ', 'execute ', 'parse ', 'bind '].map((text) =>
  Buffer.from(text),
)

/** How far in a severity is looked for. */
const MAX_PREFIX_BYTES = 512
const MAX_TIME_BYTES = 48
/** `2024-01-15 08:00:00`; `1704110400.123`, whose point comes eleventh. */
const MIN_TIME_BYTES = 14
const EPOCH_BYTES = 14
const EPOCH_POINT = 10
/** Names of prepared statements. */
const MAX_NAME_BYTES = 128
const TAB = 0x09
const SPACE = 0x20
const POINT = 0x2e
const COLON = 0x3a

export function createPostgresParser(context: LineContext): FormatParser {
  return new PostgresParser(context)
}

class PostgresParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #writer: EntryWriter
  readonly #prefix: PostgresPrefix

  constructor(context: LineContext) {
    this.#writer = new EntryWriter(context, this.#record)
    this.#prefix = new PostgresPrefix(this.#record, this.#writer)
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
    return line.bytes[line.start] !== TAB
  }

  #read(): string | undefined {
    const { view, start, end } = this.#record
    const writer = this.#writer
    const colon = this.#severityEnd(start, Math.min(end - 2, start + MAX_PREFIX_BYTES))
    if (colon < 0) return 'no severity'
    const wordEnd = view.getUint8(colon - 1) === SPACE ? colon - 1 : colon
    const word = wordStart(view, start, wordEnd)
    const timeStart = this.#timeStart(start, word)
    if (timeStart < 0) return 'no timestamp'
    const timeEnd = this.#readTime(timeStart, word)
    writer.timeFrom(timeStart, timeEnd)
    writer.add(SEVERITY, word, wordEnd)
    this.#prefix.begin()
    if (timeStart > start) this.#prefix.read(start, timeStart)
    this.#prefix.read(timeEnd, word)
    this.#readMessage(Math.min(colon + 3, end), end)
    return undefined
  }

  /** The colon after a severity and before two blanks; with it `level` is known. −1: none. */
  #severityEnd(start: number, limit: number): number {
    const { view } = this.#record
    for (let i = start + 1; i < limit; i++) {
      if (view.getUint8(i) !== COLON || view.getUint8(i + 1) !== SPACE || view.getUint8(i + 2) !== SPACE) continue
      // French puts a blank before its colons.
      const wordEnd = view.getUint8(i - 1) === SPACE ? i - 1 : i
      const level = levelOfSeverityWord(view, wordStart(view, start, wordEnd), wordEnd)
      if (level < 0) continue
      this.#writer.level = level
      return i
    }
    return -1
  }

  /** Where the time begins that `#readTime` can read, or −1. */
  #timeStart(start: number, end: number): number {
    const { view } = this.#record
    for (let i = start; i + MIN_TIME_BYTES <= end; i++) {
      if (!isDigit(view.getUint8(i)) && i > start) continue
      if (i > start && isDigit(view.getUint8(i - 1))) continue
      if (this.#readTime(i, end) >= 0) return i
    }
    return -1
  }

  /** A time with its date, or seconds since 1970 with decimals: the position after it, or −1. */
  #readTime(at: number, end: number): number {
    const { view } = this.#record
    const { time } = this.#writer
    if (at + EPOCH_BYTES <= end && view.getUint8(at + EPOCH_POINT) === POINT) {
      return time.readEpoch(view, at, at + EPOCH_BYTES) ? at + EPOCH_BYTES : -1
    }
    return time.readAny(view, at, Math.min(end, at + MAX_TIME_BYTES))
  }

  /** The SQLSTATE of a verbose log, the message, and what it says of a statement. */
  #readMessage(at: number, end: number): void {
    const { view } = this.#record
    let start = at
    if (
      at + 7 <= end &&
      view.getUint8(at + 5) === COLON &&
      view.getUint8(at + 6) === SPACE &&
      isSqlState(view, at, at + 5)
    ) {
      if (!this.#isAt(NO_ERROR, at)) this.#writer.set(ERROR_CODE, at, at + 5)
      start = at + 7
    }
    this.#writer.set(MESSAGE, start, end)
    this.#readStatement(this.#readDuration(start, end), end)
  }

  /** `duration: 12.345 ms  `: the position after it, or `at`. */
  #readDuration(at: number, end: number): number {
    if (!this.#isAt(DURATION_BYTES, at)) return at
    const { view } = this.#record
    const start = at + DURATION_BYTES.length
    let i = start
    while (i < end && (isDigit(view.getUint8(i)) || view.getUint8(i) === POINT)) i++
    const seconds =
      i > start && i - start < 20 && this.#isAt(MS_BYTES, i) ? Number(`${this.#record.text(start, i)}e-3`) : Number.NaN
    if (Number.isNaN(seconds)) return at
    this.#writer.setDuration(seconds)
    i += MS_BYTES.length
    while (i < end && view.getUint8(i) === SPACE) i++
    return i
  }

  #readStatement(at: number, end: number): void {
    const { view } = this.#record
    if (!STATEMENT_HEADS.some((head) => this.#isAt(head, at))) return
    const limit = Math.min(end - 1, at + MAX_NAME_BYTES)
    let i = at
    while (i < limit && !(view.getUint8(i) === COLON && view.getUint8(i + 1) === SPACE)) i++
    if (i < limit && i + 2 < end) this.#writer.add(STATEMENT, i + 2, end)
  }

  #isAt(wanted: Buffer, at: number): boolean {
    const { bytes, end } = this.#record
    if (at + wanted.length > end) return false
    return bytes.compare(wanted, 0, wanted.length, at, at + wanted.length) === 0
  }
}

/** The first byte of the word that ends at `end`: capitals and letters of other scripts, and a digit after `DEBUG`. */
function wordStart(view: DataView, start: number, end: number): number {
  let i = end
  while (i > start && end - i < MAX_WORD_BYTES) {
    const byte = view.getUint8(i - 1)
    if ((byte < 0x41 || byte > 0x5a) && byte < 0x80 && !isDigit(byte)) break
    i--
  }
  // `…@db:[1]:LOG` and `-6b06305e.7f07-LOG` end in a mark, but a number may stand right before.
  while (i < end && isDigit(view.getUint8(i))) i++
  return i
}
