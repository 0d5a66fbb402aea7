/**
 * The fast way from a JSON line to an entry: one walk over the bytes of the line, without objects and strings. Most members
 * of a line *are* members of the entry and are copied (entry-runs.ts); rewritten is only what differs: a level's word, a
 * time's form, a key with another spelling, a number where text is due and the other way round.
 *
 * It accepts only what it is sure of. A line it refuses is read by JSON.parse (json.ts), and a property test holds that the
 * two agree on every line it accepts. Written against the grain, with fields for results and numbers for kinds, so that
 * nothing is allocated per line.
 */
import { isUtf8 } from 'node:buffer'
import { LOG_LEVELS } from '../model/log-entry.ts'
import { writeNumber, writePadded } from './digits.ts'
import { EntryRuns } from './entry-runs.ts'
import { type EntryTail, HAS_ENVIRONMENT, HAS_SERVICE, HAS_VERSION } from './entry-tail.ts'
import { fieldNumber, KIND } from './fields.ts'
import { JsonKey, JsonKeys } from './json-keys.ts'
import { JsonScanner, skipBlanks, stringStop } from './json-scan.ts'
import { INFO, levelOfBytes, levelOfNumber, levelOfSeverity } from './level.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from './line.ts'
import { ServiceNames } from './service-names.ts'
import { appendEscaped, appendSpan } from './span-writer.ts'
import { TimestampReader } from './timestamp.ts'

const TIMESTAMP = fieldNumber('timestamp')
const LEVEL = fieldNumber('level')
const MESSAGE = fieldNumber('message')
const SERVICE = fieldNumber('service')
const VERSION = fieldNumber('version')
const ENVIRONMENT = fieldNumber('environment')
const METADATA = fieldNumber('metadata')

/** `"INFO"` of every level. */
const LEVEL_BYTES: readonly Buffer[] = LOG_LEVELS.map((level) => Buffer.from(`"${level}"`))

/** More than all rewriting can add to a line: every key once in its longest spelling, quotes, commas, a time. */
const GROWTH_BYTES = 1024

/** `**` is a call of pow(3): 40 ns. */
const POWERS_OF_TEN = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`))

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LETTER_N = 0x6e

const NO_KEY = new JsonKey('', new DataView(new ArrayBuffer(4)), 0)

export class JsonTranscoder {
  readonly #tail: EntryTail
  readonly #service: string
  readonly #scan = new JsonScanner()
  readonly #keys = new JsonKeys()
  readonly #time = new TimestampReader()
  readonly #services = new ServiceNames()
  readonly #runs = new EntryRuns()

  #readMs = 0
  /** Fields the entry under way has, as bits. */
  #seen = 0
  /** The member under way: its key, and where key and value begin. */
  #key = NO_KEY
  #keyStart = 0
  #valueStart = 0

  constructor(context: LineContext, tail: EntryTail) {
    this.#tail = tail
    this.#service = context.service
  }

  /** Appends the entry of the line, or returns false and leaves `out` as it was; `facts` count only after true. */
  transcode(line: Line, out: NdjsonBuffer, facts: EntryFacts): boolean {
    const { bytes, start, end } = line
    if (line.isTruncated || line.isPartial || line.isContinued) return false
    if (!line.isUtf8 && !isUtf8(bytes.subarray(start, end))) return false
    if (bytes !== this.#runs.source) {
      this.#runs.source = bytes
      this.#scan.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    this.#scan.end = end
    this.#readMs = line.readMs
    this.#seen = 0
    facts.timeMs = line.readMs
    facts.level = INFO
    facts.service = this.#service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasInvalidUtf8 = false
    out.reserve(end - start + GROWTH_BYTES)
    this.#runs.begin(out)
    if (this.#members(start, facts) && this.#finish(line)) return true
    out.length = this.#runs.start
    return false
  }

  #members(start: number, facts: EntryFacts): boolean {
    const { view, end } = this.#scan
    const keys = this.#keys
    keys.beginLine()
    let at = skipBlanks(view, start, end)
    if (at >= end || view.getUint8(at) !== OPEN_BRACE) return false
    at = skipBlanks(view, at + 1, end)
    if (at < end && view.getUint8(at) === CLOSE_BRACE) return skipBlanks(view, at + 1, end) === end
    for (;;) {
      const key = keys.take(view, at, end)
      if (key === undefined) return false
      this.#keyStart = at
      this.#key = key
      at += key.length
      // Blanks are asked for only when what is due does not come at once: 0.15 s per 1,000,000 lines.
      if (at < end && view.getUint8(at) !== COLON) at = skipBlanks(view, at, end)
      if (at >= end || view.getUint8(at) !== COLON) return false
      if (++at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      this.#valueStart = at
      at = this.#member(view.getUint8(at), facts)
      if (at < 0) return false
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      const byte = view.getUint8(at++)
      if (byte !== COMMA) return byte === CLOSE_BRACE && skipBlanks(view, at, end) === end
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
    }
  }

  /** The member under way, whose value begins with the byte `first`: the position after the value, or −1. */
  #member(first: number, facts: EntryFacts): number {
    const kind = this.#key.kind
    if (kind === KIND.unknown) return this.#gather()
    // null: the field is unknown, as if the member were not there.
    if (first === LETTER_N) {
      this.#runs.flush()
      return this.#scan.literal(this.#valueStart)
    }
    const bit = 1 << this.#key.field
    const isText = first === QUOTE
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39)
    if ((this.#seen & bit) !== 0) {
      // Another spelling came before. An own name would win, and a number may have become text: json.ts knows.
      return this.#key.isOwn || isNumber ? -1 : this.#gather()
    }
    if (kind === KIND.object ? first !== OPEN_BRACE : !isText && !isNumber) return this.#gather()
    this.#seen |= bit
    switch (kind) {
      case KIND.text:
        return isText ? this.#text(facts) : this.#textOfNumber(facts)
      case KIND.time:
        return this.#timestamp(isText, facts)
      case KIND.level:
      case KIND.severity:
        return this.#level(isText, facts)
      case KIND.integer:
        return this.#integer(isText, facts)
      case KIND.object:
        return this.#keep(this.#scan.value(this.#valueStart, 1))
      default:
        return this.#duration(isText, facts)
    }
  }

  #text(facts: EntryFacts): number {
    const scan = this.#scan
    const after = scan.string(this.#valueStart + 1)
    if (after >= 0 && this.#key.field === SERVICE) {
      if (scan.hasEscapes) return -1
      facts.service = this.#services.nameOf(this.#runs.source, scan.view, this.#valueStart + 1, after - 1)
    }
    return this.#keep(after)
  }

  #textOfNumber(facts: EntryFacts): number {
    const { out, source } = this.#runs
    const start = this.#valueStart
    const after = this.#scan.number(start)
    if (after < 0) return -1
    if (this.#key.field === SERVICE) {
      facts.service = this.#services.nameOf(source, this.#scan.view, start, after)
    }
    this.#writeKey()
    out.bytes[out.length++] = QUOTE
    appendSpan(out, source, start, after)
    out.bytes[out.length++] = QUOTE
    return after
  }

  #timestamp(isText: boolean, facts: EntryFacts): number {
    const { view, end } = this.#scan
    const time = this.#time
    let after = -1
    if (isText) {
      const start = this.#valueStart + 1
      const stop = stringStop(view, start, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE || !time.read(view, start, stop)) return -1
      after = stop + 1
    } else {
      after = this.#scan.number(this.#valueStart)
      if (after < 0 || !time.readEpoch(view, this.#valueStart, after)) return -1
    }
    if (!time.isPlausible(this.#readMs)) return -1
    facts.timeMs = time.timeMs
    if (isText && time.isCanonical) return this.#keep(after)
    this.#writeKey()
    this.#writeTime()
    return after
  }

  #level(isText: boolean, facts: EntryFacts): number {
    const { view, end } = this.#scan
    const start = this.#valueStart
    const isSeverity = this.#key.kind === KIND.severity
    let after = -1
    let level = -1
    if (isText && !isSeverity) {
      const stop = stringStop(view, start + 1, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
      after = stop + 1
      level = levelOfBytes(view, start + 1, stop)
    } else {
      after = this.#number(isText)
      if (after < 0 || !this.#scan.isInteger || this.#scan.isNegative) return -1
      level = isSeverity ? levelOfSeverity(this.#scan.mantissa) : levelOfNumber(this.#scan.mantissa)
    }
    const word = LEVEL_BYTES[level]
    if (word === undefined) return -1
    facts.level = level
    if (isText && isSame(view, start, after, word)) return this.#keep(after)
    this.#writeKey()
    appendSpan(this.#runs.out, word, 0, word.length)
    return after
  }

  #integer(isText: boolean, facts: EntryFacts): number {
    const scan = this.#scan
    const after = this.#number(isText)
    if (after < 0 || !scan.isInteger || scan.isNegative || scan.mantissa > 999_999_999) return -1
    facts.statusCode = scan.mantissa
    return this.#keepNumber(after, isText)
  }

  #duration(isText: boolean, facts: EntryFacts): number {
    const scan = this.#scan
    const after = this.#number(isText)
    if (after < 0 || scan.isNegative || !scan.isFaithful) return -1
    if (this.#key.kind === KIND.milliseconds) {
      if (!scan.isExact) return -1
      facts.durationSeconds = scan.mantissa / powerOfTen(scan.decimals + 3)
      this.#writeKey()
      this.#writeDecimal(scan.mantissa, scan.decimals + 3)
      return after
    }
    facts.durationSeconds = scan.isExact ? scan.mantissa / powerOfTen(scan.decimals) : this.#parseNumber(after, isText)
    return this.#keepNumber(after, isText)
  }

  /** Durations with 16 or 17 digits, or an exponent: Python writes them. The one string the fast way makes. */
  #parseNumber(after: number, isText: boolean): number {
    const inset = isText ? 1 : 0
    return Number(this.#runs.source.toString('latin1', this.#valueStart + inset, after - inset))
  }

  /** A number, or the text of one: the position after it, or −1. */
  #number(isText: boolean): number {
    const scan = this.#scan
    if (!isText) return scan.number(this.#valueStart)
    const stop = scan.number(this.#valueStart + 1)
    return stop >= 0 && stop < scan.end && scan.view.getUint8(stop) === QUOTE ? stop + 1 : -1
  }

  #keepNumber(after: number, isText: boolean): number {
    if (!isText) return this.#keep(after)
    this.#writeKey()
    appendSpan(this.#runs.out, this.#runs.source, this.#valueStart + 1, after - 1)
    return after
  }

  /** The value stays as it is, and its key too if it is the field's own name. */
  #keep(after: number): number {
    if (after < 0) return -1
    if (this.#key.isOwn) this.#runs.keep(this.#keyStart, after)
    else this.#runs.rename(this.#key.field, this.#valueStart, after)
    return after
  }

  /** The key of a member whose value is written by hand. */
  #writeKey(): void {
    if (this.#key.isOwn) this.#runs.keepKey(this.#keyStart, this.#valueStart)
    else this.#runs.writeKey(this.#key.field)
  }

  #gather(): number {
    const after = this.#scan.value(this.#valueStart, 1)
    return after >= 0 && this.#runs.gather(this.#keyStart, after) ? after : -1
  }

  /** `"` time `"`. */
  #writeTime(): void {
    const { out } = this.#runs
    out.bytes[out.length++] = QUOTE
    out.length = this.#time.write(out.bytes, out.length)
    out.bytes[out.length++] = QUOTE
  }

  /** mantissa ÷ 10^decimals, exactly. */
  #writeDecimal(mantissa: number, decimals: number): void {
    const { out } = this.#runs
    const scale = powerOfTen(decimals)
    const whole = Math.floor(mantissa / scale)
    out.length = writeNumber(out.bytes, out.length, whole)
    out.bytes[out.length++] = 0x2e
    out.length = writePadded(out.bytes, out.length, mantissa - whole * scale, decimals)
  }

  /** What the line did not say. A line without a message is its own message. */
  #finish(line: Line): boolean {
    const runs = this.#runs
    const seen = this.#seen
    if (runs.hasSpans && (seen & (1 << METADATA)) !== 0) return false
    runs.writeMetadata()
    const { out } = runs
    if ((seen & (1 << MESSAGE)) === 0) {
      runs.writeKey(MESSAGE)
      out.bytes[out.length++] = QUOTE
      appendEscaped(out, line.bytes, { view: this.#scan.view, start: line.start, end: line.end })
      out.reserve(GROWTH_BYTES)
      out.bytes[out.length++] = QUOTE
    }
    if ((seen & (1 << TIMESTAMP)) === 0) {
      runs.writeKey(TIMESTAMP)
      this.#time.set(line.readMs)
      this.#writeTime()
    }
    if ((seen & (1 << LEVEL)) === 0) {
      const word = LEVEL_BYTES[INFO]
      runs.writeKey(LEVEL)
      if (word !== undefined) appendSpan(out, word, 0, word.length)
    }
    const service = (seen >> SERVICE) & 1 ? HAS_SERVICE : 0
    const version = (seen >> VERSION) & 1 ? HAS_VERSION : 0
    const environment = (seen >> ENVIRONMENT) & 1 ? HAS_ENVIRONMENT : 0
    this.#tail.write(out, service | version | environment, line.offset)
    return true
  }
}

function isSame(view: DataView, start: number, end: number, expected: Buffer): boolean {
  if (end - start !== expected.length) return false
  for (let i = 0; i < expected.length; i++) if (view.getUint8(start + i) !== expected[i]) return false
  return true
}

function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent] ?? 1
}
