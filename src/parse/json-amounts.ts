/** Whole numbers and durations on the fast way; see json-values.ts. */
import { writeNumber, writePadded } from './digits.ts'
import { KIND } from './fields.ts'
import { decimalsOf, secondsOfText, shifted } from './json-fit.ts'
import type { JsonMember } from './json-member.ts'
import type { EntryFacts } from './line.ts'
import { appendWords } from './span-writer.ts'

/** `**` is a call of pow(3), which showed in the profile. */
const POWERS_OF_TEN = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`))

const MAX_INTEGER = 999_999_999

export class JsonAmounts {
  readonly #member: JsonMember

  constructor(member: JsonMember) {
    this.#member = member
  }

  integer(isText: boolean, facts: EntryFacts): number {
    const member = this.#member
    const after = member.readNumber(isText)
    if (after < 0) return isText ? member.misfit(member.textWithoutEscapes(), false) : -1
    const { number } = member.scan
    // 2e2 and 200.0 are whole numbers, too.
    if (!number.isInteger) return -1
    if (number.isNegative || number.mantissa > MAX_INTEGER) return member.misfit(after, !isText && !number.isFaithful)
    facts.statusCode = number.mantissa
    return this.#keepNumber(after, isText)
  }

  duration(isText: boolean, facts: EntryFacts): number {
    const member = this.#member
    const { kind } = member.key
    const after = member.readNumber(isText)
    if (after < 0) return isText ? this.#durationText(facts) : -1
    const { number } = member.scan
    if (number.isNegative || !number.isFaithful || kind === KIND.durationText)
      return member.misfit(after, !isText && !number.isFaithful)
    const decimals = decimalsOf(kind)
    const scale = number.decimals + decimals
    const isExact = number.isExact && scale < POWERS_OF_TEN.length
    if (decimals === 0) {
      facts.durationSeconds = isExact ? number.mantissa / powerOfTen(scale) : this.#parseNumber(after, isText)
      return this.#keepNumber(after, isText)
    }
    member.writeKey()
    if (isExact) {
      facts.durationSeconds = number.mantissa / powerOfTen(scale)
      this.#writeDecimal(number.mantissa, scale)
    } else {
      facts.durationSeconds = shifted(this.#parseNumber(after, isText), decimals)
      member.writeAscii(String(facts.durationSeconds))
    }
    return after
  }

  #durationText(facts: EntryFacts): number {
    const member = this.#member
    const after = member.textWithoutEscapes()
    if (after < 0) return -1
    const seconds = secondsOfText(member.runs.source.toString('utf8', member.valueStart + 1, after - 1))
    if (seconds === undefined) return member.misfit(after, false)
    facts.durationSeconds = seconds
    member.writeKey()
    member.writeAscii(String(seconds))
    return after
  }

  /** Durations with 16 or 17 digits, or an exponent: Python writes them. One of the few strings the fast way makes. */
  #parseNumber(after: number, isText: boolean): number {
    const { runs, valueStart } = this.#member
    const inset = isText ? 1 : 0
    return Number(runs.source.toString('latin1', valueStart + inset, after - inset))
  }

  #keepNumber(after: number, isText: boolean): number {
    const member = this.#member
    if (!isText) return member.keep(after)
    const { runs } = member
    member.writeKey()
    appendWords(runs.out, member.scan.view, member.valueStart + 1, after - 1)
    return after
  }

  /** mantissa ÷ 10^decimals, exactly. */
  #writeDecimal(mantissa: number, decimals: number): void {
    const { out } = this.#member.runs
    const scale = powerOfTen(decimals)
    const whole = Math.floor(mantissa / scale)
    out.length = writeNumber(out.bytes, out.length, whole)
    out.bytes[out.length++] = 0x2e
    out.length = writePadded(out.bytes, out.length, mantissa - whole * scale, decimals)
  }
}

function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent] ?? 1
}
