export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const
export type MetricType = (typeof METRIC_TYPES)[number]

/** What a query may make of the samples of a series. */
export const AGGREGATIONS = ['avg', 'min', 'max', 'sum', 'count', 'last', 'rate', 'p50', 'p95', 'p99'] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

/** One sample of one series, as it is answered; optional fields are absent, never null, when unknown. */
export interface MetricEntry {
  /** Of the sample: a histogram has `…_bucket`, `…_sum` and `…_count`. */
  name: string
  /** Of the family. */
  type: MetricType
  /** In JSON the texts `NaN`, `+Inf` and `-Inf` stand for what is no number there. */
  value: number
  /** All of them, those that are fields below too. */
  labels: Record<string, string>
  /** RFC 3339 in UTC. */
  timestamp: string
  service: string
  version: string
  environment: string
  instance: string
  method?: string
  endpoint?: string
  status_code?: number
  user_type?: string
  region?: string
  datacenter?: string
}

export interface MetricQuery {
  name?: string
  type?: MetricType
  service?: string
  environment?: string
  /** RFC 3339 in UTC. */
  start_time?: string
  end_time?: string
  labels?: Record<string, string>
  aggregation?: Aggregation
  /** A duration, such as `1m`. */
  interval?: string
  /** 1–1000, by default 100. */
  limit: number
}

export interface MetricResponse {
  metrics: MetricEntry[]
  /** Of all that match, whether or not they are among `metrics`. */
  total: number
  aggregation?: Aggregation
  interval?: string
  has_more: boolean
}

/** What the agent says of itself, for samples that do not say it. */
export interface MetricOrigin {
  readonly service: string
  readonly environment: string
  readonly version: string
  /** The name of the host. */
  readonly instance: string
}

/** The fields that every entry has. */
const ORIGIN_FIELDS = ['service', 'environment', 'version', 'instance'] as const
const TEXT_FIELDS = ['method', 'endpoint', 'user_type', 'region', 'datacenter'] as const

/** A family's type as it is told: what has none is a gauge. */
export function metricTypeOf(type: string): MetricType {
  return METRIC_TYPES.find((known) => known === type) ?? 'gauge'
}

/** The fields of an entry that labels say, and where they do not, `origin`. */
export function fieldsOf(
  labels: Readonly<Record<string, string>>,
  origin: MetricOrigin,
): Omit<MetricEntry, 'name' | 'type' | 'value' | 'labels' | 'timestamp'> {
  const fields: Omit<MetricEntry, 'name' | 'type' | 'value' | 'labels' | 'timestamp'> = { ...origin }
  for (const field of ORIGIN_FIELDS) if (labels[field]) fields[field] = labels[field]
  for (const field of TEXT_FIELDS) if (labels[field]) fields[field] = labels[field]
  const { status_code } = labels
  if (status_code !== undefined && /^-?\d{1,15}$/.test(status_code)) fields.status_code = Number(status_code)
  return fields
}
