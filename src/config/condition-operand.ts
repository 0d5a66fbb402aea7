/** What a value in a condition stands for, by the field it is compared with. */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { oneOf } from './problem.ts'

interface Place {
  readonly field: string
  readonly isQuoted: boolean
  /** The operator is one of < <= > >=. */
  readonly isOrder: boolean
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const DURATION = /^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+$/
const UNIT_SECONDS: ReadonlyMap<string, number> = new Map(
  Object.entries({ us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 }),
)
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/
const LEVELS: ReadonlyMap<string, string> = new Map([
  ...LOG_LEVELS.map((level): [string, string] => [level, level]),
  ['WARN', 'WARNING'],
  ['FATAL', 'CRITICAL'],
])
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['status_code', 'offset'])

/** The value, or what was expected instead. */
export function operandOf(
  text: string,
  { field, isQuoted, isOrder }: Place,
): string | number | boolean | { expected: string } {
  if (field === 'level') return LEVELS.get(text.toUpperCase()) ?? { expected: oneOf(LOG_LEVELS) }
  if (field === 'duration') {
    return numberOf(text) ?? secondsOf(text) ?? { expected: 'a number of seconds or a duration, such as 1.5s or 150ms' }
  }
  if (field === 'timestamp') {
    const isTime = TIME.test(text) && Number.isFinite(Date.parse(text))
    return isTime ? text : { expected: 'a time, such as "2026-03-01T12:00:00Z"' }
  }
  if (NUMBER_FIELDS.has(field)) return numberOf(text) ?? { expected: 'a number' }
  if (isQuoted) return text
  const number = numberOf(text)
  if (number !== undefined) return number
  // In what unit another field is written nobody knows.
  if (isOrder && DURATION.test(text)) return { expected: 'a number (only duration is compared with units)' }
  const boolean = booleanOf(text)
  return isOrder && boolean !== undefined ? { expected: 'a number or a text' } : (boolean ?? text)
}

/** Undefined for what is no number, and for integers a double does not hold: those are compared as texts. */
function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : undefined
}

function secondsOf(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  let seconds = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)) {
    // By dividing, where that is exact: 150 / 1000 is 0.15, and 150 * 0.001 may not be.
    const factor = UNIT_SECONDS.get(unit) ?? Number.NaN
    seconds += factor < 1 ? Number(amount) / Math.round(1 / factor) : Number(amount) * factor
  }
  return Number.isFinite(seconds) ? seconds : undefined
}

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}
