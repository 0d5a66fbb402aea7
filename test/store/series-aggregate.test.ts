import fc from 'fast-check'
import t from 'tap'
import { AGGREGATIONS, type Aggregation } from '../../src/model/metric-entry.ts'
import { aggregate } from '../../src/store/series/aggregate.ts'

type Sample = readonly [tMs: number, value: number]
const arrays = (samples: readonly Sample[]) => ({
  times: Float64Array.from(samples, ([tMs]) => tMs),
  values: Float64Array.from(samples, ([, value]) => value),
})

/** The plain way: each bucket by itself, from all samples. */
function naive(samples: readonly Sample[], { aggregation, intervalMs, fromMs, toMs }: Naive): Sample[] {
  const found: Sample[] = []
  const first = intervalMs === undefined ? fromMs : Math.floor(fromMs / intervalMs) * intervalMs
  for (let start = first; start < toMs; start += intervalMs ?? Number.POSITIVE_INFINITY) {
    const end = Math.min(toMs, start + (intervalMs ?? Number.POSITIVE_INFINITY))
    const inside = samples.filter(([tMs]) => tMs > start && tMs <= end)
    const before = samples.findLast(([tMs]) => tMs <= start)
    const value = inside.length === 0 ? undefined : reduced(aggregation, inside, before)
    if (value !== undefined) found.push([end, value])
  }
  return found
}

interface Naive {
  readonly aggregation: Aggregation
  readonly intervalMs: number | undefined
  readonly fromMs: number
  readonly toMs: number
}

function reduced(aggregation: Aggregation, inside: readonly Sample[], before: Sample | undefined): number | undefined {
  const values = inside.map(([, value]) => value)
  const sum = values.reduce((a, b) => a + b, 0)
  const real = values.filter((value) => !Number.isNaN(value))
  const at = (q: number): number => {
    const sorted = [...values].sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b))
    const rank = q * (sorted.length - 1)
    const [low = 0, high = 0] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]]
    return low === high ? low : low + (high - low) * (rank % 1)
  }
  switch (aggregation) {
    case 'avg':
      return sum / values.length
    case 'min':
      return real.length === 0 ? Number.NaN : Math.min(...real)
    case 'max':
      return real.length === 0 ? Number.NaN : Math.max(...real)
    case 'sum':
      return sum
    case 'count':
      return values.length
    case 'last':
      return values.at(-1)
    case 'p50':
      return at(0.5)
    case 'p95':
      return at(0.95)
    case 'p99':
      return at(0.99)
    case 'rate': {
      const all = before ? [before, ...inside] : inside
      const [head, tail] = [all[0], all.at(-1)]
      if (!head || !tail || all.length < 2) return undefined
      const grown = all
        .slice(1)
        .reduce((total, [, value], i) => total + (value < (all[i]?.[1] ?? 0) ? value : value - (all[i]?.[1] ?? 0)), 0)
      return grown / ((tail[0] - head[0]) / 1000)
    }
  }
}

const isNear = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1)

t.test('every aggregation gives what the plain way gives', (t) => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom(0.5, -3, Number.NaN, Number.POSITIVE_INFINITY),
  )
  const samples = fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), value), { maxLength: 60 }).map((steps) => {
    let tMs = 100_000
    return steps.map(([gap, value]): Sample => {
      tMs += gap
      return [tMs, value]
    })
  })
  const options = fc.record({
    aggregation: fc.constantFrom(...AGGREGATIONS),
    intervalMs: fc.option(fc.constantFrom(1000, 1500, 7000, 60_000), { nil: undefined }),
    cut: fc.integer({ min: 0, max: 20_000 }),
  })
  fc.assert(
    fc.property(samples, options, (all, { aggregation, intervalMs, cut }) => {
      const range = { fromMs: 100_000 + cut, toMs: Math.max(100_001 + cut, (all.at(-1)?.[0] ?? 0) - cut) }
      const inRange = all.filter(([tMs]) => tMs > range.fromMs && tMs <= range.toMs)
      const expected = naive(inRange, { aggregation, intervalMs, ...range })
      const { times, values } = aggregate(arrays(inRange), { aggregation, ...range, ...(intervalMs && { intervalMs }) })
      return (
        times.length === expected.length &&
        expected.every(([tMs, number], i) => times[i] === tMs && isNear(values[i] ?? 0, number))
      )
    }),
    { numRuns: 1000 },
  )
  t.pass()
  t.end()
})

// biome-ignore format: a table
const cases: readonly [fact: string, aggregation: Aggregation, intervalMs: number | undefined, samples: Sample[], expected: Sample[]][] = [
  ['a sample at the end of a bucket belongs to it', 'count', 60_000, [[60_000, 1], [60_001, 1], [120_000, 1]], [[60_000, 1], [120_000, 2]]],
  ['the last bucket ends with the range', 'avg', 60_000, [[270_000, 4], [290_000, 6]], [[300_000, 5]]],
  ['without an interval there is one number', 'max', undefined, [[1000, 4], [200_000, 6]], [[300_000, 6]]],
  ['a bucket without samples has no number', 'sum', 60_000, [[1000, 1], [200_000, 2]], [[60_000, 1], [240_000, 2]]],
  ['a rate goes on from the bucket before', 'rate', 60_000, [[60_000, 100], [120_000, 160], [180_000, 160]], [[120_000, 1], [180_000, 0]]],
  ['a rate begins with the first sample', 'rate', 60_000, [[30_000, 10], [60_000, 40]], [[60_000, 1]]],
  ['a counter that was set back counts on from 0', 'rate', undefined, [[0, 100], [10_000, 130], [20_000, 5], [30_000, 25]], [[300_000, 55 / 30]]],
  ['one sample has no rate', 'rate', undefined, [[1000, 5]], []],
  ['a quantile lies between samples', 'p50', undefined, [[1000, 1], [2000, 10]], [[300_000, 5.5]]],
  ['NaN is the least of a quantile', 'p50', undefined, [[1000, Number.NaN], [2000, 1], [3000, 2]], [[300_000, 1]]],
  ['a minimum passes over NaN', 'min', undefined, [[1000, Number.NaN], [2000, 3]], [[300_000, 3]]],
]
for (const [fact, aggregation, intervalMs, samples, expected] of cases) {
  t.test(`aggregation: ${fact}`, (t) => {
    const options = { aggregation, fromMs: -1, toMs: 300_000, ...(intervalMs !== undefined && { intervalMs }) }
    const { times, values } = aggregate(arrays(samples), options)
    t.same([...times].map((tMs, i) => [tMs, values[i]]), expected) // biome-ignore format: a table
    t.end()
  })
}
