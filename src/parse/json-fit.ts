/** What values become in the fields they go to. Pure functions of texts and numbers; both ways of reading a line use them. */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { KIND, type Kind } from './fields.ts'
import { isFaithful } from './json-tame.ts'
import { INFO, levelOfNumber, levelOfSeverity, levelOfText } from './level.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const ERROR = LOG_LEVELS.indexOf('ERROR')
const WARNING = LOG_LEVELS.indexOf('WARNING')
const MAX_INTEGER = 999_999_999

/** A number, or the text of one that a double holds. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMBER.test(value) && isFaithful(value) ? Number(value) : undefined
}

export function integerOf(value: unknown): number | undefined {
  const number = numberOf(value)
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= MAX_INTEGER ? number : undefined
}

/** −1: no level. */
export function levelOf(value: unknown, kind: Kind): number {
  switch (kind) {
    case KIND.severity:
      return levelOfSeverity(numberOf(value) ?? -1)
    case KIND.otelSeverity:
      return levelOfOtel(numberOf(value) ?? -1)
    case KIND.letter:
      return typeof value === 'string' ? levelOfLetter(value) : -1
    default:
      if (typeof value === 'number') return levelOfNumber(value)
      return typeof value === 'string' ? levelOfWord(value) : -1
  }
}

/** slog writes what lies between its levels as `INFO+2`. */
function levelOfWord(word: string): number {
  const level = levelOfText(word)
  if (level >= 0) return level
  const base = /^([A-Z]+)[+-]\d{1,3}$/.exec(word)?.[1]
  return base === undefined ? -1 : levelOfText(base)
}

/** 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, 21–24 fatal. */
export function levelOfOtel(severity: number): number {
  if (!Number.isInteger(severity) || severity < 1 || severity > 24) return -1
  return Math.max(0, Math.ceil(severity / 4) - 2)
}

function levelOfLetter(letter: string): number {
  return ['D', 'I', 'W', 'E', 'F'].indexOf(/^D[1-5]$/.test(letter) ? 'D' : letter)
}

/** Of an access log's record that does not say: 5xx is an error, 4xx a warning. */
export function levelOfStatus(status: number): number {
  if (status >= 500 && status <= 599) return ERROR
  return status >= 400 && status <= 499 ? WARNING : INFO
}

/** The decimal places by which a unit is smaller than a second. */
export function decimalsOf(kind: Kind): number {
  switch (kind) {
    case KIND.milliseconds:
      return 3
    case KIND.microseconds:
      return 6
    case KIND.nanoseconds:
      return 9
    default:
      return 0
  }
}

/** Seconds; undefined: no duration, or a negative one. */
export function secondsOf(value: unknown, kind: Kind): number | undefined {
  const number = kind === KIND.durationText ? undefined : numberOf(value)
  if (number === undefined) return typeof value === 'string' ? secondsOfText(value) : undefined
  return number >= 0 ? shifted(number, decimalsOf(kind)) : undefined
}

/** number ÷ 10^decimals, by moving the point, not by dividing: 12.3 → 0.0123, where 12.3 / 1000 is 0.012300000000000002. */
export function shifted(number: number, decimals: number): number {
  if (decimals === 0) return number
  const [mantissa = '0', exponent = '0'] = String(number).split('e')
  return Number(`${mantissa}e${Number(exponent) - decimals}`)
}

const MAX_DURATION_LENGTH = 40
const DURATION = /^(?:\d{1,9}(?:\.\d{0,9})? ?(?:h|m|s|ms|us|µs|μs|ns)(?=\d|$))+$/
const PART = /(\d+(?:\.\d*)?) ?(h|ms|m|s|us|µs|μs|ns)/g
const UNITS: Readonly<Record<string, readonly [factor: number, exponent: number]>> = {
  h: [3600, 0],
  m: [60, 0],
  s: [1, 0],
  ms: [1, -3],
  us: [1, -6],
  µs: [1, -6],
  μs: [1, -6],
  ns: [1, -9],
}

/** Durations as Go, and who learned from it, writes them: `12ms`, `1m3.5s`, `0.120s`; a blank before the unit is taken, too. */
export function secondsOfText(text: string): number | undefined {
  if (text.length > MAX_DURATION_LENGTH || !DURATION.test(text)) return undefined
  let sum = 0
  let count = 0
  for (const [, digits = '', unit = ''] of text.matchAll(PART)) {
    const [factor, exponent] = UNITS[unit] ?? [1, 0]
    sum += Number(`${digits}e${exponent}`) * factor
    count++
  }
  // A sum of decimals is rounded to what they can mean: 1.1s + 2.2ms are not 1.1022000000000001 s.
  return count > 1 ? Number(sum.toFixed(9)) : sum
}
