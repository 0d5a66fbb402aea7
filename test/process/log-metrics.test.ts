import fc from 'fast-check'
import t from 'tap'
import { parseCondition } from '../../src/config/condition.ts'
import type { LogMetricConfig } from '../../src/config/steps.ts'
import type { LogMetricDeltas } from '../../src/metrics/log-metrics.ts'
import { createLogMetrics } from '../../src/process/log-metrics.ts'
import { type Entry, entry, workOf } from './harness.ts'

const metric = (more: Partial<LogMetricConfig>): LogMetricConfig => {
  const defaults = { name: 'm', type: 'counter', help: 'h', labels: {}, buckets: [], maxSeries: 100 } as const
  return { ...defaults, ...more }
}

function counted(configs: readonly LogMetricConfig[], entries: readonly Entry[]): LogMetricDeltas | undefined {
  const metrics = createLogMetrics(configs)
  for (const fields of entries) metrics.count(workOf(entry(fields)))
  return metrics.take()
}

t.test('a counter counts entries, or adds up their numbers', async (t) => {
  t.strictSame(counted([metric({})], [{}, {}]), { m: { series: [{ labels: [], value: 2 }] } })
  const bytes = [1, '2', 2.5, 0, -1, '3 kB', true, null, [4], '1e999'].map((size) => ({ metadata: { size } }))
  const added = counted([metric({ value: 'size' })], [...bytes, {}])
  t.strictSame(added, { m: { series: [{ labels: [], value: 5.5 }], skipped: 5 } })
  const durations = counted([metric({ value: 'duration' })], [{ duration: 0.5 }, { duration: 1 }, {}])
  t.strictSame(durations, { m: { series: [{ labels: [], value: 1.5 }] } })
})

t.test('a gauge keeps the last, a histogram counts by buckets', async (t) => {
  const entries = [3, -2, 1, 10, 0.5].map((size) => ({ metadata: { size } }))
  t.strictSame(counted([metric({ type: 'gauge', value: 'size' })], entries), {
    m: { series: [{ labels: [], value: 0.5 }] },
  })
  t.strictSame(counted([metric({ type: 'histogram', value: 'size', buckets: [0.5, 1, 5] })], entries), {
    m: { series: [{ labels: [], counts: [2, 1, 1, 1], sum: 12.5 }] },
  })
})

t.test('a sum stays a number that JSON can hold', async (t) => {
  const huge = Array.from({ length: 3 }, () => ({ metadata: { size: 1e308 } }))
  t.strictSame(counted([metric({ value: 'size' })], huge), {
    m: { series: [{ labels: [], value: 1e308 }], skipped: 2 },
  })
})

t.test('labels are texts of fields, in the order of their names', async (t) => {
  const labels = { z: 'level', a: 'order.id', m: 'status_code' }
  const entries = [{ level: 'ERROR', status_code: 500, metadata: { order: { id: 5 } } }, {}, { metadata: { order: 1 } }]
  t.strictSame(counted([metric({ labels })], entries), {
    m: {
      series: [
        { labels: ['5', '500', 'ERROR'], value: 1 },
        { labels: ['', '', 'INFO'], value: 2 },
      ],
    },
  })
  const cut = counted([metric({ labels: { user: 'user_id' } })], [{ user_id: `${'x'.repeat(127)}😀` }])
  t.strictSame(cut?.m?.series, [{ labels: [`${'x'.repeat(127)}\ufffd`], value: 1 }])
  const near = [{ metadata: { a: 'x', b: '1:y' } }, { metadata: { a: 'x1:', b: 'y' } }]
  t.equal(counted([metric({ labels: { a: 'a', b: 'b' } })], near)?.m?.series.length, 2)
})

t.test('only entries for which the condition holds are counted, each metric for itself', async (t) => {
  const parsed = parseCondition('level >= ERROR')
  if (parsed.kind === 'bad') throw new Error(parsed.message)
  const configs = [
    metric({ name: 'errors', when: parsed.condition }),
    metric({ name: 'all' }),
    metric({ name: 'none', value: 'x' }),
  ]
  t.strictSame(counted(configs, [{ level: 'ERROR' }, {}]), {
    errors: { series: [{ labels: [], value: 1 }] },
    all: { series: [{ labels: [], value: 2 }] },
  })
})

t.test('label sets beyond the limit are counted together, for as long as the metric lives', async (t) => {
  const metrics = createLogMetrics([metric({ labels: { user: 'user_id', level: 'level' }, maxSeries: 2 })])
  const count = (...users: string[]): void => {
    for (const user_id of users) metrics.count(workOf(entry({ user_id })))
  }
  count('a', 'b', 'c', 'd', 'a')
  const first = [
    { labels: ['INFO', 'a'], value: 2 },
    { labels: ['INFO', 'b'], value: 1 },
    { labels: ['_other', '_other'], value: 2 },
  ]
  t.strictSame(metrics.take(), { m: { series: first, overflow: 2 } })
  t.equal(metrics.take(), undefined)
  count('e', 'b')
  const second = [
    { labels: ['_other', '_other'], value: 1 },
    { labels: ['INFO', 'b'], value: 1 },
  ]
  t.strictSame(metrics.take(), { m: { series: second, overflow: 1 } })
})

t.test('counting leaves the entry as it is, and reads it only when it must', async (t) => {
  const read = (config: Partial<LogMetricConfig>): boolean => {
    const work = workOf(entry({ duration: 1 }))
    createLogMetrics([metric(config)]).count(work)
    return work.wasRead
  }
  t.equal(read({ value: 'duration', labels: { level: 'level', service: 'service', status: 'status_code' } }), false)
  t.equal(read({ labels: { path: 'path' } }), true)
})

t.test('what is taken adds up to what was counted', async (t) => {
  const moves = fc.array(fc.tuple(fc.string({ maxLength: 1 }), fc.nat({ max: 99 }), fc.boolean()))
  const adds = fc.property(moves, (moves) => {
    const config = {
      type: 'histogram',
      value: 'size',
      buckets: [10, 50],
      labels: { user: 'user_id' },
      maxSeries: 3,
    } as const
    const metrics = createLogMetrics([metric(config)])
    const told = { sum: 0, count: 0 }
    const take = (): void => {
      for (const delta of metrics.take()?.m?.series ?? []) {
        if (!('counts' in delta)) continue
        told.sum += delta.sum
        told.count += delta.counts.reduce((a, b) => a + b)
      }
    }
    for (const [user_id, size, isTaken] of moves) {
      metrics.count(workOf(entry({ user_id, metadata: { size } })))
      if (isTaken) take()
    }
    take()
    return told.count === moves.length && told.sum === moves.reduce((sum, [, size]) => sum + size, 0)
  })
  t.doesNotThrow(() => fc.assert(adds))
})
