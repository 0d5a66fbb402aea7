import { readdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type RunningAgent, until, World } from './running-agent.ts'

/** `SOAK=600 node --test test/agent/soak.test.ts` flaps for ten minutes. */
const seconds = Number(process.env.SOAK ?? 25)
t.setTimeout((seconds + 90) * 1000)

/** What a target does with a connection, in turns. */
const MOODS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'),
  (socket) => socket.end('HTTP/1.1 503 Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  () => {}, // Accepts, and never answers.
  (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf'),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end('\x16\x03\x01garbage'),
]

async function flappingPort(t: Test): Promise<number> {
  let turn = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    MOODS[turn++ % MOODS.length]?.(socket)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const openFds = ({ pid }: RunningAgent): number => readdirSync(`/proc/${pid}/fd`).length

/** After a collection, or as near to it as the outside can see: the least of some looks. */
async function heapBytes(agent: RunningAgent): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let looks = 0; looks < 8; looks++) {
    least = Math.min(least, (await agent.metric('nodejs_heap_size_used_bytes')) ?? Number.POSITIVE_INFINITY)
    await delay(250)
  }
  return least
}

t.test('probes every second against targets that flap leave no handle and no memory behind', async (t) => {
  const world = new World(t)
  const port = await flappingPort(t)
  const often = { interval: '1s', timeout: '300ms', critical: false }
  const address = `127.0.0.1:${port}`
  const kinds = {
    http: { type: 'http', url: `http://${address}/`, ...often },
    https: { type: 'http', url: `https://${address}/`, ...often },
    tcp: { type: 'tcp', address, steps: [{ expect: '^never' }], ...often },
    tls: { type: 'tls', address, ...often },
    dns: { type: 'dns', name: 'x.example', server: address, transport: 'tcp', ...often },
    postgres: { type: 'postgres', host: '127.0.0.1', port, user: 'a', password: 'b', ...often },
    mysql: { type: 'mysql', host: '127.0.0.1', port, user: 'a', password: 'b', ...often },
    redis: { type: 'redis', address, ...often },
    memcached: { type: 'memcached', address, ...often },
    smtp: { type: 'smtp', address, ...often },
    exec: { type: 'exec', shell: 'sleep 5 & exit $((RANDOM % 4))', ...often },
    process: { type: 'process', name: 'node', ...often },
    file: { type: 'file', path: world.config, ...often },
  }
  const probes = Object.entries(kinds).flatMap(([name, probe]) => [
    [`${name}-a`, probe],
    [`${name}-b`, probe],
  ])
  world.configure({ probes: Object.fromEntries(probes), host: { interval: '1s' }, metrics: { interval: '1s' } })
  const agent = await world.started()
  const runs = async (): Promise<number> => {
    const { probes } = JSON.parse((await agent.ask('/api/v1/probes')).text)
    return Math.min(...probes.map(({ results }: { results: unknown[] }) => results.length))
  }
  await until('each to have run some times', async () => (await runs()) >= 6)
  const before = { fds: openFds(agent), heap: await heapBytes(agent) }
  await delay(seconds * 1000)
  // Some runs are under way at any moment.
  const fds = Math.min(
    ...(await Promise.all([0, 150, 300, 450, 600].map((ms) => delay(ms).then(() => openFds(agent))))),
  )
  const heap = await heapBytes(agent)
  t.comment(`fds ${before.fds} → ${fds}, heap ${before.heap} → ${heap}`)
  t.ok(fds <= before.fds + 8, `descriptors: ${before.fds}, then ${fds}`)
  t.ok(heap <= before.heap + 15e6, `heap: ${before.heap}, then ${heap}`)
  t.equal((await agent.ask('/-/healthy')).status, 200)
  t.equal((await agent.stop()).code, 0)
})
