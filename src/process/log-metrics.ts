/**
 * The metrics of a source: numbers from its entries, gathered between two chunks and carried in the header of the next one as
 * what they add to. Label values come from log lines, so the number of label sets and the length of values are bounded.
 */
import type { LogMetricConfig } from '../config/steps.ts'
import type { LogMetricDeltas } from '../metrics/log-metrics.ts'
import { textOf } from './field-path.ts'
import { numberOf } from './fitting.ts'
import { type Predicate, predicateOf, readerOf } from './predicate.ts'
import type { WorkingEntry } from './working-entry.ts'

export interface LogMetrics {
  /** Takes an entry that is kept into account. Never throws. */
  count(work: WorkingEntry): void
  /** What was counted since the last time; undefined when that is nothing. */
  take(): LogMetricDeltas | undefined
}

/** UTF-16 units of a label's value. */
const MAX_VALUE_LENGTH = 128
const OVERFLOW = '_other'

/** @throws {Error} for a pattern that is none; the configuration has refused it before. */
export function createLogMetrics(configs: readonly LogMetricConfig[]): LogMetrics {
  const tallies = configs.map((config) => new Tally(config))
  return {
    count(work) {
      for (const tally of tallies) tally.count(work)
    },
    take() {
      const taken = tallies.flatMap((tally) => {
        const deltas = tally.take()
        return deltas === undefined ? [] : [[tally.name, deltas] as const]
      })
      return taken.length === 0 ? undefined : Object.fromEntries(taken)
    },
  }
}

/** One label set since the last chunk. */
interface Series {
  readonly labels: readonly string[]
  /** Sum of a counter or histogram, last value of a gauge. */
  value: number
  /** By bucket; empty unless a histogram. */
  readonly counts: number[]
}

class Tally {
  readonly name: string
  readonly #config: LogMetricConfig
  readonly #holds: Predicate | undefined
  readonly #readValue: ((work: WorkingEntry) => unknown) | undefined
  readonly #readLabels: readonly ((work: WorkingEntry) => unknown)[]
  /** Keys of all label sets there ever were. */
  readonly #known = new Set<string>()
  #series = new Map<string, Series>()
  #overflow = 0
  #skipped = 0

  constructor(config: LogMetricConfig) {
    const { name, when, value, labels } = config
    this.name = name
    this.#config = config
    this.#holds = when && predicateOf(when)
    this.#readValue = value === undefined ? undefined : readerOf(value)
    this.#readLabels = Object.keys(labels)
      .sort()
      .map((label) => readerOf(labels[label] ?? ''))
  }

  count(work: WorkingEntry): void {
    if (this.#holds !== undefined && !this.#holds(work)) return
    const value = this.#valueOf(work)
    if (value === undefined) return
    const series = this.#seriesOf(work)
    const { type, buckets } = this.#config
    const sum = type === 'gauge' ? value : series.value + value
    // A sum of huge numbers would be no number in the header's JSON, nor to anybody who reads it.
    if (!Number.isFinite(sum)) {
      this.#skipped++
      return
    }
    series.value = sum
    if (type !== 'histogram') return
    let bucket = 0
    while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
  }

  take(): LogMetricDeltas[string] | undefined {
    const { type } = this.#config
    const series = [...this.#series.values()].map(({ labels, value, counts }) =>
      type === 'histogram' ? { labels, counts, sum: value } : { labels, value },
    )
    const overflow = this.#overflow
    const skipped = this.#skipped
    this.#series = new Map()
    this.#overflow = 0
    this.#skipped = 0
    if (series.length === 0 && skipped === 0) return undefined
    return { series, ...(overflow > 0 && { overflow }), ...(skipped > 0 && { skipped }) }
  }

  /** Undefined: the entry has none, or none that counts. */
  #valueOf(work: WorkingEntry): number | undefined {
    const { type } = this.#config
    if (this.#readValue === undefined) return type === 'counter' ? 1 : undefined
    const found = this.#readValue(work) ?? undefined
    if (found === undefined) return undefined
    const value = numberOf(found)
    if (value !== undefined && (value >= 0 || type !== 'counter')) return value
    this.#skipped++
    return undefined
  }

  #seriesOf(work: WorkingEntry): Series {
    const labels = this.#readLabels.map((read) => labelOf(read(work)))
    const key = keyOf(labels)
    if (!this.#known.has(key)) {
      if (this.#known.size >= this.#config.maxSeries) {
        this.#overflow++
        return this.#begun(labels.map(() => OVERFLOW))
      }
      this.#known.add(key)
    }
    return this.#begun(labels, key)
  }

  #begun(labels: readonly string[], key = keyOf(labels)): Series {
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const { type, buckets } = this.#config
    const counts = type === 'histogram' ? new Array<number>(buckets.length + 1).fill(0) : []
    const series = { labels, value: 0, counts }
    this.#series.set(key, series)
    return series
  }
}

/** Each value with its length in front, so that no two label sets share a key whatever is in them. */
function keyOf(labels: readonly string[]): string {
  let key = ''
  for (const label of labels) key += `${label.length}:${label}`
  return key
}

function labelOf(value: unknown): string {
  return (textOf(value) ?? '').slice(0, MAX_VALUE_LENGTH).toWellFormed()
}
