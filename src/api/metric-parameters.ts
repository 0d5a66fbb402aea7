import { nearest } from '../config/nearest.ts'
import { parseDuration } from '../config/units.ts'
import { AGGREGATIONS, METRIC_TYPES } from '../model/metric-entry.ts'
import type { DecodedQuery } from '../store/series/metric-query.ts'

/** Why a question cannot be read, and which parameter it is. */
export interface BadParameter {
  readonly field: string
  readonly error: string
}

/** As fastify reads them from the URL: more than one where a name is given again. */
export type RawParameters = Readonly<Record<string, string | readonly string[] | undefined>>

const NAMES = [
  ...['name', 'type', 'service', 'environment', 'start_time', 'end_time', 'labels', 'aggregation', 'interval', 'limit'],
] as const
type Name = (typeof NAMES)[number]

const USUAL_RANGE_MS = 3_600_000
const MIN_INTERVAL_MS = 1000
const MAX_LIMIT = 1000
const USUAL_LIMIT = 100
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** The query of GET /api/v1/metrics; the first thing that is wrong with it. */
export function parseMetricParameters(raw: RawParameters, nowMs: number): DecodedQuery | BadParameter {
  try {
    return decode(raw, nowMs)
  } catch (error) {
    if (error instanceof Refused) return { field: error.field, error: error.message }
    throw error
  }
}

class Refused extends Error {
  readonly field: string

  constructor(field: string, why: string) {
    super(`Cannot read ${field}: ${why}`)
    this.field = field
  }
}

const expected = (field: string, { what, value }: { what: string; value: string }): Refused =>
  new Refused(field, `expected ${what}, got ${shown(value)}`)

/** What was found, in quotes, and not too much of it. */
function shown(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
}

/** @throws {Refused} */
function decode(raw: RawParameters, nowMs: number): DecodedQuery {
  for (const field of Object.keys(raw)) refuseUnknown(field)
  const name = one(raw, 'name')
  if (name !== undefined && !METRIC.test(name))
    throw expected('name', { what: 'the name of a metric, such as node_load1', value: name })
  const type = among(raw, 'type', METRIC_TYPES)
  const aggregation = among(raw, 'aggregation', AGGREGATIONS)
  if (aggregation === 'rate' && type === 'gauge')
    throw new Refused('aggregation', 'expected another than rate for gauges, which do not only grow')
  const interval = intervalOf(raw)
  if (interval && !aggregation)
    throw new Refused('interval', `expected an aggregation beside it: ${AGGREGATIONS.join(', ')}`)
  const [service, environment] = [one(raw, 'service'), one(raw, 'environment')]
  return {
    ...rangeOf(raw, nowMs),
    labels: labelsOf(raw),
    limit: limitOf(one(raw, 'limit')),
    ...(name !== undefined && { name }),
    ...(type && { type }),
    ...(service !== undefined && { service }),
    ...(environment !== undefined && { environment }),
    ...(aggregation && { aggregation }),
    ...(interval && { interval }),
  }
}

function refuseUnknown(field: string): void {
  if (NAMES.some((name) => name === field) || bracketed(field) !== undefined) return
  const near = nearest(field, NAMES)
  const hint = near === undefined ? `known are ${NAMES.join(', ')}` : `did you mean ${near}?`
  const told = field.length > 64 ? `${field.slice(0, 64)}…` : field
  throw new Refused(told, `there is no such parameter; ${hint}`)
}

/** The label of `labels[mode]`. */
function bracketed(field: string): string | undefined {
  return /^labels\[(.*)\]$/s.exec(field)?.[1]
}

function one(raw: RawParameters, field: Name): string | undefined {
  const value = raw[field]
  if (value === undefined || typeof value === 'string') return value
  throw new Refused(field, `expected it once, got it ${value.length} times`)
}

function among<const V extends readonly string[]>(raw: RawParameters, field: Name, values: V): V[number] | undefined {
  const value = one(raw, field)
  if (value === undefined || values.includes(value)) return value
  const near = nearest(value, values)
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`
  throw expected(field, { what: `one of ${values.join(', ')}${hint}`, value })
}

function limitOf(value: string | undefined): number {
  if (value === undefined) return USUAL_LIMIT
  const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0
  if (limit < 1 || limit > MAX_LIMIT) throw expected('limit', { what: `a whole number from 1 to ${MAX_LIMIT}`, value })
  return limit
}

function intervalOf(raw: RawParameters): DecodedQuery['interval'] {
  const text = one(raw, 'interval')
  if (text === undefined) return undefined
  const parsed = text.length > 64 ? undefined : parseDuration(text)
  if (parsed?.kind === 'ok' && parsed.value >= MIN_INTERVAL_MS) return { text, ms: parsed.value }
  throw expected('interval', {
    what: parsed?.kind === 'bad' ? parsed.expected : 'a duration of at least 1s',
    value: text,
  })
}

function rangeOf(raw: RawParameters, nowMs: number): { fromMs: number; toMs: number } {
  const [start, end] = [one(raw, 'start_time'), one(raw, 'end_time')]
  const toMs = end === undefined ? nowMs : timeOf(end, 'end_time')
  const fromMs = start === undefined ? toMs - USUAL_RANGE_MS : timeOf(start, 'start_time')
  if (fromMs < toMs) return { fromMs, toMs }
  throw new Refused(
    'start_time',
    `expected a time before ${end === undefined ? 'now' : 'end_time'}, got ${shown(start ?? '')}`,
  )
}

/** RFC 3339, or seconds since 1970. A `+` that nobody encoded arrives as a space. */
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/
const SECONDS = /^\d{1,11}(\.\d{1,9})?$/

function timeOf(value: string, field: Name): number {
  const text = value.replace(/ (\d\d:\d\d)$/, '+$1')
  const ms = SECONDS.test(text)
    ? Math.round(Number(text) * 1000)
    : RFC3339.test(text)
      ? Date.parse(text.toUpperCase().replace(' ', 'T'))
      : Number.NaN
  if (Number.isNaN(ms))
    throw expected(field, { what: 'a time such as 2026-01-31T12:00:00Z, or seconds since 1970', value })
  return ms
}

/** `labels=mode=idle,cpu=0`, which may be given again, and `labels[mode]=idle` for values with commas. */
function labelsOf(raw: RawParameters): Map<string, string> {
  const labels = new Map<string, string>()
  const add = (label: string, value: string): void => {
    if (!LABEL.test(label)) throw expected('labels', { what: 'label=value, such as mode=idle', value: label })
    if (labels.has(label)) throw new Refused('labels', `expected each label once, got ${shown(label)} again`)
    labels.set(label, value)
  }
  for (const text of [raw.labels ?? []].flat()) {
    for (const pair of text.split(',')) {
      const at = pair.indexOf('=')
      if (at < 0) throw expected('labels', { what: 'label=value, such as mode=idle', value: pair })
      add(pair.slice(0, at), pair.slice(at + 1))
    }
  }
  for (const [field, value] of Object.entries(raw)) {
    const label = bracketed(field)
    if (label !== undefined) for (const text of [value ?? []].flat()) add(label, text)
  }
  return labels
}
