import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildAgent } from '../crash/build.ts'
import { recordStorm } from '../crash/record-storm.ts'
import { until, World } from './running-agent.ts'

/** `SEED=… KILLS=…` as in crash.test.ts. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const kills = Number(process.env.KILLS ?? 20)

t.setTimeout(0)
t.comment(`SEED=${seed} KILLS=${kills}`)

t.test('records of several lines come once and whole, however often the agent is killed', { timeout: 0 }, async (t) => {
  const build = await buildAgent()
  t.teardown(() => rmSync(build, { recursive: true }))
  const { violations, ...figures } = await recordStorm({ build, seed, kills })
  t.comment(JSON.stringify(figures))
  t.strictSame(violations.slice(0, 10), [], `SEED=${seed}`)
  t.equal(figures.kills, kills)
})

interface Shipped {
  readonly message: string
  readonly stack_trace?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

const HEADER = '2026-01-15 08:00:00,123 ERROR [main] com.example.App - '
const entriesOf = (world: World): Shipped[] =>
  readFileSync(world.out, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Shipped)

t.test('a record that is not finished when the agent stops is whole after the next start', async (t) => {
  const world = new World(t)
  world.configure({ sources: { app: { include: [`${world.logs}/*.log`], multiline: { timeout: '30s' } } } })
  const first = await world.started()
  const fd = openSync(join(world.logs, 'app.log'), 'a')
  writeSync(fd, `${HEADER}before\n${HEADER}boom\njava.lang.Error: x\n\tat a.B.c(B.java:1)\n`)
  await world.arrived(['before'])
  t.equal((await first.stop()).code, 0)
  t.strictSame(world.messages(), ['before'], 'it is not handed over by halves')
  const second = await world.started()
  writeSync(fd, `\tat a.B.d(B.java:2)\nCaused by: java.io.IOException: y\n\t... 3 more\n${HEADER}after\n`)
  closeSync(fd)
  await world.arrived(['boom'])
  t.equal((await second.stop()).code, 0)
  const [, boom] = entriesOf(world)
  t.equal(
    boom?.stack_trace,
    'java.lang.Error: x\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\nCaused by: java.io.IOException: y\n\t... 3 more',
  )
  t.strictSame(world.messages(), ['before', 'boom'], 'nothing came twice')
})

t.test('a record whose writer pauses longer than the timeout is cut there, and nothing is lost', async (t) => {
  const world = new World(t)
  world.configure({ sources: { app: { include: [`${world.logs}/*.log`], multiline: { timeout: '300ms' } } } })
  const agent = await world.started()
  world.log('app.log', [`${HEADER}boom`, 'java.lang.Error: x', '\tat a.B.c(B.java:1)'])
  await world.arrived(['boom'])
  world.log('app.log', ['\tat a.B.d(B.java:2)', '\tat a.B.e(B.java:3)', `${HEADER}after`])
  await world.arrived(['after'])
  t.equal((await agent.stop()).code, 0)
  const texts = entriesOf(world).map(({ message, stack_trace }) => [message, stack_trace].filter(Boolean).join('\n'))
  t.strictSame(texts, [
    'boom\njava.lang.Error: x\n\tat a.B.c(B.java:1)',
    '\tat a.B.d(B.java:2)\n\tat a.B.e(B.java:3)',
    'after',
  ])
})

const PATTERN_LINE_BYTES = 100_000

t.test('a hostile pattern and hostile lines hold nobody up', async (t) => {
  const world = new World(t)
  world.configure({
    sources: {
      app: { include: [`${world.logs}/app.log`], parse: { pattern: '^(a+)+$$' } },
      other: { include: [`${world.logs}/other.log`] },
    },
  })
  const agent = await world.started()
  const hostile = Array.from({ length: 20 }, (_, i) => `${'a'.repeat(4000 + i)}b${'a'.repeat(PATTERN_LINE_BYTES)}`)
  const late = `${'a'.repeat(PATTERN_LINE_BYTES)}b`
  world.log('app.log', [...hostile, late, 'aaaa'])
  world.log('other.log', ['a quiet neighbour'])
  const beganMs = performance.now()
  let slowestMs = 0
  await until('all lines', async () => {
    const askedMs = performance.now()
    await agent.health()
    slowestMs = Math.max(slowestMs, performance.now() - askedMs)
    return world.messages().length === hostile.length + 3
  })
  t.comment(`/health took ${slowestMs.toFixed(0)} ms at most, all of it ${(performance.now() - beganMs).toFixed(0)} ms`)
  t.ok(slowestMs < 1000, 'the agent answers meanwhile')
  await world.arrived([...hostile, late, 'aaaa', 'a quiet neighbour'])
  const misfits = entriesOf(world).filter(({ metadata }) => metadata?.parse_error !== undefined)
  t.strictSame(
    misfits.map(({ message }) => message.length),
    hostile.map((line) => line.length),
    'lines that do not match are kept whole, with the reason',
  )
  const check = await agent.healthSays('source:app', /^degraded: .*20 of the last 22 records do not fit/)
  t.match(check.message, /\(pattern\)/, 'and /health says so, with the format')
  t.match((await agent.check('source:other'))?.message, /^1 files \(plain\)/)
  await until(
    'the count',
    async () => (await agent.metric('obs_agent_parse_errors_total{source="app"}')) === hostile.length,
  )
})
