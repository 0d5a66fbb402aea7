/** The plain way from a JSON object to an entry: slow, general, and what the transcoder is measured against. */
import { LOG_LEVELS } from '../model/log-entry.ts'
import { FIELD_NAMES, fieldNumber, KIND, type Kind, SPELLINGS } from './fields.ts'
import { isFaithful } from './json-tame.ts'
import { INFO, levelOfNumber, levelOfSeverity, levelOfText } from './level.ts'
import type { EntryFacts } from './line.ts'
import type { Metadata } from './metadata.ts'
import type { TimestampReader } from './timestamp.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const MAX_INTEGER = 999_999_999

/** What `entryOf` needs and fills. */
interface Workplace {
  /** Wall time of the line's read. */
  readonly readMs: number
  readonly reader: TimestampReader
  readonly metadata: Metadata
  readonly facts: EntryFacts
}

/** A value as its field takes it; undefined: it does not fit. */
type Fitted = string | number | object | undefined

/**
 * Sorts the members of `root` into the fields of an entry (returned) and `metadata`, and fills in the `facts` they bear on.
 * The entry may lack anything but `timestamp` and `level`.
 */
export function entryOf(root: object, work: Workplace): Record<string, unknown> {
  const { metadata, facts } = work
  const values = new Map<number, { readonly value: unknown; readonly kind: Kind }>()
  const chosen = new Set<string>()
  const members = Object.entries(root)
  for (const isOwnTurn of [true, false]) {
    for (const [key, value] of members) {
      const spelling = SPELLINGS.get(key)
      if (spelling?.isOwn !== isOwnTurn) continue
      const { field, kind } = spelling
      const fitted = fit(value, kind)
      if (value !== null && (fitted === undefined || values.has(field))) continue
      chosen.add(key)
      if (value !== null) values.set(field, { value: fitted, kind })
    }
  }
  const own = values.get(fieldNumber('metadata'))?.value
  if (typeof own === 'object' && own !== null) metadata.adopt(own)
  for (const [key, value] of members) if (!chosen.has(key)) metadata.add(key, value)

  const entry: Record<string, unknown> = {}
  const timestamp = values.get(fieldNumber('timestamp'))
  entry.timestamp = timestampOf(timestamp?.value, work)
  const level = values.get(fieldNumber('level'))
  facts.level = levelOf(level?.value, level?.kind)
  if (level && facts.level < 0) metadata.note('level_raw', level.value)
  if (facts.level < 0) facts.level = INFO
  entry.level = LOG_LEVELS[facts.level]
  for (const [field, { value }] of values) {
    const name = FIELD_NAMES[field] ?? ''
    if (name !== 'timestamp' && name !== 'level' && name !== 'metadata') entry[name] = value
  }
  if (typeof entry.service === 'string') facts.service = entry.service.toWellFormed()
  if (typeof entry.status_code === 'number') facts.statusCode = entry.status_code
  if (typeof entry.duration === 'number') facts.durationSeconds = entry.duration
  return entry
}

function fit(value: unknown, kind: Kind): Fitted {
  switch (kind) {
    case KIND.text:
      return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined
    case KIND.time:
    case KIND.level:
    case KIND.severity:
      return typeof value === 'number' || typeof value === 'string' ? value : undefined
    case KIND.seconds: {
      const number = numberOf(value)
      return number !== undefined && number >= 0 ? number : undefined
    }
    case KIND.milliseconds: {
      const number = numberOf(value)
      return number !== undefined && number >= 0 ? thousandth(number) : undefined
    }
    case KIND.integer: {
      const number = numberOf(value)
      return number !== undefined && Number.isInteger(number) && number >= 0 && number <= MAX_INTEGER
        ? number
        : undefined
    }
    case KIND.object:
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
    default:
      return undefined
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMBER.test(value) && isFaithful(value) ? Number(value) : undefined
}

/** By moving the decimal point, not by dividing: 12.3 → 0.0123, where 12.3 / 1000 would be 0.012300000000000002. */
function thousandth(number: number): number {
  const [mantissa = '0', exponent = '0'] = String(number).split('e')
  return Number(`${mantissa}e${Number(exponent) - 3}`)
}

function levelOf(value: unknown, kind: Kind | undefined): number {
  if (kind === KIND.severity) return levelOfSeverity(numberOf(value) ?? -1)
  if (typeof value === 'number') return levelOfNumber(value)
  return typeof value === 'string' ? levelOfText(value) : -1
}

/** The canonical text of the line's time; an unreadable or absurd one is kept beside it and the time of reading is used. */
function timestampOf(value: unknown, { readMs, reader, metadata, facts }: Workplace): string {
  // An exponent is the one form of number the reader does not know.
  const text = typeof value === 'string' && /^\d[\d.]*[eE]/.test(value) ? String(Number(value)) : String(value)
  const isUsable = value !== undefined && reader.readText(text) && reader.isPlausible(readMs)
  if (!isUsable) {
    reader.set(readMs)
    if (value !== undefined) metadata.note('timestamp_raw', value)
  }
  facts.timeMs = reader.timeMs
  const bytes = Buffer.alloc(40)
  return isUsable && reader.isCanonical ? text : bytes.toString('latin1', 0, reader.write(bytes, 0))
}
