import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { SourceConfig } from '../../src/config/schema.ts'
import { Chunker, type ChunkerOptions } from '../../src/ingest/chunker.ts'
import { HeaderBuilder } from '../../src/ingest/header-builder.ts'
import type { EntryFacts, Line } from '../../src/parse/line.ts'
import { imbalanceOf } from '../../src/store/ledger.ts'
import { createSource, type Source } from '../../src/tail/source.ts'
import { VirtualClock } from '../deliver/virtual-clock.ts'

function sourceNamed(name: string): Source {
  const config: SourceConfig = {
    ...{ name, include: [], exclude: [], startAt: 'beginning', parse: 'plain' },
    ...{ maxLineBytes: 65_536, rotateWaitMs: 0, deletedHoldMs: 0 },
  }
  const sink = { accept: () => true, drop: () => {} }
  return createSource(config, { isLeftOut: () => false, isSeen: true, sinkFor: () => sink })
}

function setUp(options: Partial<ChunkerOptions> = {}) {
  const clock = new VirtualClock()
  const all = { maxBytes: 100_000, maxEntries: 10, maxWaitMs: 200, ...options }
  const chunker = new Chunker(all, clock, (source, file) => ({
    ...{ service: 's', version: 'v', environment: 'e', host: 'h', file },
    source: source.config.name,
  }))
  return { clock, chunker }
}

function lineOf(text: string): Line {
  const bytes = Buffer.from(text)
  const flags = { isUtf8: true, isTruncated: false, isPartial: false, isContinued: false }
  return { bytes, start: 0, end: bytes.length, offset: 0, readMs: 0, ...flags }
}

t.test('a chunk is full at its number of entries, and the next one begins empty', async (t) => {
  const { chunker } = setUp({ maxEntries: 3 })
  const sink = chunker.sinkFor(sourceNamed('app'), '/a.log')
  t.ok(chunker.isEmpty)
  t.same(
    [1, 2, 3].map((n) => sink.accept(lineOf(`line ${n}`), 7)),
    [true, true, false],
  )
  t.ok(chunker.isFull)
  const draft = chunker.seal()
  t.equal(draft.entries, 3)
  t.equal(draft.text.bytes.toString('utf8', 0, draft.text.length).trim().split('\n').length, 3)
  t.same(draft.header.sources, { app: 3 })
  t.ok(chunker.isEmpty)
  t.notOk(chunker.isFull)
  t.equal(chunker.seal().entries, 0)
})

t.test('a chunk is full at its size, and takes the line that made it so', async (t) => {
  const { chunker } = setUp({ maxBytes: 1000 })
  const sink = chunker.sinkFor(sourceNamed('app'), '/a.log')
  t.equal(sink.accept(lineOf('x'.repeat(5000)), 5001), false)
  t.ok(chunker.isFull)
  t.ok(chunker.seal().text.length > 5000)
})

t.test('a chunk is due when its first entry is old enough', async (t) => {
  const { chunker, clock } = setUp()
  const sink = chunker.sinkFor(sourceNamed('app'), '/a.log')
  t.equal(chunker.dueMs(), Number.POSITIVE_INFINITY)
  sink.accept(lineOf('x'), 2)
  clock.advance(150)
  sink.accept(lineOf('y'), 2)
  t.equal(chunker.dueMs(), 50)
  clock.advance(500)
  t.equal(chunker.dueMs(), 0)
})

t.test('a chunk brings the books of every source, and they balance', async (t) => {
  const { chunker } = setUp()
  const [app, web] = [sourceNamed('app'), sourceNamed('web')]
  const [a, b, w] = [chunker.sinkFor(app, '/a.log'), chunker.sinkFor(app, '/b.log'), chunker.sinkFor(web, '/w.log')]
  a.accept(lineOf('x'), 2)
  b.accept(lineOf('y'), 3)
  w.accept(lineOf('z'), 4)
  w.drop('blank_line', 2, 2)
  w.drop('nul_bytes', 0, 100)
  const { ledger, entries } = chunker.seal()
  t.equal(entries, 3)
  t.same(imbalanceOf(ledger), { entries: 0, bytes: 0 })
  const of = (source: string, account: string) => {
    const { entries, bytes } = ledger.find((one) => one.source === source && one.account === account) ?? {}
    return [entries, bytes]
  }
  t.same(of('app', 'stored'), [2, 5])
  t.same(of('web', 'read'), [3, 106])
  t.same(of('web', 'dropped:blank_line'), [2, 2])
  t.same(of('web', 'dropped:nul_bytes'), [0, 100])
  t.equal(web.stats.nulBytes, 100)
  t.same(chunker.seal().ledger, [], 'they are told once')
})

t.test('what is dropped alone still makes a commit due', async (t) => {
  const { chunker } = setUp()
  chunker.sinkFor(sourceNamed('app'), '/a.log').drop('blank_line', 1, 1)
  t.notOk(chunker.isEmpty)
  t.equal(chunker.dueMs(), 200)
  await turn()
  const draft = chunker.seal()
  t.equal(draft.entries, 0)
  t.equal(draft.text.length, 0)
  t.equal(draft.ledger.length, 2)
})

t.test('a buffer that one line made huge is not kept', async (t) => {
  const { chunker } = setUp({ maxBytes: 1000 })
  const sink = chunker.sinkFor(sourceNamed('app'), '/a.log')
  sink.accept(lineOf('x'.repeat(300_000)), 300_001)
  const huge = chunker.seal().text
  chunker.recycle(huge)
  const small = chunker.seal().text
  chunker.recycle(small)
  chunker.seal()
  t.not(chunker.seal().text, huge)
  t.equal(small.length, 0)
})

const fact = (about: Partial<EntryFacts>): EntryFacts => ({
  ...{
    timeMs: 1000,
    level: 1,
    service: 'a',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasInvalidUtf8: false,
  },
  ...about,
})

t.test('a header counts levels, status classes, durations, sources and what did not parse', async (t) => {
  const header = new HeaderBuilder()
  header.count(fact({ timeMs: 2000 }), 'app')
  header.count(fact({ timeMs: 500, level: 3, statusCode: 503, durationSeconds: 0.005 }), 'app')
  header.count(fact({ service: 'b', statusCode: 200, durationSeconds: 99, hasParseError: true }), 'web')
  header.count(fact({ statusCode: 99, durationSeconds: 0.25 }), 'app')
  const taken = header.take()
  t.match(taken, { entries: 4, minTimeMs: 500, maxTimeMs: 2000, levelMask: 0b1010 })
  t.same(taken.header, {
    services: {
      a: {
        levels: [0, 2, 0, 1, 0],
        statuses: [0, 0, 0, 0, 1],
        durations: { counts: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], sum: 0.255 },
      },
      b: {
        levels: [0, 1, 0, 0, 0],
        statuses: [0, 1, 0, 0, 0],
        durations: { counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], sum: 99 },
      },
    },
    sources: { app: 3, web: 1 },
    parseErrors: { web: 1 },
  })
  t.same(header.take().header, { services: {}, sources: {} }, 'and begins again at nothing')
})

t.test('a header stays small whatever services entries name', async (t) => {
  const header = new HeaderBuilder()
  for (let i = 0; i < 1000; i++) header.count(fact({ service: i % 2 ? `s${i}` : '__proto__' }), '__proto__')
  const { services, sources } = header.take().header
  t.ok(Object.keys(services).length <= 257)
  const counted = Object.keys(services).reduce((sum, name) => sum + (services[name]?.levels[1] ?? 0), 0)
  t.equal(counted, 1000, 'and counts every entry')
  t.same(Object.entries(sources), [['__proto__', 1000]])
  t.equal(Object.getPrototypeOf({}), Object.prototype)
})
