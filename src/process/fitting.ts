/** Values as LogEntry's fields take them. */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { levelOfNumber, levelOfText } from '../parse/level.ts'
import { TimestampReader } from '../parse/timestamp.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const MAX_STATUS_CODE = 999_999_999
/** Bytes of the longest timestamp, `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`, with room to spare. */
const TIMESTAMP_BYTES = 40

/**
 * The value as the field `own` of `entry` takes it; undefined: it does not fit, or the field is none that can be set. Numbers
 * become texts and texts numbers where that loses nothing; levels are read by their words, times in any form of RFC 3339 and
 * as epoch numbers.
 */
export function fitted(
  own: string,
  value: unknown,
  entry: Readonly<Record<string, unknown>>,
): string | number | undefined {
  switch (own) {
    case 'timestamp':
      return timestampOf(value, Date.parse(String(entry.timestamp)))
    case 'level':
      return LOG_LEVELS[typeof value === 'number' ? levelOfNumber(value) : levelOfText(String(value))]
    case 'status_code': {
      const number = numberOf(value) ?? -1
      return Number.isInteger(number) && number >= 0 && number <= MAX_STATUS_CODE ? number : undefined
    }
    case 'duration': {
      const number = numberOf(value) ?? -1
      return number >= 0 ? number : undefined
    }
    case 'metadata':
    case 'source':
    case 'file':
    case 'offset':
      return undefined
    default:
      if (typeof value === 'string') return value.toWellFormed()
      return typeof value === 'number' ? String(value) : undefined
  }
}

/** The number a value is, or is the text of. Finite. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/**
 * What is absurd beside the time the entry has is refused, as it is by the parsers: that time is the record's, or that of its
 * reading.
 */
function timestampOf(value: unknown, presentMs: number): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const reader = new TimestampReader()
  const text = String(value)
  if (!reader.readText(text) || !reader.isPlausible(presentMs)) return undefined
  if (reader.isCanonical) return text
  const bytes = Buffer.alloc(TIMESTAMP_BYTES)
  return bytes.toString('latin1', 0, reader.write(bytes, 0))
}
