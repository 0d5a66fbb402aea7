/** The fields of one entry under construction: what was taken, and what may yet stand in for what was not. */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { FIELD_NAMES, fieldNumber, KIND, type Spelling } from './fields.ts'
import { isObject } from './json-dialects.ts'
import { integerOf, levelOf, levelOfStatus, secondsOf } from './json-fit.ts'
import { INFO } from './level.ts'
import type { EntryFacts, Line, TimeRules } from './line.ts'
import type { Metadata } from './metadata.ts'
import { TimestampReader } from './timestamp.ts'
import { TraceContext } from './trace-context.ts'

const TIMESTAMP = fieldNumber('timestamp')
const LEVEL = fieldNumber('level')
const TRACE_ID = fieldNumber('trace_id')
const SPAN_ID = fieldNumber('span_id')
const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')
const STATUS_CODE = fieldNumber('status_code')
const METADATA = fieldNumber('metadata')

const REQUEST_LINE = /^([A-Z]{3,20}) ([^ ]+) HTTP\/\d(?:\.\d)?$/

/** What becomes of a member: it stays where it is, goes into its field, or both. */
export type Fate = 'stays' | 'goes' | 'copied'

export interface Member {
  readonly key: string
  readonly value: unknown
}

/** What of a line, besides its members, an entry is made from. */
export interface Workplace {
  readonly line: Line
  readonly facts: EntryFacts
  readonly metadata: Metadata
}

/** One object for all lines of a file. */
export class TakenFields {
  readonly #reader: TimestampReader
  readonly #context = new TraceContext()
  readonly #scratch = Buffer.alloc(40)
  readonly #values: unknown[] = FIELD_NAMES.map(() => undefined)
  /** Fields that have a value, as bits. */
  #seen = 0
  #readMs = 0
  #timeMs = 0
  #level = -1
  /** The object whose seconds were taken. */
  #secondsFrom: object | undefined
  /** What a trace context or a request line gives, if nothing better comes. */
  #traceId = ''
  #spanId = ''
  #method = ''
  #path = ''
  /** Times and levels that say nothing: the first becomes a note when nothing better comes. */
  #badTime: Member | undefined
  #badLevel: Member | undefined
  /** They are not in `metadata` yet. */
  #isTimeMoved = false
  #isLevelMoved = false

  constructor(rules: TimeRules) {
    this.#reader = new TimestampReader(rules)
  }

  begin(line: Line): void {
    this.#readMs = line.readMs
    this.#reader.readMs = line.readMs
    this.#seen = 0
    this.#values.fill(undefined)
    this.#level = -1
    this.#traceId = this.#spanId = this.#method = this.#path = ''
    this.#badTime = this.#badLevel = this.#secondsFrom = undefined
  }

  /** The record's own `metadata`. */
  get metadata(): unknown {
    return this.#values[METADATA]
  }

  /** `around` is the object the value is in. */
  take({ field, kind }: Spelling, value: unknown, around: Readonly<Record<string, unknown>>): Fate {
    if (kind === KIND.trace) return this.#takeTrace(value)
    if (kind === KIND.requestLine) return this.#takeRequest(value)
    if (kind === KIND.nanos) return this.#secondsFrom === around ? 'goes' : 'stays'
    if (((this.#seen >> field) & 1) === 1) return 'stays'
    switch (kind) {
      case KIND.text:
        if (typeof value === 'string') return this.#put(field, value)
        return typeof value === 'number' ? this.#put(field, String(value)) : 'stays'
      case KIND.time:
        return this.#takeTime(value)
      case KIND.epochSeconds:
        return this.#takeSeconds(value, around)
      case KIND.level:
      case KIND.severity:
      case KIND.otelSeverity:
      case KIND.letter: {
        const level = levelOf(value, kind)
        if (level < 0) return 'stays'
        this.#level = level
        return this.#put(field, level)
      }
      case KIND.integer: {
        const number = integerOf(value)
        return number === undefined ? 'stays' : this.#put(field, number)
      }
      case KIND.object:
        return isObject(value) ? this.#put(field, value) : 'stays'
      case KIND.addresses:
        return this.#takeAddress(field, value)
      default: {
        const seconds = secondsOf(value, kind)
        return seconds === undefined ? 'stays' : this.#put(field, seconds)
      }
    }
  }

  #put(field: number, value: unknown): Fate {
    this.#seen |= 1 << field
    this.#values[field] = value
    return 'goes'
  }

  #takeTime(value: unknown): Fate {
    if (typeof value !== 'string' && typeof value !== 'number') return 'stays'
    const reader = this.#reader
    // An exponent is the one form of number the reader does not know.
    const text = typeof value === 'string' && /^\d[\d.]*[eE]/.test(value) ? String(Number(value)) : String(value)
    if (!reader.readText(unbracketed(text)) || !reader.isPlausible(this.#readMs)) return 'stays'
    this.#timeMs = reader.timeMs
    return this.#put(TIMESTAMP, reader.isCanonical ? unbracketed(text) : this.#written())
  }

  #takeSeconds(value: unknown, around: Readonly<Record<string, unknown>>): Fate {
    const { nanos, nanoOfSecond, timestampNanos } = around
    const part = Number(nanos ?? nanoOfSecond ?? timestampNanos ?? 0)
    const hasNanos = Number.isInteger(part) && part >= 0 && part <= 999_999_999
    if (!hasNanos || !/^\d{1,11}$/.test(String(value))) return 'stays'
    const fate = this.#takeTime(`${value}.${String(part).padStart(9, '0')}`)
    if (fate === 'goes') this.#secondsFrom = around
    return fate
  }

  /** The time read last, as text. */
  #written(): string {
    return this.#scratch.toString('latin1', 0, this.#reader.write(this.#scratch, 0))
  }

  #takeAddress(field: number, value: unknown): Fate {
    if (typeof value !== 'string' || value === '' || value === '-') return 'stays'
    const comma = value.indexOf(',')
    if (comma < 0) return this.#put(field, value)
    if (comma === 0) return 'stays'
    this.#put(field, value.slice(0, comma))
    return 'copied'
  }

  #takeTrace(value: unknown): Fate {
    if (typeof value !== 'string' || this.#traceId !== '') return 'stays'
    const bytes = Buffer.from(value)
    const context = this.#context
    if (!context.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)) return 'stays'
    this.#traceId = bytes.toString('latin1', context.traceStart, context.traceEnd)
    this.#spanId = bytes.toString('latin1', context.spanStart, context.spanEnd)
    return 'copied'
  }

  #takeRequest(value: unknown): Fate {
    const match = typeof value === 'string' ? REQUEST_LINE.exec(value) : null
    if (match === null) return 'stays'
    this.#method = match[1] ?? ''
    this.#path = match[2] ?? ''
    return 'copied'
  }

  /** Keeps a time or a level that says nothing for a note; false: it is none, or one is kept already. */
  noteBad({ kind, field }: Spelling, member: Member, isMoved: boolean): boolean {
    if (typeof member.value !== 'string' && typeof member.value !== 'number') return false
    if (((this.#seen >> field) & 1) === 1) return false
    if (field === TIMESTAMP && kind !== KIND.nanos && this.#badTime === undefined) {
      this.#badTime = member
      this.#isTimeMoved = isMoved
      return true
    }
    if (field !== LEVEL || kind === KIND.letter || this.#badLevel !== undefined) return false
    this.#badLevel = member
    this.#isLevelMoved = isMoved
    return true
  }

  #has(field: number): boolean {
    return ((this.#seen >> field) & 1) === 1
  }

  /** The entry, but for what the line did not say; it has `timestamp` and `level`. */
  finish({ line, facts, metadata }: Workplace): Record<string, unknown> {
    const values = this.#values
    if (this.#traceId !== '' && !this.#has(TRACE_ID)) {
      this.#put(TRACE_ID, this.#traceId)
      if (this.#spanId !== '' && !this.#has(SPAN_ID)) this.#put(SPAN_ID, this.#spanId)
    }
    if (this.#method !== '' && !this.#has(METHOD) && !this.#has(PATH)) {
      this.#put(METHOD, this.#method)
      this.#put(PATH, this.#path)
    }
    const entry: Record<string, unknown> = { timestamp: this.#timestamp({ line, facts, metadata }) }
    const status = values[STATUS_CODE]
    if (this.#badLevel !== undefined) {
      if (!this.#has(LEVEL)) metadata.note('level_raw', this.#badLevel.value)
      else if (this.#isLevelMoved) metadata.add(this.#badLevel.key, this.#badLevel.value)
    }
    if (!this.#has(LEVEL))
      this.#level = this.#has(METHOD) || this.#has(PATH) ? levelOfStatus(Number(status ?? 0)) : INFO
    facts.level = this.#level
    entry.level = LOG_LEVELS[this.#level]
    for (let field = LEVEL + 1; field < METADATA; field++) {
      if (this.#has(field)) entry[FIELD_NAMES[field] ?? ''] = values[field]
    }
    if (typeof entry.service === 'string') facts.service = entry.service.toWellFormed()
    if (typeof status === 'number') facts.statusCode = status
    if (typeof entry.duration === 'number') facts.durationSeconds = entry.duration
    return entry
  }

  /** The canonical text of the record's time, or of the one that stands in for it. */
  #timestamp({ line, facts, metadata }: Workplace): unknown {
    const bad = this.#badTime
    if (this.#has(TIMESTAMP)) {
      facts.timeMs = this.#timeMs
      if (bad !== undefined && this.#isTimeMoved) metadata.add(bad.key, bad.value)
      return this.#values[TIMESTAMP]
    }
    if (bad !== undefined) {
      metadata.note('timestamp_raw', bad.value)
      facts.hasTimeFallback = true
    }
    if (line.envelope !== undefined) {
      facts.timeMs = line.envelope.timeMs
      return line.envelope.time.toString()
    }
    this.#reader.set(this.#readMs)
    facts.timeMs = this.#reader.timeMs
    return this.#written()
  }
}

/** Tomcat writes its times in brackets. */
function unbracketed(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
}
