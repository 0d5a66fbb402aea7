import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { numberedLines, until, World } from './running-agent.ts'

/** The agent's data_dir on a file system of 24 MiB; its log files and its output are elsewhere. */
const DISK = '24m'

const reason = process.getuid?.() === 0 ? mountProblem() : 'needs root, to mount a tmpfs'
// In CI these must run: a promise that is skipped everywhere is not kept.
if (reason !== undefined && process.env.CI !== undefined) throw new Error(`Cannot test a full disk: ${reason}`)
const skip = reason ?? false

t.setTimeout(120_000)
t.jobs = 2

function mountProblem(): string | undefined {
  const dir = '/tmp/obs-agent-mount-trial'
  try {
    mkdirSync(dir, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'pipe' })
    execFileSync('umount', [dir])
    return undefined
  } catch (error) {
    return `a tmpfs cannot be mounted here: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

class SmallDisk {
  readonly world: World
  readonly dir: string
  readonly data: string
  readonly #hog: string

  constructor(t: Test) {
    this.world = new World(t)
    this.dir = join(this.world.dir, 'disk')
    this.data = join(this.dir, 'data')
    this.#hog = join(this.dir, 'hog')
    mkdirSync(this.dir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', this.dir])
    t.teardown(() => execFileSync('umount', ['-l', this.dir]))
  }

  configure({ minFree = '0B', outputs }: { minFree?: string; outputs?: unknown } = {}): void {
    const buffer = { chunk_wait: '20ms', min_free: minFree, max_bytes: '1GiB' }
    this.world.configure({ data_dir: this.data, buffer, ...(outputs !== undefined && { outputs }) })
  }

  /** Somebody else takes all that is left but `leaveBytes`. */
  fill(leaveBytes = 0): void {
    const fd = openSync(this.#hog, 'a')
    const block = Buffer.alloc(65_536, 'x')
    try {
      for (;;) {
        const { bavail, bsize } = statfsSync(this.dir)
        const room = bavail * bsize - leaveBytes
        if (room <= 0) return
        writeSync(fd, block, 0, Math.min(block.length, room))
      }
    } catch {
      // ENOSPC: that is what was wanted.
    } finally {
      closeSync(fd)
    }
  }

  free(): void {
    rmSync(this.#hog)
  }
}

const unreachable = { out: { type: 'http', url: 'http://127.0.0.1:9/', retry_min: '1h', retry_max: '1h' } }

/** Lines that do not compress: a chunk takes as much as its text. */
const heavyLines = (name: string, count: number): string[] =>
  numberedLines(name, count).map(
    (line) => line + Array.from({ length: 80 }, () => Math.random().toString(36).slice(2)).join(''),
  )

t.test(
  'an agent whose disk is filled by others stops reading, says so, loses nothing, and goes on by itself',
  { skip, buffered: true },
  async (t) => {
    const disk = new SmallDisk(t)
    const { world } = disk
    disk.configure({ outputs: unreachable })
    const first = numberedLines('first', 200)
    world.log('app.log', first)
    const agent = await world.started()
    await agent.healthSays('source:app', /1 files/)
    disk.fill()
    const heavy = heavyLines('heavy', 8000)
    world.log('app.log', heavy)
    const { message } = await agent.healthSays('store', /^unhealthy: reading is stopped/)
    t.match(message, /^reading is stopped \(low_disk\): the disk has \d\.\d MiB left, .*nothing is lost/)
    t.equal((await agent.health()).code, 503)
    t.ok((await agent.ask('/-/healthy')).status === 200, 'it is alive all the same')
    t.equal(await agent.metric('obs_agent_buffer_state{state="low_disk"}'), 1)
    const read = await agent.metric('obs_agent_source_lines_total{source="app"}')
    t.ok((read ?? 0) < 200 + heavy.length, `reading stopped at line ${read}`)
    disk.free()
    await agent.healthSays('store', /^healthy/)
    t.equal(await agent.metric('obs_agent_buffer_corruptions_total'), 0)
    t.equal((await agent.stop()).code, 0)
    disk.configure()
    const second = await world.started()
    await world.arrived([...first, ...heavy])
    t.equal(await second.metric('obs_agent_ledger_imbalance{kind="source",name="app"}'), 0)
  },
)

t.test(
  'an agent that fills the disk itself is relieved when its output takes what is stored',
  { skip, buffered: true },
  async (t) => {
    const disk = new SmallDisk(t)
    const { world } = disk
    disk.configure({ outputs: unreachable })
    const heavy = heavyLines('heavy', 60_000)
    world.log('app.log', heavy)
    const agent = await world.started()
    await agent.healthSays('store', /^unhealthy: reading is stopped/)
    disk.configure()
    t.equal((await agent.ask('/-/reload', 'POST')).status, 200)
    await world.arrived(heavy)
    await agent.healthSays('store', /^healthy/)
    t.equal(await agent.metric('obs_agent_ledger_imbalance{kind="output",name="out"}'), 0)
  },
)

t.test('an agent below min_free stops reading, and goes on when there is room', { skip, buffered: true }, async (t) => {
  const disk = new SmallDisk(t)
  const { world } = disk
  disk.configure({ minFree: '8MiB' })
  const agent = await world.started()
  disk.fill(4 * 2 ** 20)
  const lines = numberedLines('line', 500)
  world.log('app.log', lines)
  const { message } = await agent.healthSays('store', /^unhealthy/)
  t.match(message, /\(low_disk\): the disk has \d+\.\d MiB left, and 8\.0 MiB are to be left free/)
  t.equal(await agent.metric('obs_agent_buffer_state{state="low_disk"}'), 1)
  disk.free()
  await world.arrived(lines)
  await agent.healthSays('store', /^healthy/)
})

t.test(
  'an agent starts on a disk that is 100 % full: its ballast is given back first',
  { skip, buffered: true },
  async (t) => {
    const disk = new SmallDisk(t)
    const { world } = disk
    disk.configure()
    const first = numberedLines('first', 500)
    world.log('app.log', first)
    const before = await world.started()
    await world.arrived(first)
    await until('the ballast', () => ballastOf(disk) === 8 * 2 ** 20)
    await before.stop('SIGKILL')
    disk.fill()
    const second = numberedLines('second', 500)
    world.log('app.log', second)
    const agent = await world.started()
    t.equal(ballastOf(disk), undefined)
    await world.arrived(second)
    disk.free()
    await agent.healthSays('store', /^healthy/)
  },
)

t.test(
  'an agent on a full disk without ballast waits for room instead of ending',
  { skip, buffered: true },
  async (t) => {
    const disk = new SmallDisk(t)
    const { world } = disk
    disk.configure()
    disk.fill()
    const lines = numberedLines('line', 500)
    world.log('app.log', lines)
    const agent = world.start()
    await until('a word about it', () => agent.said.find(({ level }) => level === 'error'))
    disk.free()
    await agent.started
    await world.arrived(lines)
  },
)

t.test('an agent that waits for room can be stopped', { skip, buffered: true }, async (t) => {
  const disk = new SmallDisk(t)
  disk.configure()
  disk.fill()
  const agent = disk.world.start()
  await until('a word about it', () => agent.said.find(({ level }) => level === 'error'))
  t.same((await agent.stop()).code, 0)
})

function ballastOf({ data }: SmallDisk): number | undefined {
  return statSync(join(data, 'ballast'), { throwIfNoEntry: false })?.size
}
