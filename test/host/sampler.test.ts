import t from 'tap'
import { type HostCollector, NoData } from '../../src/host/collector.ts'
import { HostSampler } from '../../src/host/sampler.ts'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'

const never = new AbortController().signal
const OPTIONS = { intervalMs: 1000, job: 'node', instance: 'web-1' }
const family = (name: string, value = 1): FamilySamples => ({
  ...{ name, type: 'gauge', help: 'x' },
  samples: [{ name, labels: {}, value }],
})

function logOf(said: string[]): Log {
  const say = (level: string) => (message: string, fields?: object) =>
    void said.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error'), child: () => log }
  return log
}

function valuesOf(sampler: HostSampler, name: string): Record<string, number> {
  const samples = sampler.families().find((one) => one.name === name)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [String(labels.collector ?? ''), value]))
}

t.test('a collector that fails costs its own samples, and is said once', async (t) => {
  const said: string[] = []
  let isBroken = true
  const broken: HostCollector = {
    name: 'broken',
    collect: () => {
      if (isBroken) throw new Error('cannot read')
      return [family('node_broken')]
    },
  }
  const good: HostCollector = { name: 'good', collect: () => [family('node_good')] }
  const none: HostCollector = { name: 'none', collect: () => Promise.reject(new NoData('no such module')) }
  const sampler = new HostSampler(OPTIONS, { clock: systemClock, log: logOf(said), collectors: [broken, good, none] })
  t.same(sampler.families(), [], 'nothing before the first round')
  await sampler.sampleOnce(never)
  await sampler.sampleOnce(never)
  t.same(valuesOf(sampler, 'node_scrape_collector_success'), { broken: 0, good: 1 })
  const names = sampler.families().map(({ name }) => name)
  t.ok(names.includes('node_good') && !names.includes('node_broken'), names.join())
  t.same(
    said.filter((line) => line.startsWith('warn')),
    ['warn Cannot collect from the host {"collector":"broken","reason":"cannot read"}'],
  )
  isBroken = false
  await sampler.sampleOnce(never)
  t.same(valuesOf(sampler, 'node_scrape_collector_success'), { broken: 1, good: 1 })
  t.match(said.at(-1), /info A collector of the host is well again/)
  t.same(sampler.families().find(({ name }) => name === 'up')?.samples, [
    { name: 'up', labels: { job: 'node', instance: 'web-1' }, value: 1 },
  ])
})

t.test('a collector that hangs is not asked again until it comes back, and the others are', async (t) => {
  let asked = 0
  let counted = 0
  const stuck = Promise.withResolvers<readonly FamilySamples[]>()
  const hanging: HostCollector = {
    name: 'hanging',
    // As statfs on a dead mount does: it heeds no signal.
    collect: () => {
      asked++
      return asked === 1 ? stuck.promise : [family('node_hanging')]
    },
  }
  const good: HostCollector = { name: 'good', collect: () => [family('node_good', ++counted)] }
  const sampler = new HostSampler(OPTIONS, { clock: systemClock, log: logOf([]), collectors: [hanging, good] })
  const beganMs = performance.now()
  await sampler.sampleOnce(never)
  t.ok(performance.now() - beganMs < 3000, 'a round waits a second for it, not its whole deadline')
  for (let round = 0; round < 6; round++) await sampler.sampleOnce(never)
  t.equal(asked, 1)
  t.equal(counted, 7)
  t.same(valuesOf(sampler, 'node_good'), { '': 7 })
  stuck.resolve([])
  // The deadline is 5 s from the first asking; either way it is settled then.
  while (asked === 1) await sampler.sampleOnce(never)
  await sampler.sampleOnce(never)
  t.ok(sampler.families().some(({ name }) => name === 'node_hanging'))
})

t.test('a collector that is worth asking seldom keeps its samples between', async (t) => {
  let asked = 0
  const seldom: HostCollector = { name: 'seldom', everyMs: 60_000, collect: () => [family('node_seldom', ++asked)] }
  const sampler = new HostSampler(OPTIONS, { clock: systemClock, log: logOf([]), collectors: [seldom] })
  for (let round = 0; round < 3; round++) await sampler.sampleOnce(never)
  t.equal(asked, 1)
  t.same(valuesOf(sampler, 'node_seldom'), { '': 1 })
})

t.test('stopping does not wait for a collector that hangs', async (t) => {
  const hanging: HostCollector = { name: 'hanging', collect: () => new Promise(() => {}) }
  const sampler = new HostSampler(OPTIONS, { clock: systemClock, log: logOf([]), collectors: [hanging] })
  const stop = new AbortController()
  const running = sampler.run(stop.signal)
  stop.abort()
  await running
  t.pass('it ended')
})
