import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { capacityAfter, SampleRing } from '../../src/store/series/ring.ts'
import { parseSeriesKey, type Series, seriesKey } from '../../src/store/series/series.ts'
import { SeriesStore } from '../../src/store/series/series-store.ts'

const MINUTE = 60_000
const TARGET = { job: 'node', instance: 'h' }

type Labels = Record<string, string | number>
const gauge = (name: string, ...samples: readonly [labels: Labels, value: number][]): FamilySamples => ({
  ...{ name, type: 'gauge', help: '' },
  samples: samples.map(([labels, value]) => ({ name, labels, value })),
})
const scrape = (tMs: number, ...families: FamilySamples[]) => ({ tMs, families, targetLabels: TARGET })
const one = (store: SeriesStore, name: string): Series => {
  const [series] = store.select(name)
  if (!series) throw new Error(`no series ${name}`)
  return series
}
const told = ({ samples }: Series): (number | 'stale')[][] =>
  Array.from({ length: samples.length }, (_, i) => [
    samples.timeAt(i),
    samples.isStaleAt(i) ? 'stale' : samples.valueAt(i),
  ])

t.test('a series has sorted labels, those of the target where it has none itself', (t) => {
  const store = new SeriesStore()
  store.appendScrape('s', scrape(1000, gauge('up', [{ zone: 'z', le: 0.5, job: 'own', instance: '' }, 1])))
  const { labels, name, type, key } = one(store, 'up')
  t.strictSame(Object.entries(labels), [
    ['instance', 'h'],
    ['job', 'own'],
    ['le', '0.5'],
    ['zone', 'z'],
  ])
  t.ok(Object.isFrozen(labels))
  t.equal('constructor' in labels, false)
  t.same([name, type], ['up', 'gauge'])
  t.same(parseSeriesKey(key), { name, labels })
  t.equal(seriesKey(name, labels), key)
  t.end()
})

t.test('labels of any text make series of their own', (t) => {
  const store = new SeriesStore()
  const values = ['a', 'a"', '","', '\u0000', '\ud800', '\u{1f600}', '__proto__', 'é', 'e\u0301', ' a', '\n']
  const labels: Labels[] = values.flatMap((v) => [{ a: v }, { b: v }, { a: v, b: v }, { ['__proto__']: v }])
  for (const tMs of [1000, 2000]) {
    store.appendScrape('s', scrape(tMs, gauge('m', ...labels.map((l, i): [Labels, number] => [l, i]))))
  }
  t.equal(store.stats().series, labels.length)
  t.equal(store.stats().samples, 2 * labels.length)
  t.equal(store.stats().outOfOrder, 0)
  for (const series of store.select('m')) t.equal(seriesKey('m', parseSeriesKey(series.key).labels), series.key)
  t.end()
})

t.test('what the scrape before had and this one has not is stale, and comes back', (t) => {
  const store = new SeriesStore()
  const a = gauge('a', [{}, 1])
  const b = gauge('b', [{}, 2])
  store.appendScrape('s', scrape(1000, a, b))
  store.appendScrape('other', scrape(1000, gauge('c', [{}, 3])))
  store.appendScrape('s', scrape(2000, b))
  store.appendScrape('s', scrape(3000, b))
  store.appendScrape('s', scrape(4000, a, b))
  t.same(told(one(store, 'a')), [[1000, 1], [2000, 'stale'], [4000, 1]]) // biome-ignore format: a table
  t.equal(one(store, 'a').samples.latest(3000, 300_000), -1)
  t.equal(one(store, 'a').samples.latest(1999, 300_000), 0)
  t.same([...one(store, 'a').samples.between(1000, 4000).values], [1])
  store.markStale('s', 5000)
  store.markStale('s', 6000)
  t.same(told(one(store, 'b')).at(-1), [5000, 'stale'])
  t.same(told(one(store, 'c')), [[1000, 3]])
  t.end()
})

t.test('other labels of the target make other series and end the old ones', (t) => {
  const store = new SeriesStore()
  const family = gauge('a', [{ x: 'y' }, 1])
  store.appendScrape('s', { tMs: 1000, families: [family], targetLabels: { job: 'one' } })
  store.appendScrape('s', { tMs: 2000, families: [family], targetLabels: { job: 'two' } })
  t.same(store.select('a').map(({ labels, samples }) => [labels.job, samples.latest(2000, 5000) < 0]), [['one', true], ['two', false]]) // biome-ignore format: a table
  t.end()
})

t.test('NaN, the infinities and -0 are samples', (t) => {
  const store = new SeriesStore()
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
  for (const [i, value] of values.entries()) store.appendScrape('s', scrape(1000 + i, gauge('a', [{}, value])))
  const { values: kept } = one(store, 'a').samples.between(0, 2000)
  for (const [i, value] of values.entries()) t.ok(Object.is(kept[i], value), String(value))
  t.end()
})

t.test('a sample that is not later than the last is counted, and replaces nothing', (t) => {
  const store = new SeriesStore()
  for (const [tMs, value] of [[2000, 1], [2000, 2], [1000, 3], [Number.NaN, 4], [2001, 5]] as const) // biome-ignore format: a table
    store.appendScrape('s', scrape(tMs, gauge('a', [{}, value])))
  t.same(told(one(store, 'a')), [[2000, 1], [2001, 5]]) // biome-ignore format: a table
  t.equal(store.stats().outOfOrder, 3)
  t.end()
})

t.test('after the clock was set back, samples follow from there', (t) => {
  const store = new SeriesStore()
  for (const tMs of [1000, 2000, 90_000]) store.appendScrape('s', scrape(tMs, gauge('a', [{}, tMs])))
  store.appendScrape('late', scrape(90_000, gauge('b', [{}, 1])))
  store.forgetAfter(2000)
  t.same(told(one(store, 'a')), [[1000, 1000], [2000, 2000]]) // biome-ignore format: a table
  t.same(store.select('b'), [])
  store.appendScrape('s', scrape(3000, gauge('a', [{}, 3])))
  store.appendScrape('late', scrape(3000, gauge('b', [{}, 2])))
  t.same(told(one(store, 'a')).at(-1), [3000, 3])
  t.same(told(one(store, 'b')), [[3000, 2]])
  t.equal(store.stats().samples, 4)
  t.end()
})

t.test('a series that was silent for longer than its retention is gone, and can come again', (t) => {
  const store = new SeriesStore({ retentionMs: 10 * MINUTE })
  store.setNeeds(new Map([['kept', 60 * MINUTE]]))
  store.appendScrape('s', scrape(0, gauge('a', [{}, 1]), gauge('kept', [{}, 1])))
  store.appendScrape('other', scrape(11 * MINUTE, gauge('b', [{}, 1])))
  t.same([...store.names()], ['kept', 'b'])
  store.appendScrape('s', scrape(12 * MINUTE, gauge('a', [{}, 2]), gauge('kept', [{}, 2])))
  t.same(told(one(store, 'a')), [[12 * MINUTE, 2]])
  t.equal(one(store, 'kept').samples.length, 2)
  store.setNeeds(new Map())
  store.expire(12 * MINUTE)
  t.equal(one(store, 'kept').samples.length, 1)
  store.expire(30 * MINUTE)
  t.match(store.stats(), { series: 0, samples: 0, bytes: 0 })
  t.end()
})

t.test('series beyond the limit are refused and counted, and let in when there is room', (t) => {
  const store = new SeriesStore({ maxSeries: 3, retentionMs: MINUTE })
  const many = (tMs: number, from: number) =>
    store.appendScrape('s', scrape(tMs, gauge('m', ...Array.from({ length: 5 }, (_, i): [Labels, number] => [{ i: i + from }, i])))) // biome-ignore format: a table
  many(1000, 0)
  t.match(store.stats(), { series: 3, refused: 2 })
  many(2000, 0)
  t.match(store.stats(), { series: 3, samples: 6, refused: 4 })
  many(3 * MINUTE, 100)
  t.match(store.stats(), { series: 3, samples: 3, refused: 9 }, 'the old ones had to go first')
  many(3 * MINUTE + 1000, 100)
  t.match(store.stats(), { series: 3, samples: 3 }, 'three of the new ones have come in')
  t.end()
})

t.test('the limit of bytes holds, and costs the oldest samples', (t) => {
  const maxBytes = 100_000
  const store = new SeriesStore({ maxBytes })
  const samples = Array.from({ length: 30 }, (_, i): [Labels, number] => [{ i }, i])
  for (let tick = 1; tick <= 239; tick++) {
    store.appendScrape('s', scrape(tick * 15_000, gauge('m', ...samples)))
    const { bytes, samples: count } = store.stats()
    t.ok(bytes <= maxBytes, `${bytes} bytes`)
    t.equal(count, [...store.all()].reduce((sum, { samples }) => sum + samples.length, 0)) // biome-ignore format: a sum
  }
  t.ok(store.stats().shortened > 0)
  t.equal(store.stats().outOfOrder, 0)
  for (const { samples } of store.all()) t.equal(samples.lastMs, 239 * 15_000)
  t.end()
})

t.test('select finds by matcher what a look at each finds, in small and large groups', (t) => {
  for (const count of [10, 300]) {
    const store = new SeriesStore()
    const all = Array.from({ length: count }, (_, i): [Labels, number] => [{ state: `s${i % 7}`, unit: `u${i % 50}`, ...(i % 2 && { odd: 'y' }) }, i]) // biome-ignore format: a table
    store.appendScrape('s', scrape(1000, gauge('m', ...all)))
    const equal = (label: string, text: string) => ({ label, equals: text, matches: (v: string) => v === text })
    for (const matchers of [
      [equal('state', 's3')],
      [equal('state', 's3'), equal('unit', 'u17')],
      [equal('state', 's3'), equal('odd', '')],
      [equal('state', 'none')],
      [{ label: 'unit', matches: (v: string) => /^u1/.test(v) }],
      [equal('job', 'node'), { label: 'odd', matches: (v: string) => v !== 'y' }],
    ]) {
      const expected = [...store.all()].filter(({ labels }) => matchers.every((m) => m.matches(labels[m.label] ?? '')))
      t.same(store.select('m', matchers).map((s) => s.key).sort(), expected.map((s) => s.key).sort()) // biome-ignore format: a table
    }
    store.appendScrape('t', scrape(2000, gauge('m', [{ state: 's3', unit: 'new' }, 1])))
    t.equal(store.select('m', [equal('unit', 'new')]).length, 1, 'one that came after the index was made')
    t.same(store.select('other'), [])
  }
  t.end()
})

t.test('a ring keeps what an array keeps', (t) => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('push' as const), gap: fc.integer({ min: 1, max: 50 }), isStale: fc.boolean() }) }, // biome-ignore format: a table
    fc.record({ kind: fc.constant('dropBefore' as const), back: fc.integer({ min: 0, max: 900 }) }),
    fc.record({ kind: fc.constant('dropAfter' as const), back: fc.integer({ min: 0, max: 90 }) }),
    fc.record({ kind: fc.constant('grow' as const) }),
  )
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.array(fc.integer({ min: -10, max: 9000 }), { maxLength: 6 }),
      (steps, asked) => {
        const ring = new SampleRing()
        let model: { tMs: number; value: number; isStale: boolean }[] = []
        let nowMs = 0
        for (const one of steps) {
          if (one.kind === 'push') {
            nowMs += one.gap
            const sample = { value: nowMs / 7, isStale: one.isStale }
            ring.push(nowMs, sample)
            model = [...model, { tMs: nowMs, ...sample }].slice(-ring.capacity)
          } else if (one.kind === 'dropBefore') {
            ring.dropBefore(nowMs - one.back)
            model = model.filter(({ tMs }) => tMs >= nowMs - one.back)
          } else if (one.kind === 'dropAfter') {
            nowMs -= one.back
            ring.dropAfter(nowMs)
            model = model.filter(({ tMs }) => tMs <= nowMs)
          } else ring.resize(capacityAfter(ring.capacity))
        }
        if (ring.length !== model.length) return false
        const isSame = model.every(({ tMs, value, isStale }, i) => ring.timeAt(i) === tMs && ring.isStaleAt(i) === isStale && (isStale || ring.valueAt(i) === value)) // biome-ignore format: a table
        const answers = asked.every((at) => {
          const before = model.filter(({ tMs }) => tMs <= at)
          const last = before.at(-1)
          const expected = last && !last.isStale && last.tMs > at - 100 ? before.length - 1 : -1
          const inRange = model.filter(({ tMs, isStale }) => tMs > at - 100 && tMs <= at && !isStale)
          const { times, values } = ring.between(at - 100, at)
          return (
            ring.firstAfter(at) === before.length &&
            ring.latest(at, 100) === expected &&
            JSON.stringify([...times]) === JSON.stringify(inRange.map(({ tMs }) => tMs)) &&
            JSON.stringify([...values]) === JSON.stringify(inRange.map(({ value }) => value))
          )
        })
        return isSame && answers
      },
    ),
    { numRuns: 400 },
  )
  t.pass()
  t.end()
})

/** The plain way: every sample ever, looked through at each question. */
class NaiveStore {
  readonly series = new Map<string, { tMs: number; value: number | 'stale' }[]>()
  readonly former = new Map<string, Set<string>>()
  refused = 0
  outOfOrder = 0
  readonly maxSeries: number
  readonly retentionMs: number

  constructor(maxSeries: number, retentionMs: number) {
    this.maxSeries = maxSeries
    this.retentionMs = retentionMs
  }

  append(scrapeName: string, tMs: number, samples: readonly { label: number; value: number }[]): void {
    const seen = new Set<string>()
    for (const { label, value } of samples) {
      const key = String(label)
      const known = this.series.get(key)
      if (!known && this.series.size >= this.maxSeries) {
        this.refused++
        continue
      }
      seen.add(key)
      const list = known ?? []
      this.series.set(key, list)
      if (tMs > (list.at(-1)?.tMs ?? Number.NEGATIVE_INFINITY)) list.push({ tMs, value })
      else this.outOfOrder++
    }
    for (const key of this.former.get(scrapeName) ?? []) if (!seen.has(key)) this.#end(key, tMs)
    this.former.set(scrapeName, seen)
  }

  markStale(scrapeName: string, tMs: number): void {
    for (const key of this.former.get(scrapeName) ?? []) this.#end(key, tMs)
    this.former.delete(scrapeName)
  }

  expire(nowMs: number): void {
    for (const [key, list] of this.series) {
      const kept = list.filter(({ tMs }) => tMs >= nowMs - this.retentionMs)
      if (kept.length > 0) this.series.set(key, kept)
      else {
        this.series.delete(key)
        // One that comes again is another series: what is missing is not it.
        for (const seen of this.former.values()) seen.delete(key)
      }
    }
  }

  #end(key: string, tMs: number): void {
    const list = this.series.get(key)
    const last = list?.at(-1)
    if (list && last && last.value !== 'stale' && tMs > last.tMs) list.push({ tMs, value: 'stale' })
  }
}

t.test('the store holds what a naive one holds, whatever comes', (t) => {
  const sample = fc.record({ label: fc.integer({ min: 0, max: 11 }), value: fc.constantFrom(0, 1, 2.5, Number.NaN) })
  const step = fc.record({
    kind: fc.constantFrom('append', 'append', 'append', 'append', 'gone', 'expire'),
    scrapeName: fc.constantFrom('a', 'b'),
    gap: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 15 }) }, fc.integer({ min: -20, max: 300 })),
    samples: fc.array(sample, { maxLength: 10 }),
  })
  const RETENTION = 200
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const store = new SeriesStore({ maxSeries: 8, retentionMs: RETENTION })
      const naive = new NaiveStore(8, RETENTION)
      let nowMs = 1000
      for (const { kind, scrapeName, gap, samples } of steps) {
        nowMs += gap
        if (kind === 'gone') {
          store.markStale(scrapeName, nowMs)
          naive.markStale(scrapeName, nowMs)
        } else if (kind === 'append') {
          const family = gauge('m', ...samples.map(({ label, value }): [Labels, number] => [{ label }, value]))
          store.appendScrape(scrapeName, scrape(nowMs, family))
          naive.append(scrapeName, nowMs, samples)
        }
        store.expire(nowMs)
        naive.expire(nowMs)
        // What is out of retention by the time of its own series goes earlier in the store; here all is expired by one clock.
        const held = new Map(store.select('m').map((series) => [series.labels.label ?? '', told(series)]))
        const expected = new Map([...naive.series].map(([key, list]) => [key, list.map(({ tMs, value }) => [tMs, value])])) // biome-ignore format: a table
        deepStrictEqual([...held].sort(), [...expected].sort())
        const { refused, outOfOrder, samples: count } = store.stats()
        deepStrictEqual(
          [refused, outOfOrder, count],
          [naive.refused, naive.outOfOrder, [...expected.values()].flat().length],
        )
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})
