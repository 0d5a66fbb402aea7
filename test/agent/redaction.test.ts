import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { REDACT_PRESETS } from '../../src/config/steps.ts'
import { leakyLogs, MAX_LINE_BYTES, REFUSED_WORD } from './leaky-logs.ts'
import { PickyCollector } from './picky-collector.ts'
import type { Secret } from './planted-secrets.ts'
import { type RunningAgent, until, World } from './running-agent.ts'

t.setTimeout(180_000)
t.jobs = 2

/** By where it was looked: everything the agent wrote, said or sent. */
type Traces = ReadonlyMap<string, Buffer>

for (const compression of ['zstd', 'none']) {
  t.test(`no secret gets out of a source that redacts, ${compression}`, { buffered: true }, async (t) => {
    const scene = await play(t, { compression, process: [{ redact: { presets: 'all', mode: 'mask' } }] })
    t.strictSame(leaksIn(scene.traces, scene.secrets), [])
    t.match(scene.traces.get('collector')?.toString(), /\[email\]/, 'the collector got them masked')
    t.match(scene.traces.get('stdout')?.toString(), /\[password\]/, 'and stdout')
    t.match(scene.traces.get('/metrics')?.toString(), /service="svc \[email\]"/, 'and the labels of metrics')
    const letters = scene.traces.get('rows dead_letters')?.toString() ?? ''
    const unseen = REDACT_PRESETS.filter((preset) => !letters.includes(`[${preset}]`))
    t.strictSame(unseen, [], 'dead letters had all of them')

    const traces = await damageAndStop(scene)
    t.ok(
      [...traces.keys()].some((name) => name.startsWith('quarantine/')),
      'the damaged buffer was set aside',
    )
    t.ok(traces.has('acked.json'), 'the side file was written')
    t.strictSame(leaksIn(traces, scene.secrets), [], 'nor from a damaged buffer, by its salvage')
  })
}

t.test('the search finds every secret of a source that does not redact', { buffered: true }, async (t) => {
  const { secrets, traces } = await play(t, { compression: 'zstd', process: [] })
  const isBehindCut = new Set(secrets.filter(({ canary }) => !traces.get('collector')?.includes(canary)))
  t.ok(isBehindCut.size < secrets.length / 10, `${isBehindCut.size} of ${secrets.length} lie behind max_line`)
  const found = (name: string, { canary }: Secret): boolean => traces.get(name)?.includes(canary) ?? false
  for (const name of ['rows chunks', 'stdout', 'rows dead_letters', '/metrics']) {
    const presets = new Set(secrets.filter((secret) => found(name, secret)).map(({ preset }) => preset))
    t.equal(presets.size, REDACT_PRESETS.length, `${name} has secrets of every preset`)
  }
  t.strictSame(
    secrets.filter((secret) => !isBehindCut.has(secret) && !found('rows chunks', secret)),
    [],
  )
  const inState = leaksIn(new Map([...traces].filter(([name]) => name.startsWith('state.db'))), secrets)
  t.ok(inState.length >= 16, 'dead letters are found in the bytes of state.db, too')
})

interface Scene {
  readonly world: World
  readonly secrets: readonly Secret[]
  readonly settings: Record<string, unknown>
  readonly traces: Traces
  readonly collector: PickyCollector
}

/** Writes the logs, waits until all of it has come through or was refused, and kills the agent. */
async function play(t: Test, { compression, process }: { compression: string; process: unknown[] }): Promise<Scene> {
  const world = new World(t)
  const { files, secrets, records, refused } = leakyLogs()
  const collector = await PickyCollector.listen(t, REFUSED_WORD)
  const settings = {
    log: { level: 'debug' },
    buffer: { chunk_bytes: '64KiB' },
    sources: { app: { include: [`${world.logs}/*.log`], max_line: `${MAX_LINE_BYTES / 1024}KiB`, process } },
    outputs: {
      central: { type: 'http', url: collector.url, compression },
      down: { type: 'http', url: 'http://127.0.0.1:1/v1/batches', compression, retry_min: '50ms', retry_max: '100ms' },
      screen: { type: 'console' },
    },
  }
  world.configure(settings)
  const agent = world.start({ stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = heardOf(agent)
  await agent.started
  for (const [name, text] of Object.entries(files)) writeInPieces(join(world.logs, name), text)
  const taken = records.filter((record) => !refused.includes(record))
  await until('all records', () => {
    const { text } = collector
    return taken.every((record) => text.includes(record))
  })
  await until(
    'the dead letters',
    async () => (await agent.metric('obs_agent_dead_letter_entries{output="central"}')) === refused.length,
  )
  await until('stdout', () => records.every((record) => stdout().includes(record)))
  const answers = new Map<string, Buffer>()
  for (const path of ['/metrics', '/metrics', '/health', '/ready'])
    answers.set(path, Buffer.from((await agent.ask(path)).text))
  const { stderr } = await agent.stop('SIGKILL')
  const traces = new Map([
    ...answers,
    ...tracesOf(world),
    ['stdout', Buffer.from(stdout())] as const,
    ['stderr', Buffer.from(stderr)] as const,
    ['collector', Buffer.from(collector.sent.join('\n'))] as const,
  ])
  return { world, secrets, settings, traces, collector }
}

/** Damages the buffer, has another life salvage it, and ends that properly, with no output that is down. */
async function damageAndStop({ world, settings, collector }: Scene): Promise<Traces> {
  const { screen, central } = settings.outputs as Record<string, unknown>
  world.configure({ ...settings, outputs: { central, screen } })
  const path = join(world.dir, 'data', 'buffer.db')
  const db = new Database(path)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const fd = openSync(path, 'r+')
  // Past the schema's pages: chunks are found again there.
  for (let at = 20_480; at < 40_960; at += 512) writeSync(fd, Buffer.alloc(200, 0x5a), 0, 200, at)
  closeSync(fd)
  const agent = world.start({ stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = heardOf(agent)
  await agent.started
  appendFileSync(join(world.logs, 'plain.log'), 'the last word\n')
  await until('the last word', () => collector.text.includes('the last word'))
  const answers = new Map<string, Buffer>()
  for (const name of ['/metrics', '/health']) answers.set(name, Buffer.from((await agent.ask(name)).text))
  const { stderr } = await agent.stop()
  return new Map([
    ...answers,
    ...tracesOf(world),
    ['stdout', Buffer.from(stdout())] as const,
    ['stderr', Buffer.from(stderr)] as const,
    ['collector', Buffer.from(collector.sent.join('\n'))] as const,
  ])
}

function heardOf(agent: RunningAgent): () => string {
  let text = ''
  agent.child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return () => text
}

/** As a slow writer does it: what is read ends anywhere, in the middle of a secret too. */
function writeInPieces(path: string, text: string): void {
  writeFileSync(path, '')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 8191) appendFileSync(path, bytes.subarray(at, at + 8191))
}

/** Every file in data_dir as it is, and what is compressed in it as text. */
function tracesOf(world: World): Traces {
  const dataDir = join(world.dir, 'data')
  const traces = new Map<string, Buffer>()
  for (const name of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dataDir, name)
    if (statSync(path).isFile()) traces.set(name, readFileSync(path))
  }
  const rows = (file: string, sql: string): Buffer => {
    const copy = join(world.dir, 'copy')
    mkdirSync(copy, { recursive: true })
    // The WAL with it: most of what was written lies there.
    for (const ending of ['', '-wal']) {
      writeFileSync(join(copy, `${file}${ending}`), traces.get(`${file}${ending}`) ?? '')
    }
    const db = new Database(join(copy, file))
    try {
      const found = db.prepare(sql).raw().all() as (string | Buffer)[][]
      return Buffer.concat(found.flat().map((value) => textOf(value)))
    } finally {
      db.close()
    }
  }
  traces.set('rows chunks', rows('buffer.db', 'SELECT header, body FROM chunks'))
  traces.set('rows files', rows('buffer.db', 'SELECT * FROM checkpoints'))
  traces.set('rows dead_letters', rows('state.db', 'SELECT entry, answer FROM dead_letters'))
  return traces
}

/** The text of a column, unpacked. */
function textOf(value: string | number | Buffer): Buffer {
  if (!Buffer.isBuffer(value)) return Buffer.from(String(value))
  return value.readUInt32LE(0) === 0xfd2fb528 ? zstdDecompressSync(value) : value
}

function leaksIn(traces: Traces, secrets: readonly Secret[]): string[] {
  return [...traces].flatMap(([name, bytes]) =>
    secrets.filter(({ canary }) => bytes.includes(canary)).map(({ preset, canary }) => `${name}: ${preset} ${canary}`),
  )
}
