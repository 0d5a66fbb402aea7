import t from 'tap'
import { PickyCollector } from './picky-collector.ts'
import { type RunningAgent, until, World } from './running-agent.ts'

t.setTimeout(120_000)
t.jobs = 2

const jsonLine = (fields: Record<string, unknown>): string =>
  JSON.stringify({ time: '2026-01-15T08:00:00Z', level: 'info', ...fields })

/** Waits until a series of /metrics has a value. (It is 0 at the first look at least.) */
async function shows(agent: RunningAgent, series: string, value: number): Promise<void> {
  let last: number | undefined
  await until(`${series} to be ${value}`, async () => {
    last = await agent.metric(series)
    return last === value
  }).catch((error: unknown) => {
    throw new Error(`${series} is ${last}, not ${value}`, { cause: error })
  })
}

/** The lines of /metrics that begin so. */
async function series(agent: RunningAgent, beginning: string): Promise<string[]> {
  const { text } = await agent.ask('/metrics')
  return text.split('\n').filter((line) => line.startsWith(beginning))
}

async function isStored(agent: RunningAgent, source: string, entries: number): Promise<void> {
  await shows(agent, `obs_agent_ledger_entries{kind="source",name="${source}",account="stored"}`, entries)
}

const METRICS = {
  orders_total: {
    type: 'counter',
    labels: { shop: 'shop_id' },
    when: 'message contains "order placed"',
    max_series: 3,
  },
  revenue_total: { type: 'counter', value: 'amount' },
  queue_length: { type: 'gauge', value: 'queue.length', labels: { queue: 'queue.name' } },
  query_seconds: { type: 'histogram', value: 'duration', labels: { table: 'table' }, buckets: [0.1, 1] },
}

t.test(
  'metrics of a source count its entries and survive a reload that changes one of them',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    const configure = (metrics: Record<string, unknown>): void =>
      world.configure({ sources: { app: { include: [`${world.logs}/*.log`], metrics } } })
    configure(METRICS)
    const agent = await world.started()
    t.strictSame(await series(agent, 'revenue_total'), ['revenue_total 0'], 'without labels it is born at once')
    t.strictSame(await series(agent, 'orders_total'), [], 'with labels it is not known yet')

    world.log('app.log', [
      ...['a', 'a', 'b', 'c', 'd', 'e'].map((shop_id) => jsonLine({ msg: 'order placed', shop_id, amount: 2.5 })),
      jsonLine({ msg: 'order refused', shop_id: 'z', amount: 'much' }),
      jsonLine({ msg: 'q', queue: { name: 'mail', length: 7 } }),
      jsonLine({ msg: 'q', queue: { name: 'mail', length: 4 } }),
      ...[0.05, 0.1, 0.5, 30].map((duration) => jsonLine({ msg: 'select', table: 'users', duration })),
    ])
    await world.arrived(['q', 'select'])
    await isStored(agent, 'app', 13)
    // `isStored` scraped, perhaps before the header was read: the births are looked at one by one.
    await shows(agent, 'orders_total{shop="a"}', 2)
    for (const [shop, count] of Object.entries({ a: 2, b: 1, c: 1, _other: 2 })) {
      await shows(agent, `orders_total{shop="${shop}"}`, count)
    }
    t.equal((await series(agent, 'orders_total{')).length, 4, 'three label sets, and one for the rest')
    await shows(agent, 'obs_agent_log_metric_overflow_total{metric="orders_total"}', 2)
    await shows(agent, 'revenue_total', 15)
    await shows(agent, 'obs_agent_log_metric_skipped_total{metric="revenue_total"}', 1)
    await shows(agent, 'queue_length{queue="mail"}', 4)
    t.strictSame(await series(agent, 'query_seconds'), [
      'query_seconds_bucket{le="0.1",table="users"} 2',
      'query_seconds_bucket{le="1",table="users"} 3',
      'query_seconds_bucket{le="+Inf",table="users"} 4',
      'query_seconds_sum{table="users"} 30.65',
      'query_seconds_count{table="users"} 4',
    ])

    configure({ ...METRICS, revenue_total: { type: 'counter', value: 'amount', labels: { shop: 'shop_id' } } })
    t.equal((await agent.ask('/-/reload', 'POST')).status, 200)
    await shows(agent, 'orders_total{shop="a"}', 2)
    t.strictSame(await series(agent, 'revenue_total'), [], 'what changed begins anew')
    world.log('app.log', [jsonLine({ msg: 'order placed', shop_id: 'a', amount: 4 })])
    await shows(agent, 'orders_total{shop="a"}', 3)
    await shows(agent, 'revenue_total{shop="a"}', 4)
    await shows(agent, 'queue_length{queue="mail"}', 4)
    t.equal((await agent.stop()).code, 0)
  },
)

t.test(
  'a series is 0 at the scrape that shows it first, and what it counts at the next one',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    const metrics = { seen_total: { type: 'counter', labels: { kind: 'kind' } } }
    world.configure({ sources: { app: { include: [`${world.logs}/*.log`], metrics } } })
    const agent = await world.started()
    world.log(
      'app.log',
      Array.from({ length: 5 }, () => jsonLine({ msg: 'x', kind: 'k' })),
    )
    await world.arrived(['x'])
    const first = await until('the series', async () => (await series(agent, 'seen_total{'))[0])
    t.equal(first, 'seen_total{kind="k"} 0')
    t.strictSame(await series(agent, 'seen_total{'), ['seen_total{kind="k"} 5'])
  },
)

t.test('every source has its entries, requests, durations and errors counted', { buffered: true }, async (t) => {
  const world = new World(t)
  const include = (name: string): { include: string[] } => ({ include: [`${world.logs}/${name}`] })
  world.configure({
    sources: {
      web: { ...include('web.log'), service: 'shop', parse: 'json' },
      other: { ...include('other.log'), service: 'shop' },
    },
  })
  const agent = await world.started()
  t.equal(await agent.metric('log_parse_errors_total{source="web"}'), 0, 'what can be known beforehand is born at once')
  t.equal(await agent.metric('obs_agent_timestamp_fallback_total{source="web"}'), 0)
  world.log('web.log', [
    jsonLine({ msg: 'one', status: 200, duration: 0.003 }),
    jsonLine({ msg: 'two', status: 503, duration: 2, level: 'error' }),
    jsonLine({ msg: 'three', service: 'till', time: '1723-01-01T00:00:00Z' }),
    'not JSON at all',
    jsonLine({ msg: 'four', status: 201 }),
  ])
  world.log('other.log', ['ERROR: five'])
  await world.arrived(['one', 'four', 'not JSON at all', 'ERROR: five'])
  await shows(agent, 'log_entries_total{service="shop",level="INFO",source="web"}', 3)
  await shows(agent, 'log_entries_total{service="shop",level="ERROR",source="web"}', 1)
  await shows(agent, 'log_entries_total{service="till",level="INFO",source="web"}', 1)
  await shows(agent, 'log_entries_total{service="shop",level="ERROR",source="other"}', 1)
  await shows(agent, 'log_requests_total{service="shop",status_class="2xx"}', 2)
  await shows(agent, 'log_requests_total{service="shop",status_class="5xx"}', 1)
  await shows(agent, 'log_request_duration_seconds_count{service="shop"}', 2)
  await shows(agent, 'log_request_duration_seconds_sum{service="shop"}', 2.003)
  await shows(agent, 'log_parse_errors_total{source="web"}', 1)
  await shows(agent, 'obs_agent_parse_errors_total{source="web"}', 1)
  await shows(agent, 'log_parse_errors_total{source="other"}', 0)
  await shows(agent, 'obs_agent_timestamp_fallback_total{source="web"}', 1)
})

const count = (n: number, fields: (i: number) => Record<string, unknown>): string[] =>
  Array.from({ length: n }, (_, i) => jsonLine(fields(i)))

t.test(
  'what steps drop is booked by its reason, and what they owe arrives, at the latest when the agent stops',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    const collector = await PickyCollector.listen(t)
    const source = (name: string, process: unknown[]) => ({ include: [`${world.logs}/${name}.log`], process })
    world.configure({
      sources: {
        filtered: source('filtered', [{ drop_if: 'message == "noise"' }]),
        sampled: source('sampled', [{ sample: { rate: '0.01%', by: 'group' } }]),
        limited: source('limited', [{ rate_limit: { limit: 10, per: '1h', by: 'user_id' } }]),
        repeated: source('repeated', [{ dedupe: { window: '1h' } }, { add: { team: 'payments' } }]),
      },
      outputs: { central: { type: 'http', url: collector.url } },
    })
    const agent = await world.started()
    // Now, since a window that is over is settled at once.
    const time = new Date().toISOString()
    world.log('filtered.log', [...count(7, () => ({ msg: 'noise' })), ...count(3, (i) => ({ msg: `signal ${i}` }))])
    world.log('sampled.log', [
      ...count(20, (i) => ({ msg: `info ${i}`, group: 'one that is not kept' })),
      ...count(2, (i) => ({ msg: `e ${i}`, level: 'error' })),
    ])
    world.log(
      'limited.log',
      count(50, (i) => ({ time, msg: `limited ${i}`, user_id: i % 2 === 0 ? 'even' : 'odd' })),
    )
    world.log(
      'repeated.log',
      count(30, (i) => ({ time, msg: i % 3 === 0 ? 'thrice' : 'again', n: i })),
    )

    const dropped = {
      filtered: ['filtered', 7, 3],
      sampled: ['sampled', 20, 2],
      limited: ['rate_limited', 30, 20],
      repeated: ['deduplicated', 28, 2],
    } as const
    for (const [name, [reason, drops, stored]] of Object.entries(dropped)) {
      await shows(agent, `obs_agent_entries_dropped_total{source="${name}",reason="${reason}"}`, drops)
      const ledger = (account: string): string =>
        `obs_agent_ledger_entries{kind="source",name="${name}",account="${account}"}`
      await shows(agent, ledger('read'), drops + stored)
      await shows(agent, ledger('stored'), stored)
      await shows(agent, ledger('dropped'), drops)
      t.equal(await agent.metric(`obs_agent_ledger_imbalance{kind="source",name="${name}"}`), 0)
    }
    t.equal((await agent.check('store'))?.status, 'healthy')
    t.equal((await agent.stop()).code, 0)

    const entries = collector.entries()
    const refused = entries.filter(({ level, source }) => source === 'limited' && level === 'WARNING')
    t.strictSame(
      refused.map(({ metadata }) => metadata),
      [
        { refused: 15, limit: 10, per: '1h', by: 'user_id', key: 'even' },
        { refused: 15, limit: 10, per: '1h', by: 'user_id', key: 'odd' },
      ],
    )
    const repeated = entries.filter(({ metadata }) => (metadata as { repeated?: number } | undefined)?.repeated)
    t.strictSame(
      repeated.map(({ message, metadata }) => [message, metadata]),
      [
        ['thrice', { n: 27, repeated: 9, team: 'payments' }],
        ['again', { n: 29, repeated: 19, team: 'payments' }],
      ],
      'the steps after it work on it',
    )
    t.equal(entries.length, 3 + 2 + 20 + 2 + 2 + 2)

    const next = await world.started()
    for (const name of Object.keys(dropped)) {
      t.equal(
        await next.metric(`obs_agent_ledger_imbalance{kind="source",name="${name}"}`),
        0,
        `${name} is in balance after a restart`,
      )
    }
    t.equal((await next.check('store'))?.status, 'healthy')
  },
)
