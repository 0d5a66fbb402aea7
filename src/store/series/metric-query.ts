import {
  type Aggregation,
  fieldsOf,
  type MetricEntry,
  type MetricOrigin,
  type MetricResponse,
  type MetricType,
  metricTypeOf,
} from '../../model/metric-entry.ts'
import { aggregate } from './aggregate.ts'
import { type Candidate, Newest } from './newest.ts'
import type { SeriesAsk, SeriesIdentity, SeriesSamples } from './series-reader.ts'

/** A MetricQuery, read. */
export interface DecodedQuery {
  /** Of the samples; without it those of every name. */
  readonly name?: string
  readonly type?: MetricType
  readonly service?: string
  readonly environment?: string
  /** An empty text asks for series without the label. */
  readonly labels: ReadonlyMap<string, string>
  /** The range (fromMs, toMs]. */
  readonly fromMs: number
  readonly toMs: number
  readonly aggregation?: Aggregation
  /** As asked, and in ms. */
  readonly interval?: { readonly text: string; readonly ms: number }
  readonly limit: number
}

export interface QueryDeps {
  readonly reader: { read(ask: SeriesAsk): AsyncIterable<SeriesSamples> }
  readonly origin: MetricOrigin
  readonly signal?: AbortSignal
}

/**
 * Samples, newest first; or what `aggregate` makes of them, one entry for each series and bucket. @throws {TooManySamples}; what aborted
 * `signal`.
 */
export async function answerMetricQuery(
  query: DecodedQuery,
  { reader, origin, signal }: QueryDeps,
): Promise<MetricResponse> {
  const { name, aggregation, interval, fromMs, toMs, limit } = query
  const accepts = acceptance(query, origin)
  const newest = new Newest(limit)
  const ask = { accepts, fromMs, toMs, ...(name !== undefined && { name }), ...(signal && { signal }) }
  for await (const { series, ...samples } of reader.read(ask)) {
    const intervalMs = interval && { intervalMs: interval.ms }
    const { times, values } = aggregation ? aggregate(samples, { aggregation, fromMs, toMs, ...intervalMs }) : samples
    // Newest first: then most of the others need not be kept.
    for (let i = times.length - 1; i >= 0; i--)
      newest.add({ series, tMs: times[i] ?? 0, value: values[i] ?? Number.NaN })
  }
  return {
    metrics: newest.list().map((candidate) => entryOf(candidate, origin)),
    total: newest.total,
    ...(aggregation && { aggregation }),
    ...(interval && { interval: interval.text }),
    has_more: newest.total > limit,
  }
}

function acceptance(query: DecodedQuery, origin: MetricOrigin): (series: SeriesIdentity) => boolean {
  const { type, service, environment, labels: wanted, aggregation } = query
  return (series) => {
    const { labels } = series
    if (type !== undefined && metricTypeOf(series.type) !== type) return false
    if (aggregation === 'rate' && !isCounter(series)) return false
    if (service !== undefined && (labels.service ?? origin.service) !== service) return false
    if (environment !== undefined && (labels.environment ?? origin.environment) !== environment) return false
    for (const [label, value] of wanted) if ((labels[label] ?? '') !== value) return false
    return true
  }
}

/** What only grows: counters, and the counts and sums that histograms and summaries are made of. */
function isCounter({ name, type }: SeriesIdentity): boolean {
  if (type === 'counter') return true
  if (type === 'histogram') return /_(bucket|sum|count)$/.test(name)
  return type === 'summary' && /_(sum|count)$/.test(name)
}

function entryOf({ series, tMs, value }: Candidate, origin: MetricOrigin): MetricEntry {
  const { name, type, labels } = series
  return {
    name,
    type: metricTypeOf(type),
    value,
    labels: { ...labels },
    timestamp: new Date(tMs).toISOString(),
    ...fieldsOf(labels, origin),
  }
}
