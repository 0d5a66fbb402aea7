import { once } from 'node:events'
import { request } from 'node:http'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createApp } from '../../src/api/app.ts'
import { metricQueryRoutes } from '../../src/api/metric-query.ts'
import { createMetrics } from '../../src/metrics.ts'
import type { MetricEntry, MetricResponse } from '../../src/model/metric-entry.ts'
import { SeriesReader } from '../../src/store/series/series-reader.ts'
import { NOW_MS } from '../store/buffer-fixture.ts'
import { family, gauge, type HistoryRig, HOUR, historyRig, type Labels, MINUTE } from '../store/series-fixture.ts'

const ORIGIN = { service: 'obs-agent', environment: 'test', version: '1.2.3', instance: 'host-1' }

interface Answer {
  readonly status: number
  readonly body: MetricResponse & { error?: string; field?: string; errorType?: string; status?: string }
}

/** What asks a real API over `rig`, whose clock says what time it is. */
async function serve(t: Test, rig: HistoryRig, maxSamples?: number): Promise<(query: string) => Promise<Answer>> {
  return (await serveAt(t, rig, maxSamples)).ask
}

async function serveAt(t: Test, rig: HistoryRig, maxSamples?: number) {
  const quiet = (): void => {}
  const errors: unknown[] = []
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (_: string, fields?: object) => errors.push(fields),
    child: () => log,
  }
  const reader = new SeriesReader(
    { store: rig.store, history: rig.history, clock: rig.clock },
    maxSamples ? { maxSamples } : {},
  )
  const metrics = createMetrics({ version: '1.2.3', node: '26' })
  const deps = { clock: rig.clock, reader, origin: ORIGIN }
  const app = createApp((routes) => metricQueryRoutes(routes, deps), { gate: () => undefined, log, metrics })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const ask = (query: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const question = request(
        { port, host: '127.0.0.1', path: `/api/v1/metrics${query}`, agent: false },
        async (response) => {
          let text = ''
          for await (const piece of response.setEncoding('utf8')) text += piece
          t.match(response.headers['content-type'], 'application/json')
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
        },
      )
      question.on('error', reject).end()
    })
  return { port, ask, errors }
}

const minutesOf = ({ body }: Answer): number[] =>
  body.metrics.map(({ timestamp }) => (Date.parse(timestamp) - NOW_MS) / MINUTE)
const valuesOf = ({ body }: Answer): unknown[] => body.metrics.map(({ value }) => value)
const keysOf = ({ body }: Answer): string[] =>
  body.metrics.map(({ name, labels }) => `${name}/${labels.mode ?? labels.le ?? ''}`).sort()

/** Ten minutes of some of each. */
async function smallHost(t: Test): Promise<HistoryRig> {
  const rig = await historyRig(t)
  for (let minute = 1; minute <= 10; minute++) {
    rig.scrape(
      NOW_MS + minute * MINUTE,
      gauge('node_load1', [{}, minute]),
      family(
        'counter',
        'node_cpu_seconds_total',
        [{ mode: 'idle', cpu: '0' }, minute * 60],
        [{ mode: 'user', cpu: '0' }, minute * 6],
      ),
      family('untyped', 'node_vmstat_pgfault', [{}, minute]),
      {
        ...{ name: 'req_seconds', type: 'histogram', help: '' },
        samples: [
          {
            name: 'req_seconds_bucket',
            labels: { le: 0.5, service: 'shop', status_code: 200, method: 'GET', endpoint: '/' },
            value: minute * 2,
          },
          { name: 'req_seconds_count', labels: { service: 'shop' }, value: minute * 3 },
        ],
      },
    )
  }
  return rig
}

t.test('samples are told newest first, as many as asked for', async (t) => {
  const ask = await serve(t, await smallHost(t))
  const answer = await ask('?name=node_load1&limit=3')
  t.equal(answer.status, 200)
  t.same(minutesOf(answer), [10, 9, 8])
  t.match(answer.body, { total: 10, has_more: true })
  t.strictSame(answer.body.metrics[0], {
    ...{ name: 'node_load1', type: 'gauge', value: 10, labels: { instance: 'h', job: 'node' } },
    timestamp: new Date(NOW_MS + 10 * MINUTE).toISOString(),
    ...{ service: 'obs-agent', environment: 'test', version: '1.2.3', instance: 'h' },
  } satisfies MetricEntry)
  const all = await ask('?name=node_load1')
  t.match(all.body, { total: 10, has_more: false })
  t.equal((await ask('')).body.total, 60)
})

t.test('labels that are fields are told as both', async (t) => {
  const ask = await serve(t, await smallHost(t))
  const { body } = await ask('?name=req_seconds_bucket&limit=1')
  t.match(body.metrics[0], {
    ...{ type: 'histogram', service: 'shop', status_code: 200, method: 'GET', endpoint: '/' },
    labels: { status_code: '200', le: '0.5', service: 'shop' },
  })
})

const at = (minute: number): string => new Date(NOW_MS + minute * MINUTE).toISOString()
// biome-ignore format: a table
const selections: readonly [query: string, expected: string[]][] = [
  ['?name=node_cpu_seconds_total', ['node_cpu_seconds_total/idle', 'node_cpu_seconds_total/user']],
  ['?name=node_cpu_seconds_total&labels=mode=idle', ['node_cpu_seconds_total/idle']],
  ['?labels=mode=idle,cpu=0', ['node_cpu_seconds_total/idle']],
  ['?labels=mode=idle&labels=cpu=1', []],
  ['?labels[mode]=user', ['node_cpu_seconds_total/user']],
  ['?labels%5Bmode%5D=user&labels=cpu=0', ['node_cpu_seconds_total/user']],
  ['?name=node_load1&labels=mode=', ['node_load1/']],
  ['?type=counter', ['node_cpu_seconds_total/idle', 'node_cpu_seconds_total/user']],
  ['?type=gauge', ['node_load1/', 'node_vmstat_pgfault/']],
  ['?type=histogram', ['req_seconds_bucket/0.5', 'req_seconds_count/']],
  ['?type=summary', []],
  ['?service=shop', ['req_seconds_bucket/0.5', 'req_seconds_count/']],
  ['?service=obs-agent&type=gauge', ['node_load1/', 'node_vmstat_pgfault/']],
  ['?environment=test&name=node_load1', ['node_load1/']],
  ['?environment=production', []],
  ['?name=req_seconds', []],
  ['?aggregation=rate', ['node_cpu_seconds_total/idle', 'node_cpu_seconds_total/user', 'req_seconds_bucket/0.5', 'req_seconds_count/']],
]
t.test('parameters choose series', async (t) => {
  const ask = await serve(t, await smallHost(t))
  for (const [query, expected] of selections) {
    const whole = query.includes('aggregation') ? query : `${query}&aggregation=last`
    t.same(keysOf(await ask(whole)), expected, query)
  }
})

// biome-ignore format: a table
const ranges: readonly [query: string, minutes: number[]][] = [
  [`start_time=${at(3)}&end_time=${at(5)}`, [5, 4]],
  [`start_time=${(NOW_MS + 3 * MINUTE) / 1000}&end_time=${(NOW_MS + 5 * MINUTE) / 1000}`, [5, 4]],
  [`start_time=${at(8).replace('Z', '+00:00')}`, [10, 9]],
  [`start_time=${at(8).toLowerCase()}`, [10, 9]],
  [`end_time=${at(2)}`, [2, 1]],
  ['aggregation=avg', [10]],
  ['aggregation=avg&interval=5m', [10, 5]],
  [`aggregation=avg&interval=4m&start_time=${at(0)}`, [10, 8, 4]],
  [`aggregation=avg&interval=4m&start_time=${at(1)}&end_time=${at(7)}`, [7, 4]],
]
t.test('times choose samples', async (t) => {
  const ask = await serve(t, await smallHost(t))
  for (const [query, expected] of ranges) t.same(minutesOf(await ask(`?name=node_load1&${query}`)), expected, query)
})

// biome-ignore format: a table
const aggregations: readonly [query: string, values: unknown[]][] = [
  ['name=node_load1&aggregation=avg&interval=5m', [8, 3]],
  ['name=node_load1&aggregation=min&interval=5m', [6, 1]],
  ['name=node_load1&aggregation=max&interval=5m', [10, 5]],
  ['name=node_load1&aggregation=sum', [55]],
  ['name=node_load1&aggregation=count', [10]],
  ['name=node_load1&aggregation=last&interval=1h', [10]],
  ['name=node_load1&aggregation=p50', [5.5]],
  ['name=node_load1&aggregation=p95', [9.549999999999999]],
  ['labels=mode=idle&aggregation=rate', [1]],
  ['labels=mode=idle&aggregation=rate&interval=5m', [1, 1]],
  ['name=req_seconds_count&aggregation=rate&interval=10m', [0.05]],
]
t.test('aggregations are told with what was asked', async (t) => {
  const ask = await serve(t, await smallHost(t))
  for (const [query, expected] of aggregations) {
    const answer = await ask(`?${query}`)
    t.same(valuesOf(answer), expected, query)
    const asked = new URLSearchParams(query)
    t.match(answer.body, {
      aggregation: asked.get('aggregation'),
      ...(asked.has('interval') && { interval: asked.get('interval') }),
    })
  }
})

t.test('numbers that JSON does not have are told as /metrics tells them', async (t) => {
  const rig = await historyRig(t)
  for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries())
    rig.scrape(NOW_MS + i, gauge('a', [{}, value]))
  const ask = await serve(t, rig)
  t.same(valuesOf(await ask('?name=a')), ['-Inf', '+Inf', 'NaN'])
})

t.test('what memory does not reach comes from the history, each sample once', async (t) => {
  const rig = await historyRig(t)
  for (let tMs = NOW_MS + 15_000; tMs <= NOW_MS + 4 * HOUR; tMs += 15_000) {
    const minute = (tMs - NOW_MS) / MINUTE
    rig.scrape(tMs, gauge('a', [{}, minute]), ...(minute <= 30 ? [gauge('gone', [{ x: 'y' }, minute])] : []))
    if (minute % 5 === 0) rig.history.flushOnce(tMs)
  }
  const ask = await serve(t, rig)
  const check = async () => {
    const whole = await ask(`?name=a&start_time=${at(0)}&limit=1000`)
    const times = minutesOf(whole)
    t.same(
      times,
      [...new Set(times)].sort((x, y) => y - x),
      'newest first, none twice',
    )
    t.equal(whole.body.total, times.length)
    t.same(valuesOf(whole), times)
    const hourly = await ask(`?name=a&start_time=${at(0)}&aggregation=max&interval=1h`)
    t.same(minutesOf(hourly), [240, 180, 120, 60])
    t.same(valuesOf(hourly), [240, 180, 120, 60])
    t.equal((await ask('?name=a&aggregation=max')).body.total, 1)
    const gone = await ask(`?start_time=${at(0)}&end_time=${at(60)}&labels=x=y&limit=1`)
    t.match(gone.body, { total: 30, metrics: [{ name: 'gone', value: 30 }] })
    return times.length
  }
  t.ok((await check()) > 180 + 240 - 3)
  await rig.restart()
  const again = await serve(t, rig)
  t.equal((await again(`?name=a&start_time=${at(0)}`)).body.total, 240, 'after a restart the history alone')
})

t.test('a question that is too large is refused, with what to do', async (t) => {
  const ask = await serve(t, await smallHost(t), 59)
  const { status, body } = await ask('')
  t.equal(status, 422)
  t.match(body, { status: 'error', errorType: 'execution', error: /more than 59 samples.*shorter time/ })
  t.equal((await ask('?name=node_load1')).status, 200)
})

// biome-ignore format: a table
const wrong: readonly [query: string, field: string, error: RegExp][] = [
  ['limit=0', 'limit', /expected a whole number from 1 to 1000, got "0"/],
  ['limit=1001', 'limit', /from 1 to 1000/],
  ['limit=1e2', 'limit', /got "1e2"/],
  ['limit=1&limit=2', 'limit', /expected it once, got it 2 times/],
  ['nmae=up', 'nmae', /no such parameter; did you mean name\?/],
  ['offset=3', 'offset', /no such parameter; known are name, type/],
  ['__proto__=3', '__proto__', /no such parameter/],
  ['aggregation=mean', 'aggregation', /expected one of avg, min.*got "mean"/],
  ['aggregation=cuont', 'aggregation', /did you mean count\?/],
  ['aggregation=rate&type=gauge', 'aggregation', /another than rate for gauges/],
  ['interval=1m', 'interval', /expected an aggregation beside it/],
  ['interval=60&aggregation=avg', 'interval', /a duration with its unit.*got "60"/],
  ['interval=0s&aggregation=avg', 'interval', /at least 1s/],
  [`interval=${'1h'.repeat(4000)}&aggregation=avg`, 'interval', /…"/],
  ['type=untyped', 'type', /expected one of counter, gauge/],
  ['name=a b', 'name', /name of a metric/],
  ['name=', 'name', /name of a metric/],
  ['start_time=yesterday', 'start_time', /2026-01-31T12:00:00Z.*got "yesterday"/],
  ['start_time=2026-01-31', 'start_time', /expected a time/],
  ['start_time=2026-02-31T00:00:99Z', 'start_time', /expected a time/],
  ['end_time=-5', 'end_time', /expected a time/],
  ['start_time=2026-01-31T00:00:00Z&end_time=2026-01-30T00:00:00Z', 'start_time', /before end_time/],
  ['start_time=99999999999', 'start_time', /before now/],
  ['labels=mode', 'labels', /label=value.*got "mode"/],
  ['labels=1a=b', 'labels', /label=value/],
  ['labels=a=b,a=c', 'labels', /each label once/],
  ['labels[]=b', 'labels', /label=value/],
]
t.test('a wrong parameter is named, with what was found and what is expected', async (t) => {
  const ask = await serve(t, await smallHost(t))
  for (const [query, field, error] of wrong) {
    const { status, body } = await ask(`?${query.replaceAll(' ', '%20')}`)
    t.equal(status, 400, query.slice(0, 60))
    t.match(body, { status: 'error', errorType: 'bad_data', field, error })
  }
})

t.test('whatever is asked, the answer is one of those promised', async (t) => {
  const ask = await serve(t, await smallHost(t))
  const field = fc.oneof(
    fc.constantFrom(
      'name',
      'type',
      'service',
      'start_time',
      'end_time',
      'labels',
      'labels[mode]',
      'aggregation',
      'interval',
      'limit',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  const value = fc.oneof(
    fc.constantFrom(
      'node_load1',
      'rate',
      'p99',
      '1m',
      '1000',
      'mode=idle',
      '0',
      '-1',
      '1e400',
      at(3),
      '99999999999',
      'NaN',
      '[object Object]',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const spelt = (text: string): string => encodeURIComponent(text.toWellFormed())
  const query = fc.oneof(
    fc
      .array(fc.tuple(field, value), { maxLength: 5 })
      .map((pairs) => pairs.map(([f, v]) => `${spelt(f)}=${spelt(v)}`).join('&')),
    fc.string({ unit: fc.constantFrom(...'&=[]%+.,;20aname'), maxLength: 30 }),
  )
  await fc.assert(
    fc.asyncProperty(query, async (query) => {
      const { status, body } = await ask(`?${query}`)
      const isGood = status === 200 && Array.isArray(body.metrics) && body.metrics.length <= 1000
      return isGood || (status === 400 && typeof body.field === 'string' && body.errorType === 'bad_data')
    }),
    { numRuns: 400 },
  )
  t.pass()
})

t.test('a caller who leaves while he waits holds up nobody', async (t) => {
  const rig = await smallHost(t)
  const { port, ask, errors } = await serveAt(t, rig)
  for (let i = 0; i < 20; i++) {
    const question = request({
      port,
      host: '127.0.0.1',
      path: '/api/v1/metrics?aggregation=p99&interval=1s',
      agent: false,
    })
    question.on('error', () => {}).end()
    await once(question, 'socket')
    question.destroy()
  }
  t.equal((await ask('?name=node_load1')).body.total, 10)
  t.same(errors, [])
})

t.test('large questions leave the event loop to others', async (t) => {
  const rig = await historyRig(t)
  const many = Array.from({ length: 3000 }, (_, n): [Labels, number] => [{ n }, n])
  for (let minute = 1; minute <= 120; minute++) {
    rig.scrape(NOW_MS + minute * MINUTE, gauge('m', ...many))
    if (minute % 5 === 0) rig.history.flushOnce(rig.clock.nowAt)
  }
  const ask = await serve(t, rig)
  let longestMs = 0
  let last = performance.now()
  let isOver = false
  const watch = (): void => {
    longestMs = Math.max(longestMs, performance.now() - last)
    last = performance.now()
    if (!isOver) setImmediate(watch)
  }
  watch()
  const answers = await Promise.all(
    [1, 2, 3].map(() => ask(`?name=m&start_time=${at(0)}&aggregation=p95&interval=10m`)),
  )
  isOver = true
  for (const { body } of answers) t.equal(body.total, 36_000)
  t.comment(`the longest turn took ${longestMs.toFixed(1)} ms`)
  t.ok(longestMs < 200, `${longestMs} ms`)
})
