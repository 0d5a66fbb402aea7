import t from 'tap'
import type { LogMetricConfig } from '../../src/config/steps.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { LogMetricsFold } from '../../src/metrics/log-metrics.ts'

const metric = (more: Partial<LogMetricConfig> = {}): LogMetricConfig => {
  const defaults = { name: 'm_total', type: 'counter', help: 'h', labels: {}, buckets: [], maxSeries: 3 } as const
  return { ...defaults, ...more }
}
const scrape = (fold: LogMetricsFold): string[] =>
  renderMetrics(fold.samples(), 'prometheus')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
const add = (fold: LogMetricsFold, user: string, value: number): void =>
  fold.add({ m_total: { series: [{ labels: [user], value }] } })

t.test('a counter is born at 0, and takes after that what came before', async (t) => {
  const fold = new LogMetricsFold()
  fold.define([metric({ labels: { user: 'user_id' } })])
  t.strictSame(scrape(fold), [])
  add(fold, 'a', 2)
  add(fold, 'a', 3)
  t.strictSame(scrape(fold), ['m_total{user="a"} 0'])
  t.strictSame(scrape(fold), ['m_total{user="a"} 5'])
  add(fold, 'a', 1)
  add(fold, 'b', 1)
  t.strictSame(scrape(fold), ['m_total{user="a"} 6', 'm_total{user="b"} 0'])
})

t.test('a metric without labels is there before anything happens', async (t) => {
  const fold = new LogMetricsFold()
  fold.define([metric(), metric({ name: 'g', type: 'gauge' })])
  t.strictSame(scrape(fold), ['m_total 0'])
  fold.add({ m_total: { series: [{ labels: [], value: 2 }] }, g: { series: [{ labels: [], value: -7 }] } })
  t.strictSame(scrape(fold), ['m_total 2', 'g -7'])
})

t.test('a histogram is born whole', async (t) => {
  const fold = new LogMetricsFold()
  fold.define([metric({ name: 'h', type: 'histogram', labels: { z: 'a', a: 'b' }, buckets: [0.5, 1] })])
  fold.add({ h: { series: [{ labels: ['x', 'y'], counts: [1, 0, 2], sum: 9 }] } })
  const lines = (counts: number[], sum: number): string[] => [
    ...['0.5', '1', '+Inf'].map((le, i) => `h_bucket{le="${le}",a="x",z="y"} ${counts[i]}`),
    `h_sum{a="x",z="y"} ${sum}`,
    `h_count{a="x",z="y"} ${counts[2]}`,
  ]
  t.strictSame(scrape(fold), lines([0, 0, 0], 0))
  t.strictSame(scrape(fold), lines([1, 1, 3], 9))
})

t.test('definitions come, stay and go', async (t) => {
  const fold = new LogMetricsFold()
  fold.define([metric()])
  scrape(fold)
  fold.add({ m_total: { series: [{ labels: [], value: 2 }], overflow: 3, skipped: 4 } })
  fold.define([metric({ name: 'other' }), metric(), metric({ help: 'second of its name' })])
  t.strictSame(scrape(fold), ['other 0', 'm_total 2'])
  t.strictSame(fold.losses()[1], { name: 'm_total', overflow: 3, skipped: 4 })
  t.strictSame(fold.families()[1], { name: 'm_total', type: 'counter', help: 'h', labels: [] })
  fold.define([metric({ labels: { user: 'user_id' } })])
  fold.add({
    m_total: {
      series: [
        { labels: [], value: 2 },
        { labels: ['a'], counts: [1], sum: 1 },
      ],
    },
    gone: { series: [] },
  })
  t.strictSame(scrape(fold), [], 'what is of another shape is passed over')
  fold.define([])
  t.strictSame(fold.samples(), [])
})

t.test('series stay bounded when sources begin anew', async (t) => {
  const fold = new LogMetricsFold()
  fold.define([metric({ labels: { user: 'user_id' } })])
  for (const user of ['a', 'b', 'c', 'd', '_other', 'e']) add(fold, user, 1)
  scrape(fold)
  t.strictSame(scrape(fold), ['a', 'b', 'c'].map((u) => `m_total{user="${u}"} 1`).concat('m_total{user="_other"} 3'))
})
