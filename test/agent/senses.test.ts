import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { MetricEntry } from '../../src/model/metric-entry.ts'
import { type RunningAgent, until, World } from './running-agent.ts'

t.setTimeout(120_000)

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const QUICK = { interval: '1s', failure_threshold: 2, success_threshold: 2 }

interface Switch {
  readonly url: string
  isUp: boolean
}

/** A web server that answers 200, or 503 while it is down. */
async function shop(): Promise<Switch> {
  const state = { url: '', isUp: true }
  const server: Server = createServer((_, response) => {
    response.statusCode = state.isUp ? 200 : 503
    response.end('{"status":"ok"}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
  return state
}

async function metricEntries(agent: RunningAgent, query: string): Promise<readonly MetricEntry[]> {
  const { status, text } = await agent.ask(`/api/v1/metrics?${query}`)
  if (status !== 200) throw new Error(text)
  return JSON.parse(text).metrics
}

t.test('the host and the probes are checks, metrics and series, and what is known outlives a restart', async (t) => {
  const world = new World(t)
  const site = await shop()
  world.configure({
    metrics: { interval: '1s', history_step: '1s' },
    host: { name: 'web-1', interval: '1s', disk: { degraded: '100%', unhealthy: '100%' }, inventory_entry: true },
    probes: {
      shop: { type: 'http', url: site.url, ...QUICK },
      nightly: { type: 'push', max_silence: '1h', critical: false, ...QUICK },
      script: { type: 'exec', shell: 'echo all is well', critical: false, ...QUICK },
    },
  })
  const agent = await world.started()
  await agent.healthSays('shop', /^healthy/)
  await agent.healthSays('script', /^healthy: all is well/)
  await agent.healthSays('memory', /^healthy: [\d.]+ % in use/)

  site.isUp = false
  const down = await agent.healthSays('shop', /^unhealthy: .*503/)
  t.match(down.error, /503/)
  t.equal((await agent.health()).code, 503)
  t.equal((await agent.ask('/health?check=script')).status, 200)
  const instance = `instance="${site.url}"`
  t.equal(await agent.metric(`probe_success{job="shop",${instance}}`), 0)
  t.equal(await agent.metric(`probe_http_status_code{job="shop",${instance}}`), 503)
  site.isUp = true
  await agent.healthSays('shop', /^healthy/)

  t.match(await agent.check('nightly'), { status: 'degraded', message: /^unknown/ })
  t.equal((await agent.ask('/api/v1/probes/nightly/push?message=done', 'POST')).status, 200)
  t.equal((await agent.ask('/api/v1/probes/shop/push', 'POST')).status, 404)
  await agent.healthSays('nightly', /^healthy: .*done/)

  await until('samples of the host', async () => (await metricEntries(agent, 'name=node_load1')).length >= 2)
  const [load] = await metricEntries(agent, 'name=node_load1&limit=1')
  t.match(load, { name: 'node_load1', type: 'gauge', labels: { job: 'node', instance: 'web-1' }, instance: 'web-1' })
  const downs = await metricEntries(agent, 'name=probe_success&labels=job=shop&aggregation=min')
  t.equal(downs[0]?.value, 0)
  await until('the inventory', () => world.messages().some((message) => /kernel .* CPUs, .* of memory/.test(message)))
  t.match(JSON.parse((await agent.ask('/health?verbose')).text).details.inventory, { kernel: /\d/ })
  await agent.stop()

  site.isUp = false
  const again = await world.started()
  const { probes } = JSON.parse((await again.ask('/api/v1/probes')).text)
  const former = probes.find(({ name }: { name: string }) => name === 'shop').results
  t.ok(former.length >= 3, 'the results are there')
  await again.healthSays('nightly', /^healthy: .*done/)
  const before = await metricEntries(again, 'name=node_load1&limit=1000')
  t.ok(before.length >= 2, 'and the series')
  await again.healthSays('shop', /^unhealthy/)
  await again.stop('SIGKILL')
  const last = await world.started()
  await last.healthSays('shop', /^unhealthy/)
  await last.stop()
})

t.test('promtool accepts what /metrics says', async (t) => {
  const promtool = '/usr/bin/promtool'
  if (!existsSync(promtool)) {
    if (process.env.CI) return t.fail('promtool is missing')
    return t.pass('left out', { skip: 'promtool is missing: apt-get install prometheus' })
  }
  const world = new World(t)
  const site = await shop()
  world.configure({
    probes: {
      shop: { type: 'http', url: site.url, ...QUICK },
      port: { type: 'tcp', address: new URL(site.url).host, ...QUICK },
      names: { type: 'dns', name: 'localhost', ...QUICK },
      disk: { type: 'disk', path: '/', ...QUICK },
      ram: { type: 'memory', ...QUICK },
      node: { type: 'process', name: 'node', ...QUICK },
      script: { type: 'exec', shell: 'echo "fine | time=2ms;5;9 used=7%"', ...QUICK },
      file: { type: 'file', path: '/etc/hostname', ...QUICK },
    },
  })
  const agent = await world.started()
  const isSettled = async (): Promise<boolean> =>
    (await agent.health()).checks.every(({ message }) => message !== 'no result yet')
  await until('all probes', isSettled)
  const { text } = await agent.ask('/metrics')
  t.match(text, /^node_cpu_seconds_total\{cpu="0",mode="idle"\} /m)
  t.match(text, /^up\{job="node",instance="[^"]+"\} 1$/m)
  const { stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' })
  // Names that the kernel gave and node_exporter kept: its own are complained of alike.
  const isTheirs = (line: string): boolean =>
    /^node_(entropy|memory|netstat)_\S+ (metric names|use base unit)/.test(line)
  const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !isTheirs(line))
  t.strictSame(complaints, [])
  await agent.stop()
})

t.test('a reload brings probes and takes them away, and the answers go on', async (t) => {
  const world = new World(t)
  const site = await shop()
  const probe = { type: 'http', url: site.url, ...QUICK }
  world.configure({ probes: { a: probe, b: probe } })
  const agent = await world.started()
  await agent.healthSays('b', /^healthy/)
  world.configure({ probes: { a: probe, c: probe }, host: { enabled: false } })
  t.equal((await agent.ask('/-/reload', 'POST')).status, 200)
  await agent.healthSays('c', /^healthy/)
  t.equal(await agent.check('b'), undefined)
  t.equal(await agent.check('memory'), undefined)
  const { text } = await agent.ask('/metrics')
  t.notMatch(text, /probe_success\{job="b"/)
  t.notMatch(text, /^node_load1/m)
  await agent.stop()
})

t.test('a probe that hangs holds up neither the start nor the end of the agent', async (t) => {
  const world = new World(t)
  let connections = 0
  const silent = createTcpServer(() => connections++).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const hanging = { timeout: '4m', interval: '1s' }
  world.configure({
    drain: '0s',
    probes: {
      web: { type: 'http', url: `http://127.0.0.1:${port}/`, ...hanging },
      script: { type: 'exec', shell: 'sleep 1000 & sleep 1000', ...hanging },
    },
  })
  const agent = await world.started()
  await until('both runs', () => connections > 0)
  const beganMs = performance.now()
  t.equal((await agent.stop()).code, 0)
  t.ok(performance.now() - beganMs < 8000)
})

t.test('obs-agent status says how the running agent is, and 69 when there is none', async (t) => {
  const world = new World(t)
  const holder = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => holder.once('listening', resolve))
  const { port } = holder.address() as AddressInfo
  await new Promise((resolve) => holder.close(resolve))
  world.configure({
    api: { listen: `127.0.0.1:${port}` },
    probes: { gone: { type: 'tcp', address: '127.0.0.1:1', interval: '1s', failure_threshold: 1 } },
  })
  const status = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, 'status', '-c', world.config, ...args], { encoding: 'utf8' })
  const none = status()
  t.equal(none.status, 69)
  t.match(none.stderr, /Cannot reach the agent at 127\.0\.0\.1:\d+: .*\n\s+is it running/)
  const agent = await world.started()
  await agent.healthSays('gone', /^unhealthy/)
  const text = status()
  t.equal(text.status, 1)
  t.match(text.stdout, /^obs-agent \S+: unhealthy, up \d+ s, unknown \(production\)\n\nunhealthy +gone +/)
  const json = status('-o', 'json')
  t.equal(JSON.parse(json.stdout).status, 'unhealthy')
  await agent.stop()
})
