/**
 * The metrics that sources define over their entries, as /metrics shows them: what chunk headers add is summed up here. They are
 * kept apart from prom-client's registry since they come and go with the configuration, and since a scrape is part of the
 * rules: a counter or histogram series is shown as 0 at one scrape before it shows what it counts, so that `rate()` sees the
 * first event. What is counted before that scrape is kept and shown after it. Gauges are shown at once.
 */
import { bucketSamples } from './buckets.ts'
import type { FamilySamples, Sample } from './exposition.ts'

/** A metric as the configuration defines it. */
export interface LogMetricDefinition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** By label name. */
  readonly labels: Readonly<Record<string, unknown>>
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[]
  readonly maxSeries: number
}

/** What a chunk adds to one label set; the values are in the order of the sorted label names. */
export type LogMetricDelta =
  /** Added to a counter; what a gauge is now. */
  | { readonly labels: readonly string[]; readonly value: number }
  /** `counts[i]`: at most bound `i` and more than the one before; the last one counts the rest. */
  | { readonly labels: readonly string[]; readonly counts: readonly number[]; readonly sum: number }

/** By name of the metric. They are counted in process/log-metrics.ts, and travel in the headers of chunks. */
export type LogMetricDeltas = Readonly<
  Record<
    string,
    {
      readonly series: readonly LogMetricDelta[]
      /** Entries counted under `_other`, their label set being one too many. Absent: none. */
      readonly overflow?: number
      /** Entries whose value is no number this metric takes. Absent: none. */
      readonly skipped?: number
    }
  >
>

interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** It was shown, as 0. */
  isBorn: boolean
  /** Total of a counter, sum of a histogram, value of a gauge. */
  value: number
  readonly counts: number[]
}

const OVERFLOW = '_other'

export class LogMetricsFold {
  #families = new Map<string, Family>()

  /** Takes over the definitions of all sources. A metric that did not change keeps its numbers; of two with one name the first counts. */
  define(definitions: readonly LogMetricDefinition[]): void {
    const families = new Map<string, Family>()
    for (const definition of definitions) {
      if (families.has(definition.name)) continue
      const known = this.#families.get(definition.name)
      families.set(definition.name, known?.is(definition) ? known : new Family(definition))
    }
    this.#families = families
  }

  /** Adds what a chunk says. Metrics that are not defined any more, or in another shape, are passed over. */
  add(deltas: LogMetricDeltas): void {
    for (const [name, added] of Object.entries(deltas)) this.#families.get(name)?.add(added)
  }

  /** One scrape. */
  samples(): FamilySamples[] {
    return [...this.#families.values()].map((family) => family.samples())
  }

  families(): { name: string; type: string; help: string; labels: readonly string[] }[] {
    return [...this.#families.values()].map(({ definition: { name, type, help }, labels }) => ({
      name,
      type,
      help,
      labels,
    }))
  }

  /** Entries that came under `_other`, and entries whose value was no number, since the metric was defined. */
  losses(): { name: string; overflow: number; skipped: number }[] {
    return [...this.#families].map(([name, { overflow, skipped }]) => ({ name, overflow, skipped }))
  }
}

class Family {
  readonly definition: LogMetricDefinition
  /** Sorted. */
  readonly labels: readonly string[]
  overflow = 0
  skipped = 0
  readonly #shape: string
  readonly #series = new Map<string, Series>()

  constructor(definition: LogMetricDefinition) {
    this.definition = definition
    this.labels = Object.keys(definition.labels).sort()
    this.#shape = shapeOf(definition)
    // Without labels it is known beforehand.
    if (this.labels.length === 0 && definition.type !== 'gauge') this.#seriesOf([])
  }

  is(definition: LogMetricDefinition): boolean {
    return this.#shape === shapeOf(definition)
  }

  add({ series, overflow = 0, skipped = 0 }: LogMetricDeltas[string]): void {
    this.overflow += overflow
    this.skipped += skipped
    const isHistogram = this.definition.type === 'histogram'
    for (const delta of series) {
      const { labels } = delta
      if (labels.length !== this.labels.length || 'counts' in delta !== isHistogram) continue
      const known = this.#seriesOf(labels)
      if ('counts' in delta) {
        if (delta.counts.length !== known.counts.length) continue
        for (const [index, count] of delta.counts.entries()) known.counts[index] = (known.counts[index] ?? 0) + count
        known.value += delta.sum
      } else {
        known.value = this.definition.type === 'gauge' ? delta.value : known.value + delta.value
      }
    }
  }

  samples(): FamilySamples {
    const { name, type, help, buckets: bounds } = this.definition
    const samples: Sample[] = []
    for (const series of this.#series.values()) {
      const { labels, isBorn, value, counts } = series
      const isShown = isBorn || type === 'gauge'
      series.isBorn = true
      if (type === 'histogram') {
        samples.push(...bucketSamples(name, labels, { bounds, totals: isShown ? { counts, sum: value } : NOTHING }))
      } else samples.push({ name, labels, value: isShown ? value : 0 })
    }
    return { name, type, help, samples }
  }

  /** Sources begin counting their label sets anew when they are reloaded; what is shown stays bounded all the same. */
  #seriesOf(values: readonly string[]): Series {
    const key = JSON.stringify(values)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const { type, buckets, maxSeries } = this.definition
    if (this.#series.size >= maxSeries && values.some((value) => value !== OVERFLOW)) {
      return this.#seriesOf(values.map(() => OVERFLOW))
    }
    const labels = Object.fromEntries(this.labels.map((label, index) => [label, values[index] ?? '']))
    const counts = type === 'histogram' ? new Array<number>(buckets.length + 1).fill(0) : []
    const series = { labels, isBorn: false, value: 0, counts }
    this.#series.set(key, series)
    return series
  }
}

const NOTHING = { counts: [], sum: 0 }

/** What must stay the same for numbers to be kept. */
function shapeOf({ type, help, labels, buckets, maxSeries }: LogMetricDefinition): string {
  return JSON.stringify([type, help, Object.entries(labels).sort(), buckets, maxSeries])
}
