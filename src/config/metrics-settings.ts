import { z } from 'zod'
import { condition, decimal, field } from './entry-settings.ts'
import { complain } from './refine.ts'
import { choice, count, mark, text } from './settings.ts'
import type { LogMetricConfig } from './steps.ts'

/** `metrics` of a source: numbers that are taken from its entries and shown on /metrics. */

/** Upper bounds in seconds, as Prometheus' own client libraries have them: most histograms are of durations. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MAX_LABELS = 10
const MAX_BUCKETS = 50

/** Beginnings of the names the agent shows itself, or will. */
const OWN_PREFIXES = ['obs_agent_', 'log_', 'http_', 'process_', 'nodejs_', 'node_', 'probe_', 'scrape_', 'ALERTS']
const OWN_NAMES = ['errors_total', 'up']
/** A histogram makes series of these names itself. */
const SERIES_SUFFIX = /_(bucket|sum|count|created|info)$/

const metricName = () =>
  mark(
    z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/)
      .superRefine((name, context) => {
        const own = OWN_NAMES.includes(name) ? name : OWN_PREFIXES.find((prefix) => name.startsWith(prefix))
        if (own === name) complain(context, [], `expected another name: ${own} is one of the agent's own`)
        else if (own !== undefined) complain(context, [], `expected another name: ${own}… are the agent's own`)
        else if (name.startsWith('__')) complain(context, [], 'expected another name: __… are reserved')
      }),
    { expected: 'the name of a metric: letters, digits and _, not beginning with a digit' },
  )

/** `source` is added by the agent. */
const OWN_LABELS = ['le', 'quantile', 'source']

const labelName = () =>
  mark(
    z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/)
      .superRefine((name, context) => {
        if (OWN_LABELS.includes(name)) complain(context, [], `expected another label: ${name} is set by the agent`)
        else if (name.startsWith('__')) complain(context, [], 'expected another label: __… are reserved')
      }),
    { expected: 'the name of a label: letters, digits and _, not beginning with a digit' },
  )

const metric = z
  .strictObject({
    type: choice(['counter', 'gauge', 'histogram']).describe(
      'counter: grows. gauge: the last value. histogram: how values spread.',
    ),
    help: text().optional().describe('What it is, for /metrics.'),
    value: field().optional().describe('Field whose number counts; a counter without one counts entries.'),
    labels: z.record(labelName(), field()).prefault({}).describe('Label: field. At most 10.'),
    when: condition().optional().describe('Only entries for which it holds count.'),
    buckets: z
      .array(decimal())
      .min(1)
      .max(MAX_BUCKETS)
      .optional()
      .describe('Upper bounds of a histogram, ascending; default: 0.005 to 10, for seconds.'),
    max_series: count(1, 10_000).prefault(100).describe('Label sets beyond this many are counted together, as _other.'),
  })
  .superRefine((s, context) => {
    if (s.type !== 'counter' && s.value === undefined)
      complain(context, [], `needs a value: the field whose number a ${s.type} takes`)
    if (s.type !== 'histogram' && s.buckets !== undefined)
      complain(context, 'buckets', `expected type: histogram beside it, got ${s.type}`)
    if (Object.keys(s.labels).length > MAX_LABELS)
      complain(context, 'labels', `expected at most ${MAX_LABELS} labels, got ${Object.keys(s.labels).length}`)
    const falling = s.buckets?.findIndex((bound, i, all) => i > 0 && bound <= (all[i - 1] ?? bound)) ?? -1
    if (falling > 0) complain(context, ['buckets', falling], 'expected a bound above the one before')
  })
  .transform((s) => ({
    type: s.type,
    help: s.help ?? '',
    labels: s.labels,
    buckets: s.type === 'histogram' ? (s.buckets ?? DEFAULT_BUCKETS) : [],
    maxSeries: s.max_series,
    ...(s.value !== undefined && { value: s.value }),
    ...(s.when !== undefined && { when: s.when }),
  }))

export const metricsSetting = () =>
  z
    .record(metricName(), metric)
    .superRefine((metrics, context) => {
      for (const [name, { type }] of Object.entries(metrics)) {
        if (type === 'counter' && !name.endsWith('_total')) {
          complain(context, name, 'needs a name that ends in _total, since it is a counter', `call it ${name}_total`)
        } else if (SERIES_SUFFIX.test(name)) {
          complain(
            context,
            name,
            `needs a name without ${SERIES_SUFFIX.exec(name)?.[0]}, which histograms add to theirs`,
          )
        } else if (type !== 'counter' && name.endsWith('_total')) {
          complain(context, name, `needs a name without _total, since it is a ${type}`)
        }
      }
    })
    .transform((metrics): LogMetricConfig[] => Object.entries(metrics).map(([name, metric]) => ({ name, ...metric })))
    .prefault({})
    .describe('Metrics made of the entries of this source, shown on /metrics, each under its name.')
