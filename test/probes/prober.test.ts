import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { NamedProbe } from '../../src/config/probe-settings.ts'
import { agentSchema } from '../../src/config/schema.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import type { ProbeResult } from '../../src/model/probe-result.ts'
import { Connectivity } from '../../src/probes/connectivity.ts'
import type { Finding, Probe, ProbeRun } from '../../src/probes/probe.ts'
import { ProbeRunner } from '../../src/probes/probe-runner.ts'
import { Prober, type ProberDeps } from '../../src/probes/prober.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'
import { until } from '../agent/running-agent.ts'

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
const OK: Finding = { status: 'healthy', message: 'fine' }

/** Probes as agent.yaml would have them; what they do when run is the test's. */
function configs(settings: Record<string, object>): readonly NamedProbe[] {
  const probes = Object.entries(settings).map(([name, more]) => [
    name,
    { type: 'tcp', address: '127.0.0.1:1', ...more },
  ])
  return agentSchema.parse({ probes: Object.fromEntries(probes) }).probes
}

interface Kind extends Partial<Probe> {
  readonly run: Probe['run']
}

function proberOf(kinds: Readonly<Record<string, Kind>>, more: Partial<ProberDeps> = {}) {
  const results: (ProbeResult & { name: string; isTimeout: boolean; isChange: boolean })[] = []
  const skipped: string[] = []
  const prober = new Prober({
    ...{ clock: systemClock, log, concurrencyCount: 16, keepCount: 5 },
    connectivity: new Connectivity({ targets: [], timeoutMs: 1000 }, systemClock),
    create: async ({ name }) => ({ target: `${name}:1`, ...(kinds[name] ?? { run: async () => OK }) }),
    restore: () => [],
    onResult: (name, result, about) => results.push({ name, ...result, ...about }),
    onSkipped: (name) => skipped.push(name),
    ...more,
  })
  t.teardown(() => prober.close())
  return { prober, results, skipped }
}

const statusOf = (prober: Prober, name: string): string | undefined =>
  prober.reports().find((report) => report.name === name)?.status

t.test('a run ends at its deadline, in the phase it was in, and a failure is never an exception', async (t) => {
  const { prober, results } = proberOf({
    heeding: {
      run: ({ signal, phases }: ProbeRun) => {
        phases.enter('connect')
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    },
    deaf: {
      run: ({ phases }: ProbeRun) => {
        phases.enter('query')
        return new Promise(() => {})
      },
    },
    throwing: { run: () => Promise.reject(new Error('line one\nline two \x1b[31m')) },
  })
  const timeout = '100ms'
  await prober.apply(
    configs({ heeding: { timeout, interval: '1s' }, deaf: { timeout, interval: '1s' }, throwing: { interval: '1s' } }),
  )
  await until('all have run', () => new Set(results.map(({ name }) => name)).size === 3)
  const of = (name: string) => results.find((one) => one.name === name)
  t.match(of('heeding'), {
    status: 'unhealthy',
    message: /^no answer within 0\.1 s, while in phase connect$/,
    isTimeout: true,
  })
  t.match(of('deaf'), {
    status: 'unhealthy',
    message: /^no answer within 0\.1 s, while in phase query$/,
    isTimeout: true,
  })
  t.match(of('throwing'), { status: 'unhealthy', message: 'line one line two [31m', isTimeout: false })
  t.ok((of('deaf')?.seconds ?? 9) < 2)
})

t.test('a run that does not come back is not joined by a second one', async (t) => {
  let runs = 0
  const { prober, results, skipped } = proberOf({
    stuck: {
      run: () => {
        runs++
        return new Promise(() => {})
      },
    },
  })
  await prober.apply(configs({ stuck: { timeout: '50ms', interval: '1s' } }))
  await until('runs were left out', () => skipped.length >= 2)
  t.equal(runs, 1)
  t.match(results.at(-1), { status: 'unhealthy', message: 'the run before has not come back yet' })
  await until('that to be bad news', () => statusOf(prober, 'stuck') === 'unhealthy')
})

t.test('time in which the agent stood still is not held against what is probed', async (t) => {
  // A server in another thread, which goes on while this one stands still; it answers in two steps of 150 ms.
  const server = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer((socket) => {
       socket.on('data', () => setTimeout(() => socket.write('x'), 150))
     }).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  t.teardown(() => server.terminate())
  const [port] = await once(server, 'message')
  const probe: Probe = {
    target: 'x',
    run: async ({ signal }) => {
      const socket = connect({ port, host: '127.0.0.1', signal })
      for (let step = 0; step < 2; step++) {
        socket.write('x')
        await once(socket, 'data', { signal })
      }
      socket.destroy()
      return OK
    },
  }
  const runner = new ProbeRunner(probe, { timeoutMs: 600, clock: systemClock })
  const running = runner.run(new AbortController().signal)
  await delay(50)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
  t.match(await running, { status: 'healthy', isTimeout: false })
})

t.test('no more run at once than are allowed to', async (t) => {
  let [underWay, most, runs] = [0, 0, 0]
  const kind: Kind = {
    run: async () => {
      most = Math.max(most, ++underWay)
      await delay(20)
      underWay--
      runs++
      return OK
    },
  }
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
  const { prober } = proberOf(Object.fromEntries(names.map((name) => [name, kind])), { concurrencyCount: 3 })
  await prober.apply(configs(Object.fromEntries(names.map((name) => [name, { interval: '1s' }]))))
  await until('each has run', () => runs >= 30)
  t.equal(most, 3)
})

t.test('a probe whose dependency is unhealthy is not run, and unknown', async (t) => {
  let runs = 0
  const { prober, results } = proberOf({
    database: { run: async () => ({ status: 'unhealthy', message: 'refused' }) },
    shop: {
      run: async () => {
        runs++
        return OK
      },
    },
  })
  await prober.apply(
    configs({ database: { interval: '1s', failure_threshold: 1 }, shop: { interval: '1s', depends_on: ['database'] } }),
  )
  await until('it is unknown', () => statusOf(prober, 'shop') === 'unknown')
  t.match(
    results.findLast(({ name }) => name === 'shop'),
    {
      status: 'unknown',
      message: 'not run: database, which it depends on, is unhealthy',
    },
  )
  const before = runs
  await until('another one', () => results.filter(({ name }) => name === 'shop').length > before + 2)
  t.equal(runs, before)
  t.notMatch(renderMetrics(prober.families(), 'prometheus'), /probe_success\{[^}]*job="shop"/, 'absent, not failed')
})

t.test('a remote probe that fails while this host is offline is unknown; a local one has failed', async (t) => {
  const failing: Kind = { run: async () => ({ status: 'unhealthy', message: 'no route' }) }
  const { prober } = proberOf(
    { remote: { ...failing, remoteHost: 'shop.example' }, local: { ...failing, remoteHost: '127.0.0.1' } },
    // A port of this host that nobody listens on.
    { connectivity: new Connectivity({ targets: [{ host: '127.0.0.1', port: 1 }], timeoutMs: 500 }, systemClock) },
  )
  const quick = { interval: '1s', failure_threshold: 1 }
  await prober.apply(configs({ remote: quick, local: quick }))
  await until('both have run', () => prober.reports().every(({ status }) => status !== 'pending'))
  t.equal(statusOf(prober, 'remote'), 'unknown')
  t.equal(statusOf(prober, 'local'), 'unhealthy')
})

t.test('a reload leaves alone what did not change, and ends what is gone', async (t) => {
  const closed: string[] = []
  const kind = (name: string): Kind => ({ run: async () => OK, close: () => void closed.push(name) })
  const { prober } = proberOf({ a: kind('a'), b: kind('b'), c: kind('c') })
  await prober.apply(configs({ a: { interval: '1s' }, b: { interval: '1s' } }))
  await until('both are healthy', () => prober.reports().every(({ status }) => status === 'healthy'))
  const before = prober.reports().find(({ name }) => name === 'a')?.results.length ?? 0
  await prober.apply(configs({ a: { interval: '1s' }, b: { interval: '2s' }, c: {} }))
  t.same(closed, ['b'])
  t.same(
    prober.reports().map(({ name, status }) => [name, status]),
    [
      ['a', 'healthy'],
      ['b', 'pending'],
      ['c', 'pending'],
    ],
  )
  t.ok((prober.reports()[0]?.results.length ?? 0) >= before)
  await prober.close()
  t.same(closed.sort(), ['a', 'b', 'b', 'c'])
  await prober.apply(configs({ a: {} }))
  t.same(prober.reports(), [], 'closed stays closed')
})

t.test('what was remembered counts, if it is recent', async (t) => {
  const failed = (agoMs: number): ProbeResult => ({
    ...{ atMs: Date.now() - agoMs, status: 'unhealthy', message: 'refused', seconds: 0.1 },
  })
  const remembered: Record<string, ProbeResult[]> = {
    recent: [failed(30_000), failed(20_000), failed(10_000)],
    old: [failed(3_620_000), failed(3_610_000), failed(3_600_000)],
  }
  const { prober } = proberOf({}, { restore: (name) => remembered[name] ?? [] })
  await prober.apply(configs({ recent: { interval: '1d' }, old: { interval: '10s' } }))
  t.equal(statusOf(prober, 'recent'), 'unhealthy')
  t.equal(statusOf(prober, 'old'), 'pending')
  t.equal(prober.reports()[1]?.results.length, 3, 'it is shown all the same')
})

t.test('the metrics carry job, instance and labels, and no series is there twice', async (t) => {
  const { prober } = proberOf({
    a: { target: 'same', run: async () => ({ status: 'degraded', message: 'slow' }) },
    b: { target: 'same', run: async () => ({ status: 'unhealthy', message: 'down' }) },
  })
  const alike = { interval: '1s', job: 'blackbox', labels: { team: 'shop' } }
  await prober.apply(configs({ a: alike, b: alike }))
  await until('both have run', () => prober.reports().every(({ results }) => results.length > 0))
  const text = renderMetrics(prober.families(), 'prometheus')
  const successes = text.split('\n').filter((line) => line.startsWith('probe_success{'))
  t.same(successes, [
    'probe_success{team="shop",job="blackbox",instance="same"} 1',
    'probe_success{team="shop",job="blackbox",instance="same",probe="b"} 0',
  ])
  t.match(text, /^obs_agent_probe_status\{probe="a",status="degraded"\} 1$/m)
})
