import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { numberedLines, type RunningAgent, until, World } from './running-agent.ts'

t.setTimeout(120_000)
t.jobs = 2

async function reload(agent: RunningAgent): Promise<{ status: number; text: string }> {
  return agent.ask('/-/reload', 'POST')
}

t.test(
  'a reload with a wrong configuration keeps the one before and says why, everywhere',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    world.configure()
    const agent = await world.started()
    t.equal(await agent.metric('obs_agent_config_last_reload_successful'), 1)
    const wrong: readonly { settings: Record<string, unknown>; says: RegExp }[] = [
      { settings: { bufer: {} }, says: /bufer/ },
      { settings: { data_dir: join(world.dir, 'other') }, says: /data_dir: cannot change while running.*restart/ },
      { settings: { api: { listen: '127.0.0.1:1' } }, says: /api: cannot change while running/ },
      { settings: { sources: { app: { include: [] } } }, says: /include/ },
    ]
    for (const { settings, says } of wrong) {
      world.configure({ sources: { other: { include: [`${world.logs}/*.other`] } }, ...settings })
      const { status, text } = await reload(agent)
      t.equal(status, 400)
      t.match(JSON.parse(text).problems.join('\n'), says)
      t.equal(await agent.metric('obs_agent_config_last_reload_successful'), 0)
      const check = await agent.check('config')
      t.equal(check?.status, 'degraded')
      t.match(check?.message, says)
    }
    writeFileSync(world.config, 'sources: [unclosed')
    agent.child.kill('SIGHUP')
    await agent.healthSays('config', /^degraded: .*agent\.yaml:\d+:\d+/)
    const lines = numberedLines('line', 10)
    world.log('a.log', lines)
    await world.arrived(lines)
    t.notOk(
      world.messages().some((message) => message.includes('other')),
      'nothing of it was taken over',
    )

    world.configure()
    t.equal((await reload(agent)).status, 200)
    t.equal(await agent.metric('obs_agent_config_last_reload_successful'), 1)
    t.equal(await agent.check('config'), undefined)
  },
)

t.test('twenty reloads in a row, while lines are written, lose and repeat nothing', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  const agent = await world.started()
  const lines: string[] = []
  for (let i = 0; i < 20; i++) {
    const some = numberedLines(`round${i}`, 200)
    lines.push(...some)
    world.log(`f${i % 3}.log`, some)
    agent.child.kill('SIGHUP')
    await until(
      'the reload to be heard',
      () => i % 5 !== 4 || agent.said.filter(({ msg }) => msg.startsWith('The configuration was')).length > i / 5,
    )
  }
  await world.arrived(lines)
  t.equal((await reload(agent)).status, 200)
  t.equal((await agent.health()).status, 'healthy')
  t.equal((await agent.stop()).code, 0)
  t.equal(world.messages().length, lines.length, 'nothing came twice')
})

t.test(
  'offsets and cursors survive a reload that adds, removes, reorders and renames sources and outputs',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    const source = (glob: string) => ({ include: [`${world.logs}/${glob}`] })
    const out = (name: string) => ({ type: 'file', path: join(world.dir, `${name}.ndjson`) })
    const [a, b] = [join(world.dir, 'a.ndjson'), join(world.dir, 'b.ndjson')]
    world.configure({ sources: { one: source('one*.log'), two: source('two*.log') }, outputs: { a: out('a') } })
    const first = [...numberedLines('one', 100), ...numberedLines('two', 100)]
    world.log('one.log', first.slice(0, 100))
    world.log('two.log', first.slice(100))
    const agent = await world.started()
    await world.arrived(first, a)

    world.configure({
      sources: { zero: source('zero*.log'), second: source('two*.log'), one: source('one*.log') },
      outputs: { b: out('b'), a: out('a') },
    })
    t.equal((await reload(agent)).status, 200)
    const second = [...numberedLines('one', 100, 100), ...numberedLines('two', 100, 100), ...numberedLines('zero', 100)]
    world.log('one.log', second.slice(0, 100))
    world.log('two.log', second.slice(100, 200))
    world.log('zero.log', second.slice(200))
    await world.arrived(second, a)
    await world.arrived([...first, ...second], b)
    t.equal(world.messages(a).length, 500, 'nothing was read twice')
    t.equal(world.messages(b).length, 500, 'a new output begins with what is stored')

    world.configure({ sources: { one: source('one*.log') }, outputs: { a: out('a') } })
    t.equal((await reload(agent)).status, 200)
    const third = numberedLines('two', 100, 200)
    world.log('two.log', third)
    world.log('one.log', ['one more'])
    await world.arrived(['one more'], a)
    t.notOk(
      world.messages(a).some((message) => message === third[0]),
      'a source that was removed is not read',
    )
    t.equal(await agent.metric('obs_agent_source_lines_total{source="second"}'), undefined)

    world.configure({ sources: { one: source('one*.log'), two: source('two*.log') }, outputs: { a: out('a') } })
    t.equal((await reload(agent)).status, 200)
    await world.arrived(third, a)
    t.equal(world.messages(a).length, 601, 'and read on where it was left when it comes back')
    t.equal((await agent.health()).status, 'healthy')
  },
)

t.test(
  'a file that was deleted or rotated away while it was written is drained across a reload',
  { buffered: true },
  async (t) => {
    const world = new World(t)
    world.configure()
    const [deleted, rotated] = ['deleted.log', 'rotated.log'].map((name) => openSync(join(world.logs, name), 'a'))
    if (deleted === undefined || rotated === undefined) throw new Error('Cannot happen')
    const write = (fd: number, text: string): number => writeSync(fd, `${text}\n`)
    write(deleted, 'deleted 1')
    write(rotated, 'rotated 1')
    const agent = await world.started()
    await world.arrived(['deleted 1', 'rotated 1'])
    rmSync(join(world.logs, 'deleted.log'))
    renameSync(join(world.logs, 'rotated.log'), join(world.logs, 'rotated.log.1'))
    await until(
      'both to be noticed',
      async () => (await agent.metric('obs_agent_source_files{source="app",state="rotated"}')) === 2,
    )
    write(deleted, 'deleted 2')
    t.equal((await reload(agent)).status, 200)
    write(deleted, 'deleted 3')
    write(rotated, 'rotated 2')
    await world.arrived(['deleted 2', 'deleted 3', 'rotated 2'])
    closeSync(deleted)
    closeSync(rotated)
    t.equal(world.messages().length, 5)
  },
)

t.test('a reload takes over what can change: level, sizes, drain', { buffered: true }, async (t) => {
  const world = new World(t)
  world.configure()
  const agent = await world.started()
  const before = agent.said.filter(({ level }) => level === 'debug').length
  world.configure({ log: { level: 'debug' }, buffer: { max_bytes: '32MiB' } })
  t.equal((await reload(agent)).status, 200)
  t.equal(await agent.metric('obs_agent_buffer_limit_bytes'), 32 * 2 ** 20)
  await until('a debug message', () => agent.said.filter(({ level }) => level === 'debug').length > before)
  t.equal(before, 0)
})
