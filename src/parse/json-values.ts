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
import { JsonKey } from './json-keys.ts'
import { JsonScanner } from './json-scan.ts'
import { levelOfBytes, levelOfNumber, levelOfSeverity } from './level.ts'
import type { EntryFacts } from './line.ts'
import { ServiceNames } from './service-names.ts'
import { appendSpan } from './span-writer.ts'
import { TimestampReader } from './timestamp.ts'

const SERVICE = fieldNumber('service')

/** `"INFO"` of every level. */
export const LEVEL_BYTES: readonly Buffer[] = LOG_LEVELS.map((level) => Buffer.from(`"${level}"`))

/** `**` is a call of pow(3), which showed in the profile. */
const POWERS_OF_TEN = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`))

const QUOTE = 0x22
const MAX_INTEGER = 999_999_999
const NO_KEY = new JsonKey('', new DataView(new ArrayBuffer(4)), 0)

export class JsonValues {
  readonly scan = new JsonScanner()
  readonly runs = new EntryRuns()
  readonly #time = new TimestampReader()
  readonly #services = new ServiceNames()
  /** Wall time of the line's read. */
  readMs = 0

  /** The member under way: its key, and where key and value begin. */
  key = NO_KEY
  keyStart = 0
  valueStart = 0

  text(facts: EntryFacts): number {
    const scan = this.scan
    const after = scan.string(this.valueStart + 1)
    if (after >= 0 && this.key.field === SERVICE) {
      if (scan.hasEscapes) return -1
      facts.service = this.#services.nameOf(this.runs.source, scan.view, this.valueStart + 1, after - 1)
    }
    return this.keep(after)
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
    let after = -1
    if (isText) {
      const start = this.valueStart + 1
      const stop = stringStop(view, start, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE || !time.read(view, start, stop)) return -1
      after = stop + 1
    } else {
      after = this.scan.number(this.valueStart)
      if (after < 0 || !time.readEpoch(view, this.valueStart, after)) return -1
    }
    if (!time.isPlausible(this.readMs)) return -1
    facts.timeMs = time.timeMs
    if (isText && time.isCanonical) return this.keep(after)
    this.#writeKey()
    this.#writeTime()
    return after
  }

  level(isText: boolean, facts: EntryFacts): number {
    const { view, end } = this.scan
    const start = this.valueStart
    const isSeverity = this.key.kind === KIND.severity
    let after = -1
    let level = -1
    if (isText && !isSeverity) {
      const stop = stringStop(view, start + 1, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
      after = stop + 1
      level = levelOfBytes(view, start + 1, stop)
    } else {
      after = this.#number(isText)
      if (after < 0 || !this.scan.isInteger || this.scan.isNegative) return -1
      level = isSeverity ? levelOfSeverity(this.scan.mantissa) : levelOfNumber(this.scan.mantissa)
    }
    const word = LEVEL_BYTES[level]
    if (word === undefined) return -1
    facts.level = level
    if (isText && isSame(view, start, after, word)) return this.keep(after)
    this.#writeKey()
    appendSpan(this.runs.out, word, 0, word.length)
    return after
  }

  integer(isText: boolean, facts: EntryFacts): number {
    const scan = this.scan
    const after = this.#number(isText)
    if (after < 0 || !scan.isInteger || scan.isNegative || scan.mantissa > MAX_INTEGER) return -1
    facts.statusCode = scan.mantissa
    return this.#keepNumber(after, isText)
  }

  duration(isText: boolean, facts: EntryFacts): number {
    const scan = this.scan
    const after = this.#number(isText)
    if (after < 0 || scan.isNegative || !scan.isFaithful) return -1
    if (this.key.kind === KIND.milliseconds) {
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
    return Number(this.runs.source.toString('latin1', this.valueStart + inset, after - inset))
  }

  /** A number, or the text of one: the position after it, or −1. */
  #number(isText: boolean): number {
    const scan = this.scan
    if (!isText) return scan.number(this.valueStart)
    const stop = scan.number(this.valueStart + 1)
    return stop >= 0 && stop < scan.end && scan.view.getUint8(stop) === QUOTE ? stop + 1 : -1
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

  gather(): number {
    const after = this.scan.value(this.valueStart, 1)
    return after >= 0 && this.runs.gather(this.keyStart, after) ? after : -1
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

function isSame(view: DataView, start: number, end: number, expected: Buffer): boolean {
  if (end - start !== expected.length) return false
  for (let i = 0; i < expected.length; i++) if (view.getUint8(start + i) !== expected[i]) return false
  return true
}

function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent] ?? 1
}
