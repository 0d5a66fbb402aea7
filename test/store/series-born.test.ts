import t from 'tap'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { SeriesStore } from '../../src/store/series/series-store.ts'

const counter = (value: number, service: string): FamilySamples => ({
  ...{ name: 'log_errors_total', type: 'counter', help: 'x' },
  samples: [{ name: 'log_errors_total', labels: { service }, value }],
})
const gauge = (value: number): FamilySamples => ({
  ...{ name: 'depth', type: 'gauge', help: 'x' },
  samples: [{ name: 'depth', labels: {}, value }],
})

function samplesOf(store: SeriesStore, name: string, label?: string): [tMs: number, value: number][] {
  const series = store.select(name).find(({ labels }) => label === undefined || JSON.stringify(labels).includes(label))
  const { times, values } = series?.samples.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) ?? {}
  return [...(times ?? [])].map((tMs, index) => [tMs, values?.[index] ?? Number.NaN])
}

t.test(
  'a counter that is born between two scrapes was 0 at the first, so that its first burst is an increase',
  async (t) => {
    const store = new SeriesStore()
    const scrape = { targetLabels: {}, isBornAtZero: true }
    store.appendScrape('own', { ...scrape, tMs: 1000, families: [counter(5, 'a')] })
    store.appendScrape('own', { ...scrape, tMs: 2000, families: [counter(6, 'a'), counter(3, 'b'), gauge(9)] })
    store.appendScrape('own', { ...scrape, tMs: 3000, families: [counter(6, 'a'), counter(3, 'b'), gauge(9)] })
    // What it was before the agent looked for the first time is not known.
    t.same(samplesOf(store, 'log_errors_total', '"a"'), [
      [1000, 5],
      [2000, 6],
      [3000, 6],
    ])
    t.same(samplesOf(store, 'log_errors_total', '"b"'), [
      [1000, 0],
      [2000, 3],
      [3000, 3],
    ])
    t.same(samplesOf(store, 'depth'), [
      [2000, 9],
      [3000, 9],
    ])
  },
)

t.test('a counter of a target that was there before the agent is not taken for newly born', async (t) => {
  const store = new SeriesStore()
  store.appendScrape('node', { targetLabels: {}, tMs: 1000, families: [counter(5, 'a')] })
  store.appendScrape('node', { targetLabels: {}, tMs: 2000, families: [counter(5, 'a'), counter(1e9, 'b')] })
  t.same(samplesOf(store, 'log_errors_total', '"b"'), [[2000, 1e9]])
})
