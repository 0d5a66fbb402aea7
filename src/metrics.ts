import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, Summary } from 'prom-client'
import { type BucketCounts, bucketSamples } from './metrics/buckets.ts'
import { type ExpositionFormat, type FamilySamples, renderMetrics, type Sample } from './metrics/exposition.ts'
import { defineMetrics, type Instruments, LEDGER_ACCOUNTS } from './metrics/families.ts'
import { mergeFamilies } from './metrics/family-set.ts'
import { bornWith, type LabelDomains, type MetricMaker } from './metrics/instruments.ts'
import { LogMetricsFold } from './metrics/log-metrics.ts'
import { LogSeries } from './metrics/log-series.ts'
import { type FamilyDescription, isOwnName, type MetricsPart, type Scrape } from './metrics/parts.ts'
import { LOG_LEVELS } from './model/log-entry.ts'

/**
 * The door of prom-client: one registry, made by a function and handed to whoever counts. Nothing runs between scrapes.
 * Numbers that are kept elsewhere (the ingest thread, the outputs) are taken over in `onCollect`, at scrape time.
 */
export interface Metrics extends Instruments {
  readonly logSeries: LogSeries
  /** What sources define over their entries. */
  readonly logMetrics: LogMetricsFold
  /** Puts a source's series at 0; one that is known keeps its numbers. */
  addSource(name: string): void
  addOutput(name: string): void
  /** Drops the series of a source that is no longer configured; a stale state would be alerted on for ever. */
  removeSource(name: string): Promise<void>
  removeOutput(name: string): Promise<void>
  /** Shows what a part of the agent keeps itself. */
  addPart(part: MetricsPart): void
  /** Whether the agent itself has a family of this name, or would show a sample of one under it. */
  isOwn(name: string): boolean
  /** Calls `update` before every scrape. One that throws is counted in errors_total and spoils nothing else. */
  onCollect(update: () => void): void
  /** Everything, each family once. */
  collect(): Promise<readonly FamilySamples[]>
  /** The same, by target, as Prometheus would scrape it. */
  scrape(): Promise<readonly Scrape[]>
  render(format: ExpositionFormat): Promise<string>
  families(): readonly FamilyDescription[]
}

export interface MetricsOptions {
  readonly version: string
  readonly node: string
  /** Label `instance` of the agent's own series where they are stored. */
  readonly instance?: () => string
}

const JOB = 'obs-agent'

export function createMetrics({ version, node, instance = () => 'localhost' }: MetricsOptions): Metrics {
  const registry = new PromRegistry()
  const instruments = defineMetrics(registry)
  registry.addProcessMetrics()
  registry.bear({})
  instruments.buildInfo.tell({ version, node })

  const known = new Set<string>()
  const add = (kind: 'source' | 'output', name: string): void => {
    if (known.has(`${kind} ${name}`)) return
    known.add(`${kind} ${name}`)
    registry.bear({ [kind]: name })
    instruments.ledgerImbalance.set({ kind, name }, 0)
    for (const account of LEDGER_ACCOUNTS[kind]) instruments.ledgerEntries.set({ kind, name, account }, 0)
  }
  const remove = (kind: 'source' | 'output', name: string): Promise<void> => {
    known.delete(`${kind} ${name}`)
    return registry.removeSeries((labels) => labels[kind] === name || (labels.kind === kind && labels.name === name))
  }
  const updates: (() => void)[] = []
  const logMetrics = new LogMetricsFold()
  const parts: MetricsPart[] = []
  const collectOwn = async (): Promise<readonly FamilySamples[]> => {
    for (const update of updates) {
      try {
        update()
      } catch {
        // The scrape goes on with the numbers of the last one: most of them are right, and none at all help nobody.
        instruments.errors.inc({ error_type: 'collect', service: 'metrics' })
      }
    }
    const samples = await registry.samples()
    return [...samples, ...logMetrics.samples()]
  }
  const scrape = async (): Promise<readonly Scrape[]> => {
    const own = { name: JOB, labels: { job: JOB, instance: instance() }, families: await collectOwn() }
    return [own, ...parts.map((part) => ({ name: part.name, labels: part.labels(), families: part.families() }))]
  }
  const collect = async (): Promise<readonly FamilySamples[]> =>
    mergeFamilies((await scrape()).map(({ families }) => families))
  const families = (): readonly FamilyDescription[] => [...registry.families(), ...logMetrics.families()]
  return {
    ...instruments,
    logSeries: new LogSeries(instruments, LOG_LEVELS),
    logMetrics,
    addSource: (name) => add('source', name),
    addOutput: (name) => add('output', name),
    removeSource: (name) => remove('source', name),
    removeOutput: (name) => remove('output', name),
    addPart: (part) => parts.push(part),
    isOwn: (name) => isOwnName(name, families()),
    onCollect: (update) => updates.push(update),
    collect,
    scrape,
    render: async (format) => renderMetrics(await collect(), format),
    families,
  }
}

/** Of prom-client's own metrics, those that cost nothing between scrapes and mean something for an agent. */
const PROCESS_METRICS = /^(process_|nodejs_(eventloop_lag_seconds|heap_size_|external_memory_|gc_duration_))/

/**
 * The event loop's delay as prom-client samples it wakes the process 100 times a second: measured 0.65 % of a core, twice
 * the agent's whole idle budget (without: 0.01 %). At this period its timer never fires, and the lag that is left is
 * measured at each scrape.
 */
const NEVER_MS = 2 ** 31 - 1

interface Member {
  readonly domains: LabelDomains
  /** Puts a new series at 0. */
  readonly zero: (labels: Record<string, string>) => void
  readonly remove: (labels: Record<string, string | number>) => void
  readonly samples: () => Promise<readonly Sample[]>
}

class PromRegistry implements MetricMaker {
  readonly #registry = new Registry()
  readonly #members = new Map<string, Member>()

  counter<D extends LabelDomains>(name: string, labels: D, help: string) {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] })
    this.#members.set(name, {
      domains: labels,
      zero: (series) => counter.inc(series, 0),
      remove: (series) => counter.remove(series),
      samples: () => samplesOf(name, counter),
    })
    return {
      inc: (series: Record<string, string>, by = 1) => counter.inc(series, by),
      mirror: (series: Record<string, string>, total: number) => {
        if (!(total >= 0 && total < Number.POSITIVE_INFINITY))
          throw new RangeError(`Cannot mirror ${name}: not a total, got ${total}`)
        counter.remove(series)
        counter.inc(series, total)
      },
    }
  }

  gauge<D extends LabelDomains>(name: string, labels: D, help: string) {
    const gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] })
    this.#members.set(name, {
      domains: labels,
      zero: (series) => gauge.set(series, 0),
      remove: (series) => gauge.remove(series),
      samples: () => samplesOf(name, gauge),
    })
    return {
      set: (series: Record<string, string>, value: number) => gauge.set(series, value),
      select: (series: Record<string, string>) => {
        for (const [label, domain] of Object.entries(labels)) {
          if (typeof domain !== 'string') for (const value of domain) gauge.set({ ...series, [label]: value }, 0)
        }
        gauge.set(series, 1)
      },
      tell: (series: Record<string, string>) => {
        gauge.reset()
        gauge.set(series, 1)
      },
    }
  }

  histogram<D extends LabelDomains>(name: string, labels: D, rest: { help: string; buckets: readonly number[] }) {
    const buckets = [...rest.buckets]
    const options = { name, help: rest.help, labelNames: Object.keys(labels), buckets }
    const histogram = new Histogram({ ...options, registers: [this.#registry] })
    const mirrored = new Map<string, readonly Sample[]>()
    const key = (series: object): string => JSON.stringify(Object.entries(series).sort())
    this.#members.set(name, {
      domains: labels,
      zero: (series) => histogram.zero(series),
      remove: (series) => {
        mirrored.delete(key(series))
        histogram.remove(series)
      },
      samples: async () => [...(await samplesOf(name, histogram)), ...[...mirrored.values()].flat()],
    })
    return {
      observe: (series: Record<string, string>, value: number) => histogram.observe(series, value),
      mirror: (series: Record<string, string>, totals: BucketCounts) => {
        histogram.remove(series)
        mirrored.set(key(series), bucketSamples(name, series, { bounds: buckets, totals }))
      },
    }
  }

  summary<D extends LabelDomains>(name: string, labels: D, help: string) {
    const options = { name, help, labelNames: Object.keys(labels), percentiles: [0.5, 0.95, 0.99] }
    // The last ten minutes; without an age the quantiles are those of the agent's whole life.
    const summary = new Summary({ ...options, maxAgeSeconds: 600, ageBuckets: 5, registers: [this.#registry] })
    this.#members.set(name, {
      domains: labels,
      zero: () => {},
      remove: (series) => summary.remove(series),
      samples: () => samplesOf(name, summary),
    })
    return { observe: (series: Record<string, string>, value: number) => summary.observe(series, value) }
  }

  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: NEVER_MS })
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (!this.#members.has(name) && !PROCESS_METRICS.test(name)) this.#registry.removeSingleMetric(name)
    }
  }

  /** Puts every series at 0 that `known` completes: `{}` those without a source or an output, `{ source }` that source's. */
  bear(known: { readonly source?: string; readonly output?: string }): void {
    for (const { domains, zero } of this.#members.values()) {
      const used = new Set<unknown>(Object.values(domains))
      const isConcerned = Object.keys(known).every((kind) => used.has(kind))
      if (isConcerned) for (const labels of bornWith(domains, known)) zero(labels)
    }
  }

  async removeSeries(isGone: (labels: Sample['labels']) => boolean): Promise<void> {
    for (const { domains, remove, samples } of this.#members.values()) {
      for (const { labels } of await samples()) {
        if (isGone(labels))
          remove(Object.fromEntries(Object.keys(domains).map((label) => [label, labels[label] ?? ''])))
      }
    }
  }

  samples(): Promise<readonly FamilySamples[]> {
    const families = this.#registry.getMetricsAsArray().map(async (metric) => {
      const { name, help } = metric
      const member = this.#members.get(name)
      const samples = await (member ? member.samples() : samplesOf(name, this.#registry.getSingleMetric(name)))
      return { name, help, type: String(metric.type), samples }
    })
    return Promise.all(families)
  }

  families(): readonly FamilyDescription[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const labels = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : []
      return { name: metric.name, type: String(metric.type), help: metric.help, labels }
    })
  }
}

/** What prom-client says of a series. */
interface Series {
  readonly value: number
  readonly labels: Partial<Record<string, string | number>>
  readonly metricName?: string
}

async function samplesOf(name: string, metric?: { get(): Promise<{ values: Series[] }> }): Promise<Sample[]> {
  const { values } = (await metric?.get()) ?? { values: [] }
  return values.map(({ value, labels, metricName }) => ({
    name: metricName ?? name,
    labels: withoutGaps(labels),
    value,
  }))
}

function withoutGaps(labels: Series['labels']): Record<string, string | number> {
  const whole: Record<string, string | number> = {}
  for (const [label, value] of Object.entries(labels)) if (value !== undefined) whole[label] = value
  return whole
}
