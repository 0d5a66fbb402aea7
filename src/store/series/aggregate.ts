import type { Aggregation } from '../../model/metric-entry.ts'
import type { SampleArrays } from './ring.ts'

export interface AggregateOptions {
  readonly aggregation: Aggregation
  /** Without it the whole range is one bucket. */
  readonly intervalMs?: number
  /** The range (fromMs, toMs], in which all samples are. */
  readonly fromMs: number
  readonly toMs: number
}

/**
 * One number for each bucket of a series that has one, oldest first.
 *
 * Buckets are (k × interval, (k + 1) × interval], counted from 1970, as far as they are in the range; the time of a number is the end
 * of its bucket, or of the range if that comes first: it tells of the time before, as PromQL's `avg_over_time(x[interval])` at that time does.
 * A bucket without samples has no number. `min` and `max` pass over NaN unless there is nothing else; the quantiles are
 * interpolated between samples, NaN being the least, as PromQL's are.
 *
 * `rate` is what was counted per second: from the last sample before the bucket (the first in it, if there is none in the range) to
 * the last sample in it, divided by the time between these two. A number that falls was set back to 0 in between. Nothing is extrapolated, so the
 * increases of all buckets add up to that of the range.
 */
export function aggregate({ times, values }: SampleArrays, options: AggregateOptions): SampleArrays {
  const { intervalMs, toMs } = options
  const ends: number[] = []
  const numbers: number[] = []
  for (let from = 0; from < times.length; ) {
    const endMs =
      intervalMs === undefined ? toMs : Math.min(toMs, Math.ceil((times[from] ?? 0) / intervalMs) * intervalMs)
    let to = from + 1
    while (to < times.length && (times[to] ?? 0) <= endMs) to++
    const value = REDUCTIONS[options.aggregation]({ times, values }, from, to)
    if (value !== undefined) {
      ends.push(endMs)
      numbers.push(value)
    }
    from = to
  }
  return { times: Float64Array.from(ends), values: Float64Array.from(numbers) }
}

/** The number of the samples [from, to), which are at least one; undefined when they have none. */
type Reduce = (samples: SampleArrays, from: number, to: number) => number | undefined

const quantile =
  (q: number): Reduce =>
  ({ values }, from, to) => {
    // In Float64Array's own order NaN comes last; here it is the least.
    const sorted = values.slice(from, to).sort()
    const nans = sorted.length - firstNaN(sorted)
    const at = (rank: number): number => (rank < nans ? Number.NaN : (sorted[rank - nans] ?? Number.NaN))
    const rank = q * (sorted.length - 1)
    const [low, high] = [at(Math.floor(rank)), at(Math.ceil(rank))]
    return low === high ? low : low + (high - low) * (rank - Math.floor(rank))
  }

const REDUCTIONS: Record<Aggregation, Reduce> = {
  avg: (samples, from, to) => sum(samples, from, to) / (to - from),
  min: (samples, from, to) => extreme(samples, { from, to, isBetter: (value, best) => value < best }),
  max: (samples, from, to) => extreme(samples, { from, to, isBetter: (value, best) => value > best }),
  sum,
  count: (_, from, to) => to - from,
  last: ({ values }, _, to) => values[to - 1],
  rate: ({ times, values }, from, to) => {
    const first = Math.max(0, from - 1)
    const seconds = ((times[to - 1] ?? 0) - (times[first] ?? 0)) / 1000
    return seconds > 0 ? increase(values, first, to) / seconds : undefined
  },
  p50: quantile(0.5),
  p95: quantile(0.95),
  p99: quantile(0.99),
}

function sum({ values }: SampleArrays, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i] ?? 0
  return total
}

function extreme(
  { values }: SampleArrays,
  { from, to, isBetter }: { from: number; to: number; isBetter: (value: number, best: number) => boolean },
): number {
  let best = values[from] ?? Number.NaN
  for (let i = from + 1; i < to; i++) {
    const value = values[i] ?? Number.NaN
    if (Number.isNaN(best) || isBetter(value, best)) best = value
  }
  return best
}

/** By how much a counter grew from sample `first` to the one before `to`. */
function increase(values: Float64Array, first: number, to: number): number {
  let total = 0
  for (let i = first + 1; i < to; i++) {
    const [before, now] = [values[i - 1] ?? 0, values[i] ?? 0]
    total += now < before ? now : now - before
  }
  return total
}

function firstNaN(sorted: Float64Array): number {
  let count = sorted.length
  while (count > 0 && Number.isNaN(sorted[count - 1])) count--
  return count
}
