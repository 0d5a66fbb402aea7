import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { damages, flipBodyByte } from '../store/damage.ts'
import { numberedLines, until, World } from './running-agent.ts'

/**
 * One agent delivers half of what is written, and is killed while its collector does not answer; then its data_dir is damaged
 * in every way of promises §3.5, and a new agent must bring every line that the first one had not delivered.
 */
const DELIVERED = numberedLines('delivered', 2000)
const STORED = numberedLines('stored', 3000)

t.setTimeout(120_000)
// Starting costs more waiting than work.
t.jobs = 3

let killed: World
let bytes = ''

t.before(async () => {
  const world = new World(t)
  const buffer = { chunk_bytes: '16KiB', chunk_wait: '20ms' }
  world.configure({ buffer })
  world.log('app.log', DELIVERED)
  const first = await world.started()
  await world.arrived(DELIVERED)
  t.same((await first.stop()).code, 0, 'the side file is written at the latest when the agent stops')
  t.ok(existsSync(join(world.dir, 'data/acked.json')))
  // Nobody listens there.
  world.configure({
    buffer,
    outputs: { out: { type: 'http', url: 'http://127.0.0.1:9/', retry_min: '1h', retry_max: '1h' } },
  })
  world.log('app.log', STORED)
  const second = await world.started()
  await until('everything is stored', async () => {
    const stored = await second.metric('obs_agent_ledger_entries{kind="source",name="app",account="stored"}')
    return stored === DELIVERED.length + STORED.length
  })
  await second.stop('SIGKILL')
  killed = world
  bytes = join(world.dir, 'data')
})

/** A world of its own with a copy of the killed agent's data_dir and the very same log files. */
function copyOfKilled(test: Test, rowsIn: 'file' | 'wal'): World {
  const world = new World(test)
  const data = join(world.dir, 'data')
  mkdirSync(data, { mode: 0o700 })
  cpSync(bytes, data, { recursive: true })
  for (const name of rowsIn === 'file' ? ['buffer.db', 'state.db'] : []) {
    const db = new Database(join(data, name))
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
  }
  world.configure({ sources: { app: { include: [`${killed.logs}/*.log`] } } })
  return world
}

for (const { name, rowsIn, isFatal, inflict } of damages('chunks').filter(({ isRepeated }) => !isRepeated)) {
  t.test(
    `an agent whose buffer.db was damaged (${name}) delivers everything and says so`,
    { buffered: true },
    async (t) => {
      const world = copyOfKilled(t, rowsIn)
      inflict(join(world.dir, 'data/buffer.db'))
      const agent = await world.started()
      await world.arrived(STORED)
      if (isFatal) {
        const { message } = await agent.healthSays('store', /^degraded: the buffer was damaged/)
        const place = /lies in (\S+);/.exec(message ?? '')?.[1] ?? ''
        if (!name.includes('removed')) t.ok(existsSync(place), `the damaged file is at ${place}`)
        t.equal((await agent.health()).status, 'degraded')
      }
      t.equal(await agent.metric('obs_agent_buffer_corruptions_total'), isFatal ? 1 : 0)
      t.equal(await agent.metric('obs_agent_ledger_imbalance{kind="source",name="app"}'), 0)
      t.equal(await agent.metric('obs_agent_ledger_imbalance{kind="output",name="out"}'), 0)
      t.equal((await agent.stop()).code, 0)
    },
  )
}

t.test(
  'an agent whose buffer.db has one flipped byte in a chunk reads its lines again',
  { buffered: true },
  async (t) => {
    const world = copyOfKilled(t, 'file')
    flipBodyByte(join(world.dir, 'data/buffer.db'), newestSeq(join(world.dir, 'data/buffer.db')))
    const agent = await world.started()
    await world.arrived(STORED)
    t.equal(await agent.metric('obs_agent_buffer_corruptions_total'), 1)
  },
)

t.test(
  'an agent whose buffer.db and acked.json are both gone reads from the beginning',
  { buffered: true },
  async (t) => {
    const world = copyOfKilled(t, 'file')
    damages('chunks')
      .find(({ name }) => name === 'content is replaced by text')
      ?.inflict(join(world.dir, 'data/buffer.db'))
    rmSync(join(world.dir, 'data/acked.json'))
    world.configure({ sources: { app: { include: [`${killed.logs}/*.log`], start_at: 'end' } } })
    await world.started()
    await world.arrived([...DELIVERED, ...STORED])
  },
)

for (const { name, isFatal, inflict } of damages('cursors').filter(
  ({ rowsIn, isRepeated }) => rowsIn === 'file' && !isRepeated,
)) {
  t.test(
    `an agent whose state.db was damaged (${name}) delivers everything and says so`,
    { buffered: true },
    async (t) => {
      const world = copyOfKilled(t, 'file')
      const path = join(world.dir, 'data/state.db')
      inflict(path)
      const agent = await world.started()
      await world.arrived(STORED)
      if (isFatal && name !== 'file is emptied') {
        await agent.healthSays('store', /^degraded: state\.db was damaged and lies in \S+state\.db;/)
      }
      t.equal(await agent.metric('obs_agent_buffer_corruptions_total'), 0)
      t.equal(await agent.metric('obs_agent_ledger_imbalance{kind="output",name="out"}'), 0)
    },
  )
}

t.test('an agent that found damage is healthy again after the next start', { buffered: true }, async (t) => {
  const world = copyOfKilled(t, 'file')
  copyFileSync(world.config, join(world.dir, 'data/buffer.db'))
  const first = await world.started()
  await world.arrived(STORED)
  await first.stop()
  const second = await world.started()
  await second.healthSays('store', /^healthy/)
  t.equal(await second.metric('obs_agent_buffer_corruptions_total'), 0)
})

function newestSeq(path: string): number {
  const db = new Database(path, { readonly: true })
  try {
    return Number(db.prepare('SELECT max(seq) FROM chunks').pluck().get())
  } finally {
    db.close()
  }
}
