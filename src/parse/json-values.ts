/**
 * The values of a JSON line's members on their way into the entry: kept as they are where they fit, rewritten where they do
 * not, −1 where only JSON.parse can tell. One object for all lines; the member under way is in its fields, for parameters of
 * six or a result of two would be slower. Every method returns the position after the value, or −1.
 */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { writeNumber, writePadded } from './digits.ts'
import { EntryRuns } from './entry-runs.ts'
import { fieldNumber, KIND } from './fields.ts'
import { stringStop } from './json-bytes.ts'
import { decimalsOf, levelOf, levelOfOtel, secondsOfText, shifted } from './json-fit.ts'
import { JsonKey } from './json-keys.ts'
import { JsonScanner } from './json-scan.ts'
import { levelOfBytes, levelOfNumber, levelOfSeverity } from './level.ts'
import type { EntryFacts, TimeRules } from './line.ts'
import { ServiceNames } from './service-names.ts'
import { appendSpan } from './span-writer.ts'
import { TimestampReader } from './timestamp.ts'

const SERVICE = fieldNumber('service')

/** `"INFO"` of every level. */
export const LEVEL_BYTES: readonly Buffer[] = LOG_LEVELS.map((level) => Buffer.from(`"${level}"`))

/** `**` is a call of pow(3), which showed in the profile. */
const POWERS_OF_TEN = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`))

const QUOTE = 0x22
const COMMA = 0x2c
const MAX_INTEGER = 999_999_999
/** What TimestampReader takes of a text. */
const MAX_TIME_BYTES = 64
export const NO_KEY = new JsonKey('', new DataView(new ArrayBuffer(4)), { start: 0, end: 2 })

/** A member that waits for the end of the line. */
interface Held {
  isHeld: boolean
  key: JsonKey
  keyStart: number
  valueStart: number
  end: number
}

export class JsonValues {
  readonly scan = new JsonScanner()
  readonly runs = new EntryRuns(this.scan)
  readonly #time: TimestampReader
  readonly #services = new ServiceNames()
  /** Wall time of the line's read. */
  readMs = 0

  /** The member under way: its key, and where key and value begin. */
  key = NO_KEY
  keyStart = 0
  valueStart = 0
  /** It is in its field. */
  isTaken = false

  /** A time and a level that say nothing: what they are called depends on what else comes. */
  readonly badTime: Held = { isHeld: false, key: NO_KEY, keyStart: 0, valueStart: 0, end: 0 }
  readonly badLevel: Held = { isHeld: false, key: NO_KEY, keyStart: 0, valueStart: 0, end: 0 }

  constructor(rules: TimeRules) {
    this.#time = new TimestampReader(rules)
  }

  begin(readMs: number): void {
    this.readMs = readMs
    this.#time.readMs = readMs
    this.scan.quoteCount = 0
    this.badTime.isHeld = false
    this.badLevel.isHeld = false
  }

  text(facts: EntryFacts): number {
    const scan = this.scan
    const after = scan.string(this.valueStart + 1)
    if (after >= 0 && this.key.field === SERVICE) this.#service(after, facts)
    return this.keep(after)
  }

  #service(after: number, facts: EntryFacts): void {
    const { source } = this.runs
    const { view, hasEscapes } = this.scan
    if (hasEscapes) facts.service = String(JSON.parse(source.toString('utf8', this.valueStart, after)))
    else facts.service = this.#services.nameOf(source, view, this.valueStart + 1, after - 1)
  }

  textOfNumber(facts: EntryFacts): number {
    const { out, source } = this.runs
    const start = this.valueStart
    const after = this.scan.number(start)
    if (after < 0) return -1
    if (this.key.field === SERVICE) {
      facts.service = this.#services.nameOf(source, this.scan.view, start, after)
    }
    this.#writeKey()
    out.bytes[out.length++] = QUOTE
    appendSpan(out, source, start, after)
    out.bytes[out.length++] = QUOTE
    return after
  }

  timestamp(isText: boolean, facts: EntryFacts): number {
    const { view, end } = this.scan
    const time = this.#time
    let start = this.valueStart
    let stop = 0
    if (isText) {
      start++
      stop = stringStop(view, start, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
    } else {
      stop = this.scan.number(start)
      if (stop < 0) return -1
    }
    const after = isText ? stop + 1 : stop
    const isEnclosed = stop - start >= 2 && view.getUint8(start) === 0x5b && view.getUint8(stop - 1) === 0x5d
    if (isEnclosed) {
      start++
      stop--
    }
    const isRead = stop - start <= MAX_TIME_BYTES && time.read(view, start, stop)
    if (!isRead || !time.isPlausible(this.readMs)) {
      // An exponent is the one form of number that only the plain way knows.
      if (!isRead && hasExponent(view, start, stop)) return -1
      return this.key.isWeak ? this.#misfit(after, !isText) : this.#hold(this.badTime, after, !isText)
    }
    facts.timeMs = time.timeMs
    if (isText && !isEnclosed && time.isCanonical) return this.keep(after)
    this.#writeKey()
    this.#writeTime()
    return after
  }

  level(isText: boolean, facts: EntryFacts): number {
    const { view, end } = this.scan
    const start = this.valueStart
    const { kind } = this.key
    let after = -1
    let level = -1
    if (isText && kind === KIND.level) {
      const stop = stringStop(view, start + 1, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
      after = stop + 1
      level = levelOfBytes(view, start + 1, stop)
      if (level < 0) level = levelOf(this.runs.source.toString('utf8', start + 1, stop), kind)
    } else {
      after = this.#number(isText)
      if (after < 0) {
        after = isText ? this.#textWithoutEscapes() : -1
        return after < 0 ? -1 : this.#hold(this.badLevel, after, false)
      }
      if (!this.scan.isInteger) return -1
      const number = this.scan.isNegative ? -1 : this.scan.mantissa
      if (kind === KIND.level) level = levelOfNumber(number)
      else level = kind === KIND.severity ? levelOfSeverity(number) : levelOfOtel(number)
    }
    const word = LEVEL_BYTES[level]
    if (word === undefined) return this.#hold(this.badLevel, after, !isText && !this.scan.isFaithful)
    facts.level = level
    if (isText && isSame(view, start, after, word)) return this.keep(after)
    this.#writeKey()
    appendSpan(this.runs.out, word, 0, word.length)
    return after
  }

  integer(isText: boolean, facts: EntryFacts): number {
    const scan = this.scan
    const after = this.#number(isText)
    if (after < 0) return isText ? this.#misfit(this.#textWithoutEscapes(), false) : -1
    // 2e2 and 200.0 are whole numbers, too.
    if (!scan.isInteger) return -1
    if (scan.isNegative || scan.mantissa > MAX_INTEGER) return this.#misfit(after, !isText && !scan.isFaithful)
    facts.statusCode = scan.mantissa
    return this.#keepNumber(after, isText)
  }

  duration(isText: boolean, facts: EntryFacts): number {
    const scan = this.scan
    const { kind } = this.key
    const after = this.#number(isText)
    if (after < 0) return isText ? this.#durationText(facts) : -1
    if (scan.isNegative || !scan.isFaithful || kind === KIND.durationText)
      return this.#misfit(after, !isText && !scan.isFaithful)
    const decimals = decimalsOf(kind)
    const scale = scan.decimals + decimals
    const isExact = scan.isExact && scale < POWERS_OF_TEN.length
    if (decimals === 0) {
      facts.durationSeconds = isExact ? scan.mantissa / powerOfTen(scale) : this.#parseNumber(after, isText)
      return this.#keepNumber(after, isText)
    }
    this.#writeKey()
    if (isExact) {
      facts.durationSeconds = scan.mantissa / powerOfTen(scale)
      this.#writeDecimal(scan.mantissa, scale)
    } else {
      facts.durationSeconds = shifted(this.#parseNumber(after, isText), decimals)
      this.#writeText(String(facts.durationSeconds))
    }
    return after
  }

  #durationText(facts: EntryFacts): number {
    const after = this.#textWithoutEscapes()
    if (after < 0) return -1
    const seconds = secondsOfText(this.runs.source.toString('utf8', this.valueStart + 1, after - 1))
    if (seconds === undefined) return this.#misfit(after, false)
    facts.durationSeconds = seconds
    this.#writeKey()
    this.#writeText(String(seconds))
    return after
  }

  /** An address, or a list of them that stays in `metadata` and lends its first. */
  addresses(isText: boolean): number {
    // A number that becomes text would be an address to the plain way.
    if (!isText) return -1
    const after = this.#textWithoutEscapes()
    if (after < 0) return -1
    const { runs, valueStart } = this
    const { view } = this.scan
    const start = valueStart + 1
    let comma = start
    while (comma < after - 1 && view.getUint8(comma) !== COMMA) comma++
    const isNone = comma === start || (after - 1 === start + 1 && view.getUint8(start) === 0x2d)
    if (isNone) return this.#misfit(after, false)
    if (comma === after - 1) return this.keep(after)
    if (!runs.gather(this.keyStart, after)) return -1
    runs.writeText(this.key.field, start, comma)
    return after
  }

  /** Durations with 16 or 17 digits, or an exponent: Python writes them. One of the few strings the fast way makes. */
  #parseNumber(after: number, isText: boolean): number {
    const inset = isText ? 1 : 0
    return Number(this.runs.source.toString('latin1', this.valueStart + inset, after - inset))
  }

  /** A number, or the text of one: the position after it, or −1. */
  #number(isText: boolean): number {
    const scan = this.scan
    if (!isText) return scan.number(this.valueStart)
    const stop = scan.number(this.valueStart + 1)
    return stop >= 0 && stop < scan.end && scan.view.getUint8(stop) === QUOTE ? stop + 1 : -1
  }

  /** With escapes it may be another text than it looks like. */
  #textWithoutEscapes(): number {
    const after = this.scan.string(this.valueStart + 1)
    return this.scan.hasEscapes ? -1 : after
  }

  #keepNumber(after: number, isText: boolean): number {
    if (!isText) return this.keep(after)
    this.#writeKey()
    appendSpan(this.runs.out, this.runs.source, this.valueStart + 1, after - 1)
    return after
  }

  /** The value stays as it is, and its key too if it is the field's own name. */
  keep(after: number): number {
    if (after < 0) return -1
    if (this.key.isOwn) this.runs.keep(this.keyStart, after)
    else this.runs.rename(this.key.field, this.valueStart, after)
    return after
  }

  /** The key of a member whose value is written by hand. */
  #writeKey(): void {
    if (this.key.isOwn) this.runs.keepKey(this.keyStart, this.valueStart)
    else this.runs.writeKey(this.key.field)
  }

  /** The member, whatever it is, belongs to `metadata`. */
  gather(): number {
    this.isTaken = false
    const after = this.scan.value(this.valueStart, 1)
    return after >= 0 && this.runs.gather(this.keyStart, after) ? after : -1
  }

  /** A number whose text is to be kept belongs to `metadata`. */
  gatherQuoted(): number {
    return this.#misfit(this.scan.number(this.valueStart), true)
  }

  #misfit(after: number, isQuoted: boolean): number {
    this.isTaken = false
    if (after < 0 || (isQuoted && !this.scan.quote(this.valueStart, after))) return -1
    return this.runs.gather(this.keyStart, after) ? after : -1
  }

  #hold(held: Held, after: number, isQuoted: boolean): number {
    this.isTaken = false
    if (held.isHeld || (isQuoted && !this.scan.quote(this.valueStart, after))) return -1
    held.isHeld = true
    held.key = this.key
    held.keyStart = this.keyStart
    held.valueStart = this.valueStart
    held.end = after
    this.runs.flush()
    return after
  }

  /** The time of the read as a value, for a line that has none. */
  writeReadTime(): void {
    this.#time.set(this.readMs)
    this.#writeTime()
  }

  /** `"` time `"`. */
  #writeTime(): void {
    const { out } = this.runs
    out.bytes[out.length++] = QUOTE
    out.length = this.#time.write(out.bytes, out.length)
    out.bytes[out.length++] = QUOTE
  }

  #writeText(ascii: string): void {
    const { out } = this.runs
    out.length += out.bytes.write(ascii, out.length, 'latin1')
  }

  /** mantissa ÷ 10^decimals, exactly. */
  #writeDecimal(mantissa: number, decimals: number): void {
    const { out } = this.runs
    const scale = powerOfTen(decimals)
    const whole = Math.floor(mantissa / scale)
    out.length = writeNumber(out.bytes, out.length, whole)
    out.bytes[out.length++] = 0x2e
    out.length = writePadded(out.bytes, out.length, mantissa - whole * scale, decimals)
  }
}

/** A digit first, and an `e` after digits and points: what Number would take and the reader does not. */
function hasExponent(view: DataView, start: number, end: number): boolean {
  let i = start
  while (i < end && ((view.getUint8(i) >= 0x30 && view.getUint8(i) <= 0x39) || view.getUint8(i) === 0x2e)) i++
  return i > start && i < end && (view.getUint8(i) | 0x20) === 0x65
}

function isSame(view: DataView, start: number, end: number, expected: Buffer): boolean {
  if (end - start !== expected.length) return false
  for (let i = 0; i < expected.length; i++) if (view.getUint8(start + i) !== expected[i]) return false
  return true
}

function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent] ?? 1
}
