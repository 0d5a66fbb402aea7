/**
 * Puts an entry together from what a format found in a record: spans of its bytes, numbers, and now and then a text. The
 * parser says what it found in any order; `end` writes all of it. For formats with a fixed set of fields; those whose keys come
 * from the record itself (logfmt, patterns) use PairWriter. Nothing is allocated per record unless a text is handed over.
 */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { AS, EntryMembers, type Member, member } from './entry-members.ts'
import { EntryTail, HAS_ENVIRONMENT, HAS_SERVICE, HAS_VERSION } from './entry-tail.ts'
import { FIELD_NAMES, fieldNumber } from './fields.ts'
import { INFO } from './level.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from './line.ts'
import type { RecordBytes } from './record.ts'
import { ServiceNames } from './service-names.ts'
import { TimestampReader } from './timestamp.ts'
import { type Constant, constant, refill, WordWriter } from './word-writer.ts'

const MESSAGE = fieldNumber('message')
const SERVICE = fieldNumber('service')
const VERSION = fieldNumber('version')
const ENVIRONMENT = fieldNumber('environment')
const STATUS_CODE = fieldNumber('status_code')
const DURATION = fieldNumber('duration')

const TIMESTAMP = constant('{"timestamp":"')
const LEVELS: readonly Constant[] = LOG_LEVELS.map((level) => constant(`","level":"${level}","message":"`))
/** `,"trace_id":"` of every field, without the last quote for numbers. */
const KEYS: readonly Constant[] = FIELD_NAMES.map((name) =>
  constant(name === 'status_code' || name === 'duration' ? `,"${name}":` : `,"${name}":"`),
)
const END = constant('}\n')
const NO_CONSTANT = constant('')

const TIMESTAMP_RAW = member('timestamp_raw')
const LEVEL_RAW = member('level_raw')

export class EntryWriter {
  /** The record's time is read into this; `timeFrom` says that it was. */
  readonly time: TimestampReader
  /** Index into LOG_LEVELS; −1 while unknown. */
  level = -1
  readonly #record: RecordBytes
  /** By HAS_… bits. */
  readonly #tails: readonly Constant[]
  readonly #service: string
  readonly #services = new ServiceNames()
  readonly #words = new WordWriter()
  /** Fields set, as bits. */
  #seen = 0
  /** Of these, the ones whose bytes need no escapes. */
  #plain = 0
  readonly #fieldStarts = new Int32Array(FIELD_NAMES.length)
  readonly #fieldEnds = new Int32Array(FIELD_NAMES.length)
  /** Texts instead of spans, by field; −1 in #fieldStarts says so. */
  readonly #fieldTexts: string[] = []
  #statusCode = 0
  #durationSeconds = -1
  readonly #members: EntryMembers
  #timeStart = -1
  #timeEnd = 0
  /** The time written last, when it had no decimals, and its text. */
  #writtenMs = -1
  readonly #written = constant('2000-01-01T00:00:00Z')
  #parseError = ''

  constructor(context: LineContext, record: RecordBytes) {
    this.time = new TimestampReader(context.times)
    this.#record = record
    this.#members = new EntryMembers(record, this.#words)
    const tail = new EntryTail(context)
    this.#tails = Array.from({ length: 8 }, (_, has) => constant(tail.textOf(has)))
    this.#service = context.service
  }

  /** Forgets the record before. The record at hand must have been taken by the RecordBytes. */
  begin(line: Line): void {
    this.level = -1
    this.#seen = 0
    this.#plain = 0
    this.#statusCode = 0
    this.#durationSeconds = -1
    this.#members.clear()
    this.#timeStart = -1
    this.#parseError = ''
    this.time.readMs = line.readMs
  }

  /** `time` has the record's time, read from bytes [start, end). */
  timeFrom(start: number, end: number): void {
    this.#timeStart = start
    this.#timeEnd = end
  }

  /** The field is the text of bytes [start, end). Not for timestamp, level, metadata and numbers. The last one counts. */
  set(field: number, start: number, end: number): void {
    this.#seen |= 1 << field
    this.#plain &= ~(1 << field)
    this.#fieldStarts[field] = start
    this.#fieldEnds[field] = end
  }

  /** The same for bytes that are known to need no escapes in JSON, which is quicker. */
  setPlain(field: number, start: number, end: number): void {
    this.#seen |= 1 << field
    this.#plain |= 1 << field
    this.#fieldStarts[field] = start
    this.#fieldEnds[field] = end
  }

  /** The field is a text that is not in the record as it stands (it was unescaped, say). Allocates. */
  setText(field: number, text: string): void {
    this.set(field, -1, 0)
    this.#fieldTexts[field] = text
  }

  /** HTTP status, 0–999999999. */
  setStatusCode(code: number): void {
    this.#seen |= 1 << STATUS_CODE
    this.#statusCode = code
  }

  /** Seconds, at least 0. */
  setDuration(seconds: number): void {
    this.#seen |= 1 << DURATION
    this.#durationSeconds = seconds
  }

  /** A member of `metadata`: the text of bytes [start, end). */
  add(member: Member, start: number, end: number): void {
    this.#members.add(member, AS.text, start, end)
  }

  /** The same for bytes that are known to need no escapes in JSON. */
  addPlain(member: Member, start: number, end: number): void {
    this.#members.add(member, AS.plain, start, end)
  }

  /** The same, written without quotes: the bytes must be a JSON number a double holds without loss. */
  addNumber(member: Member, start: number, end: number): void {
    this.#members.add(member, AS.number, start, end)
  }

  /** The same for a value that is not in the record as it stands; `json` is JSON text. Allocates. */
  addJson(member: Member, json: string): void {
    this.#members.addJson(member, json)
  }

  /** The record says a level by a word that is none: it is kept beside INFO. */
  addLevelRaw(start: number, end: number): void {
    this.#members.add(LEVEL_RAW, AS.text, start, end)
  }

  /** Why the record does not fit its format. */
  setParseError(reason: string): void {
    this.#parseError = reason
  }

  /** Appends the entry to `out` and fills in `facts`. */
  end(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    facts.hasInvalidUtf8 = this.#record.hasInvalidUtf8
    facts.hasParseError = this.#parseError !== ''
    facts.hasTimeFallback = false
    facts.level = this.level < 0 ? INFO : this.level
    facts.statusCode = this.#statusCode
    facts.durationSeconds = this.#durationSeconds
    const words = this.#words
    words.aim(out)
    words.constant(TIMESTAMP)
    this.#writeTime(line, facts)
    words.constant(LEVELS[facts.level] ?? NO_CONSTANT)
    if ((this.#seen & (1 << MESSAGE)) === 0) this.set(MESSAGE, this.#record.start, this.#record.end)
    this.#writeText(MESSAGE)
    this.#writeFields()
    facts.service = this.#serviceName()
    this.#members.write(line, this.#parseError)
    const seen = this.#seen
    const has =
      ((seen >> SERVICE) & 1 ? HAS_SERVICE : 0) |
      ((seen >> VERSION) & 1 ? HAS_VERSION : 0) |
      ((seen >> ENVIRONMENT) & 1 ? HAS_ENVIRONMENT : 0)
    words.constant(this.#tails[has] ?? NO_CONSTANT)
    words.number(line.offset)
    words.constant(END)
    words.land()
  }

  #writeTime(line: Line, facts: EntryFacts): void {
    const { time } = this
    const words = this.#words
    const isRead = this.#timeStart >= 0
    if (isRead && time.isPlausible(line.readMs)) {
      facts.timeMs = time.timeMs
      // Lines of one second often follow each other.
      if (time.timeMs === this.#writtenMs && time.decimals === 0) return words.constant(this.#written)
      const { at } = words
      words.skipTo(time.write(words.bytes, at))
      this.#writtenMs = time.decimals === 0 ? time.timeMs : -1
      if (time.decimals === 0) refill(this.#written, words.bytes, at)
      return
    }
    if (isRead) {
      facts.hasTimeFallback = true
      this.add(TIMESTAMP_RAW, this.#timeStart, this.#timeEnd)
    }
    const { envelope } = line
    if (envelope !== undefined) {
      words.copy(envelope.time)
      facts.timeMs = envelope.timeMs
      return
    }
    time.set(line.readMs)
    words.skipTo(time.write(words.bytes, words.at))
    facts.timeMs = time.timeMs
  }

  /** The text of a field, and its closing quote. */
  #writeText(field: number): void {
    const words = this.#words
    const start = this.#fieldStarts[field] ?? 0
    if (start < 0) return words.json(JSON.stringify((this.#fieldTexts[field] ?? '').toWellFormed()).slice(1))
    const end = this.#fieldEnds[field] ?? 0
    if ((this.#plain >> field) & 1) words.plain(this.#record, start, end)
    else words.text(this.#record, start, end)
  }

  #writeFields(): void {
    const words = this.#words
    let rest = this.#seen & ~(1 << MESSAGE)
    while (rest !== 0) {
      const field = 31 - Math.clz32(rest & -rest)
      rest &= rest - 1
      words.constant(KEYS[field] ?? NO_CONSTANT)
      if (field === STATUS_CODE) words.number(this.#statusCode)
      else if (field === DURATION) words.json(String(this.#durationSeconds))
      else this.#writeText(field)
    }
  }

  #serviceName(): string {
    if ((this.#seen & (1 << SERVICE)) === 0) return this.#service
    const start = this.#fieldStarts[SERVICE] ?? 0
    if (start < 0) return (this.#fieldTexts[SERVICE] ?? '').toWellFormed()
    const { bytes, view } = this.#record
    return this.#services.nameOf(bytes, view, start, this.#fieldEnds[SERVICE] ?? 0)
  }
}
