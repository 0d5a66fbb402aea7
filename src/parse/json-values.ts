/**
 * The values of a JSON line's members on their way into the entry: kept as they are where they fit, rewritten where they do
 * not, −1 where only JSON.parse can tell. Every method takes the value of the member under way and returns the position after
 * it, or −1.
 */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { fieldNumber, KIND } from './fields.ts'
import { JsonAmounts } from './json-amounts.ts'
import { stringStop, viewOf } from './json-bytes.ts'
import { levelOf, levelOfOtel } from './json-fit.ts'
import type { JsonMember } from './json-member.ts'
import { LastMinute } from './last-minute.ts'
import { levelOfBytes, levelOfNumber, levelOfSeverity } from './level.ts'
import type { EntryFacts, TimeRules } from './line.ts'
import { ServiceNames } from './service-names.ts'
import { appendWords } from './span-writer.ts'
import { TimestampReader } from './timestamp.ts'

const SERVICE = fieldNumber('service')

/** `"INFO"` of every level. */
export const LEVEL_BYTES: readonly DataView[] = LOG_LEVELS.map((level) => viewOf(Buffer.from(`"${level}"`)))

const QUOTE = 0x22
const COMMA = 0x2c
/** What TimestampReader takes of a text. */
const MAX_TIME_BYTES = 64
/** What LastMinute takes, with its quotes. */
const MINUTE_FORM_BYTES = 26

/** A member that waits for the end of the line. */
interface Held {
  isHeld: boolean
  keyStart: number
  valueStart: number
  end: number
}

export class JsonValues {
  readonly #member: JsonMember
  readonly #amounts: JsonAmounts
  readonly #time: TimestampReader
  readonly #minute = new LastMinute()
  /** A layout of the rules might read such a time otherwise. */
  readonly #isMinuteKept: boolean
  readonly #services = new ServiceNames()
  #readMs = 0

  /** A time and a level that say nothing: what they are called depends on what else comes. */
  readonly badTime: Held = { isHeld: false, keyStart: 0, valueStart: 0, end: 0 }
  readonly badLevel: Held = { isHeld: false, keyStart: 0, valueStart: 0, end: 0 }

  constructor(member: JsonMember, rules: TimeRules) {
    this.#member = member
    this.#amounts = new JsonAmounts(member)
    this.#time = new TimestampReader(rules)
    this.#isMinuteKept = rules.layout === undefined
  }

  /** `readMs`: wall time of the line's read. */
  begin(readMs: number): void {
    this.#readMs = readMs
    this.#time.readMs = readMs
    this.badTime.isHeld = false
    this.badLevel.isHeld = false
  }

  /** A text or a number, or an object; the kind of the key says what of. Afterwards `isTaken` says whether it fits. */
  take(isText: boolean, facts: EntryFacts): number {
    this.#member.isTaken = true
    switch (this.#member.key.kind) {
      case KIND.text:
        return isText ? this.text(facts) : this.#textOfNumber(facts)
      case KIND.time:
        return this.#timestamp(isText, facts)
      case KIND.level:
      case KIND.severity:
      case KIND.otelSeverity:
        return this.#level(isText, facts)
      case KIND.integer:
        return this.#amounts.integer(isText, facts)
      case KIND.addresses:
        return this.#addresses(isText)
      default:
        return this.#amounts.duration(isText, facts)
    }
  }

  text(facts: EntryFacts): number {
    const member = this.#member
    const after = member.scan.string(member.valueStart + 1)
    if (after >= 0 && member.key.field === SERVICE) this.#service(after, facts)
    return member.keep(after)
  }

  #service(after: number, facts: EntryFacts): void {
    const { runs, scan, valueStart } = this.#member
    const { source } = runs
    if (scan.hasEscapes) facts.service = String(JSON.parse(source.toString('utf8', valueStart, after)))
    else facts.service = this.#services.nameOf(source, scan.view, valueStart + 1, after - 1)
  }

  #textOfNumber(facts: EntryFacts): number {
    const { key, runs, scan, valueStart } = this.#member
    const { out, source } = runs
    const after = this.#member.readNumber(false)
    if (after < 0) return -1
    if (key.field === SERVICE) facts.service = this.#services.nameOf(source, scan.view, valueStart, after)
    this.#member.writeKey()
    out.bytes[out.length++] = QUOTE
    appendWords(out, scan.view, valueStart, after)
    out.bytes[out.length++] = QUOTE
    return after
  }

  #timestamp(isText: boolean, facts: EntryFacts): number {
    const member = this.#member
    const { view, end } = member.scan
    const time = this.#time
    let start = member.valueStart
    let stop = 0
    if (isText && this.#minute.read(view, start + 1, end) && this.#minute.timeMs <= this.#readMs) {
      facts.timeMs = this.#minute.timeMs
      return member.keep(start + MINUTE_FORM_BYTES)
    }
    if (isText) {
      start++
      stop = stringStop(view, start, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
    } else {
      stop = member.readNumber(false)
      if (stop < 0) return -1
    }
    const after = isText ? stop + 1 : stop
    const isEnclosed = stop - start >= 2 && view.getUint8(start) === 0x5b && view.getUint8(stop - 1) === 0x5d
    if (isEnclosed) {
      start++
      stop--
    }
    const isRead = stop - start <= MAX_TIME_BYTES && time.read(view, start, stop)
    if (!isRead || !time.isPlausible(this.#readMs)) {
      // An exponent is the one form of number that only the plain way knows.
      if (!isRead && hasExponent(view, start, stop)) return -1
      return member.key.isWeak ? member.misfit(after, !isText) : this.#hold(this.badTime, after, !isText)
    }
    facts.timeMs = time.timeMs
    if (isText && !isEnclosed && time.isCanonical) {
      if (this.#isMinuteKept) this.#minute.learn(view, start, { end: stop, timeMs: time.timeMs })
      return member.keep(after)
    }
    member.writeKey()
    this.#writeTime()
    return after
  }

  #level(isText: boolean, facts: EntryFacts): number {
    const member = this.#member
    const { view, end, number } = member.scan
    const { runs } = member
    const start = member.valueStart
    const { kind } = member.key
    let after = -1
    let level = -1
    if (isText && kind === KIND.level) {
      const stop = stringStop(view, start + 1, end)
      if (stop >= end || view.getUint8(stop) !== QUOTE) return -1
      after = stop + 1
      level = levelOfBytes(view, start + 1, stop)
      if (level < 0) level = levelOf(runs.source.toString('utf8', start + 1, stop), kind)
    } else {
      after = member.readNumber(isText)
      if (after < 0) {
        after = isText ? member.textWithoutEscapes() : -1
        return after < 0 ? -1 : this.#hold(this.badLevel, after, false)
      }
      if (!number.isInteger) return -1
      const value = number.isNegative ? -1 : number.mantissa
      if (kind === KIND.level) level = levelOfNumber(value)
      else level = kind === KIND.severity ? levelOfSeverity(value) : levelOfOtel(value)
    }
    const word = LEVEL_BYTES[level]
    if (word === undefined) return this.#hold(this.badLevel, after, !isText && !number.isFaithful)
    facts.level = level
    if (isText && isSame(view, start, after, word)) return member.keep(after)
    member.writeKey()
    appendWords(runs.out, word, 0, word.byteLength)
    return after
  }

  /** An address, or a list of them that stays in `metadata` and lends its first. */
  #addresses(isText: boolean): number {
    // A number that becomes text would be an address to the plain way.
    if (!isText) return -1
    const member = this.#member
    const after = member.textWithoutEscapes()
    if (after < 0) return -1
    const { key, runs, valueStart } = member
    const { view } = member.scan
    const start = valueStart + 1
    let comma = start
    while (comma < after - 1 && view.getUint8(comma) !== COMMA) comma++
    const isNone = comma === start || (after - 1 === start + 1 && view.getUint8(start) === 0x2d)
    if (isNone) return member.misfit(after, false)
    if (comma === after - 1) return member.keep(after)
    if (!runs.gather(member.keyStart, after)) return -1
    runs.writeText(key.field, start, comma)
    return after
  }

  #hold(held: Held, after: number, isQuoted: boolean): number {
    const member = this.#member
    member.isTaken = false
    // In a nest it stays where it is and is a note besides, which is rare enough for the plain way.
    if (held.isHeld || member.depth > 1) return -1
    if (isQuoted && !member.scan.quote(member.valueStart, after)) return -1
    held.isHeld = true
    held.keyStart = member.keyStart
    held.valueStart = member.valueStart
    held.end = after
    member.runs.flush()
    return after
  }

  /** The time of the read as a value, for a line that has none. */
  writeReadTime(): void {
    this.#time.set(this.#readMs)
    this.#writeTime()
  }

  /** `"` time `"`. */
  #writeTime(): void {
    const { out } = this.#member.runs
    out.bytes[out.length++] = QUOTE
    out.length = this.#time.write(out.bytes, out.length)
    out.bytes[out.length++] = QUOTE
  }
}

/** A digit first, and an `e` after digits and points: what Number would take and the reader does not. */
function hasExponent(view: DataView, start: number, end: number): boolean {
  let i = start
  while (i < end && ((view.getUint8(i) >= 0x30 && view.getUint8(i) <= 0x39) || view.getUint8(i) === 0x2e)) i++
  return i > start && i < end && (view.getUint8(i) | 0x20) === 0x65
}

function isSame(view: DataView, start: number, end: number, expected: DataView): boolean {
  if (end - start !== expected.byteLength) return false
  for (let i = 0; i < expected.byteLength; i++) if (view.getUint8(start + i) !== expected.getUint8(i)) return false
  return true
}
