import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { numberedLines, until, World } from './running-agent.ts'

const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'needs root, to run as another user or to mount'

t.setTimeout(120_000)
t.jobs = 2

t.test('an agent whose port is taken ends and says who to look for', { buffered: true }, async (t) => {
  const world = new World(t)
  const server = createTcpServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  world.configure({ api: { listen: `127.0.0.1:${port}` } })
  const { code, stderr } = await world.start().ended
  t.equal(code, 1)
  t.match(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}.*\\n.*ss -`))
})

t.test('an agent that may not write its data_dir ends with 77 and a hint', { skip, buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  chmodSync(world.dir, 0o755)
  chmodSync(world.config, 0o644)
  mkdirSync(join(world.dir, 'data'), { mode: 0o755 })
  const by = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stderr } = await world.start({ by }).ended
  t.equal(code, 77)
  t.match(stderr, /Cannot keep state in \S+: EACCES.*\n\s+let the user that runs the agent write there/)
})

t.test(
  'an agent whose database belongs to another user ends with 77 and a hint',
  { skip, buffered: true },
  async (t) => {
    const world = new World(t)
    world.configure()
    const first = await world.started()
    await first.stop()
    chmodSync(world.dir, 0o755)
    chmodSync(world.config, 0o644)
    // Run by root once: the folder is the agent's, the files in it are not.
    chownSync(join(world.dir, 'data'), 65534, 65534)
    const by = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const { code, stderr } = await world.start({ by }).ended
    t.equal(code, 77)
    t.match(stderr, /Cannot \S+ .*\n\s+the files in data_dir must belong to the user/)
  },
)

t.test('an agent on a read-only file system ends with 77 and a hint', { skip, buffered: true }, async (t) => {
  const world = new World(t)
  const disk = join(world.dir, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,ro', 'tmpfs', disk])
  t.teardown(() => execFileSync('umount', ['-l', disk]))
  world.configure({ data_dir: join(disk, 'data') })
  const { code, stderr } = await world.start().ended
  t.equal(code, 77)
  t.match(stderr, /EROFS.*\n\s+the file system is read-only/)
})

t.test(
  'a second agent on the same data_dir is refused by pid, and disturbs the first in nothing',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    world.configure()
    const first = await world.started()
    const { code, stderr } = await world.start().ended
    t.equal(code, 78)
    t.match(stderr, new RegExp(`another obs-agent \\(pid ${first.pid}\\) is using it\\n.*another data_dir`))
    const lines = numberedLines('line', 10)
    world.log('a.log', lines)
    await world.arrived(lines)
    t.equal((await first.health()).status, 'healthy')
  },
)

t.test('an agent with a wrong configuration ends with 78 and all that is wrong', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure({ bufer: {}, drain: 10, outputs: { out: { type: 'file' } } })
  const { code, stderr } = await world.start().ended
  t.equal(code, 78)
  for (const pattern of [/bufer/, /drain/, /outputs\.out.*path|path.*outputs\.out/s]) t.match(stderr, pattern)
  t.notOk(existsSync(join(world.dir, 'data')), 'nothing was begun')
})

for (const name of ['buffer.db', 'state.db']) {
  t.test(`an agent ends with 78 when a newer agent wrote ${name}`, { buffered: true }, async (t) => {
    const world = new World(t)
    world.configure()
    await (await world.started()).stop()
    const db = new Database(join(world.dir, 'data', name))
    db.pragma('user_version = 99')
    db.close()
    const { code, stderr } = await world.start().ended
    t.equal(code, 78)
    t.match(stderr, /schema is version 99.*\n\s+install the newer agent again/)
    t.notOk(existsSync(join(world.dir, 'data/quarantine')))
  })
}

t.test('an agent keeps what it writes to itself', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  world.log('a.log', ['x'])
  const agent = await world.started()
  await world.arrived(['x'])
  const data = join(world.dir, 'data')
  t.equal(statSync(data).mode & 0o777, 0o700)
  for (const name of readdirSync(data)) t.equal(statSync(join(data, name)).mode & 0o777, 0o600, name)
  t.ok(readdirSync(data).length >= 5)
  await agent.stop()
})

t.test(
  'an agent under load ends with 0 within its drain and a second, and a second signal ends it at once',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    const waiting = new Set<() => void>()
    const collector = createServer((_, response) => waiting.add(() => response.end()))
    collector.listen(0, '127.0.0.1')
    t.teardown(() => {
      collector.closeAllConnections()
      collector.close()
    })
    await new Promise((resolve) => collector.once('listening', resolve))
    const { port } = collector.address() as AddressInfo
    // It takes everything and answers nothing.
    world.configure({ drain: '2s', outputs: { out: { type: 'http', url: `http://127.0.0.1:${port}/` } } })
    world.log('a.log', numberedLines('line', 100_000))
    const agent = await world.started()
    await until('a request', () => waiting.size > 0)
    const beganMs = performance.now()
    t.equal((await agent.stop()).code, 0)
    const tookMs = performance.now() - beganMs
    t.ok(tookMs < 3000, `${Math.round(tookMs)} ms`)
    t.ok(tookMs > 1000, 'it did wait for an answer')

    world.configure({ drain: '60s', outputs: { out: { type: 'http', url: `http://127.0.0.1:${port}/` } } })
    const second = await world.started()
    const before = waiting.size
    await until('a request', () => waiting.size > before)
    second.child.kill('SIGTERM')
    await second.heard('Stopping')
    const againMs = performance.now()
    t.equal((await second.stop()).code, 143)
    t.ok(performance.now() - againMs < 1000)
  },
)

t.test('an agent whose stdout and stderr are closed works on', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure({ outputs: { out: { type: 'file', path: world.out }, screen: { type: 'console' } } })
  const agent = await world.started({ stdio: ['ignore', 'pipe', 'pipe'] })
  agent.child.stdout?.destroy()
  agent.child.stderr?.destroy()
  const lines = numberedLines('line', 1000)
  world.log('a.log', lines)
  await world.arrived(lines)
  t.equal((await agent.ask('/-/healthy')).status, 200)
  t.equal((await agent.ask('/-/reload', 'POST')).status, 200)
  t.same((await agent.stop()).code, 0)
})

t.test('an agent that is stopped while it reloads ends', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  const agent = await world.started()
  agent.child.kill('SIGHUP')
  const beganMs = performance.now()
  t.same((await agent.stop()).code, 0)
  t.ok(performance.now() - beganMs < 10_000)
})

t.test('an agent started without stdin, stdout and stderr works', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  const lines = numberedLines('line', 100)
  world.log('a.log', lines)
  const by = ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh']
  const agent = world.start({ by })
  await world.arrived(lines)
  t.same((await agent.stop()).code, 0)
})
