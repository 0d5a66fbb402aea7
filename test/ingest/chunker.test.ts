import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { JoinConfig, LogMetricConfig, StepConfig } from '../../src/config/steps.ts'
import type { WorkingSource } from '../../src/config/working-source.ts'
import { Chunker, type ChunkerOptions, type Draft } from '../../src/ingest/chunker.ts'
import { ChunkSpan, SummaryBuilder } from '../../src/ingest/header-builder.ts'
import { createEntryFacts, type EntryFacts, type Line } from '../../src/parse/line.ts'
import { imbalanceOf } from '../../src/store/ledger.ts'
import { createSource, type Source } from '../../src/tail/source.ts'
import { VirtualClock } from '../deliver/virtual-clock.ts'
import { LINE_BY_LINE, PLAIN_SOURCE } from '../tail/plain-sink.ts'

function sourceNamed(name: string, about: Partial<WorkingSource> = {}): Source {
  const config: WorkingSource = { ...PLAIN_SOURCE, name, ...about }
  const sink = { ...LINE_BY_LINE, accept: () => true, drop: () => {} }
  return createSource(config, { isLeftOut: () => false, isSeen: true, sinkFor: () => sink })
}

function setUp(options: Partial<ChunkerOptions> = {}) {
  const clock = new VirtualClock()
  const all = { maxBytes: 100_000, maxEntries: 10, maxWaitMs: 200, ...options }
  const chunker = new Chunker(all, clock, (source, file) => ({
    ...{ service: 's', version: 'v', environment: 'e', host: 'h', file },
    source: source.config.name,
    times: { zone: 'UTC' },
  }))
  return { clock, chunker }
}

function lineOf(text: string): Line {
  const bytes = Buffer.from(text)
  const flags = { isUtf8: true, isTruncated: false, isPartial: false, isContinued: false, envelope: undefined }
  return { bytes, start: 0, end: bytes.length, offset: 0, readMs: 0, ...flags }
}

function entriesOf({ text }: Draft): Record<string, unknown>[] {
  const lines = text.bytes.toString('utf8', 0, text.length).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
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
  t.match(draft.header.sources, { app: { entries: 3 } })
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
  ...{ ...createEntryFacts(), timeMs: 1000, level: 1, service: 'a' },
  ...about,
})

t.test('a chunk knows the times and levels of its entries', async (t) => {
  const span = new ChunkSpan()
  span.count(fact({ timeMs: 2000 }))
  span.count(fact({ timeMs: 500, level: 3 }))
  t.same(span.take(), { entries: 2, minTimeMs: 500, maxTimeMs: 2000, levelMask: 0b1010 })
  t.match(span.take(), { entries: 0, levelMask: 0 }, 'and begins again at nothing')
})

t.test('a summary counts levels, status classes, durations, and what did not parse', async (t) => {
  const summary = new SummaryBuilder()
  summary.count(fact({}))
  summary.count(fact({ level: 3, statusCode: 503, durationSeconds: 0.005 }))
  summary.count(fact({ service: 'b', statusCode: 200, durationSeconds: 99, hasParseError: true }))
  summary.count(fact({ statusCode: 99, durationSeconds: 0.25 }))
  t.same(summary.take(), {
    entries: 4,
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
    parseErrors: 1,
  })
  t.equal(summary.take(), undefined, 'and begins again at nothing')
})

t.test('a summary stays small whatever services entries name', async (t) => {
  const summary = new SummaryBuilder()
  for (let i = 0; i < 1000; i++) summary.count(fact({ service: i % 2 ? `s${i}` : '__proto__' }))
  const { services = {} } = summary.take() ?? {}
  t.ok(Object.keys(services).length <= 257)
  const counted = Object.keys(services).reduce((sum, name) => sum + (services[name]?.levels[1] ?? 0), 0)
  t.equal(counted, 1000, 'and counts every entry')
  t.equal(Object.getPrototypeOf({}), Object.prototype)
})

t.test('a source may be called anything', async (t) => {
  const { chunker } = setUp()
  chunker.sinkFor(sourceNamed('__proto__'), '/a.log').accept(lineOf('x'), 2)
  t.same(Object.keys(chunker.seal().header.sources), ['__proto__'])
})

const DROP_DEBUG: StepConfig = {
  kind: 'drop_if',
  condition: { kind: 'compare', field: 'level', operator: '==', value: 'DEBUG' },
}

t.test('what a step lets go is not in the chunk, and is booked with its reason', async (t) => {
  const { chunker } = setUp()
  const sink = chunker.sinkFor(sourceNamed('app', { process: [DROP_DEBUG] }), '/a.log')
  sink.accept(lineOf('DEBUG: much'), 12)
  sink.accept(lineOf('ERROR: little'), 14)
  const draft = chunker.seal()
  t.same(
    entriesOf(draft).map(({ message }) => message),
    ['ERROR: little'],
  )
  t.match(draft.header.sources, { app: { entries: 1, services: { s: { levels: [0, 0, 0, 1, 0] } } } })
  t.same(imbalanceOf(draft.ledger), { entries: 0, bytes: 0 })
  t.ok(draft.ledger.some(({ account, bytes }) => account === 'dropped:filtered' && bytes === 12))
})

t.test('what a step owes is stored when it is due, and counted like what is read', async (t) => {
  const { chunker } = setUp()
  const limit: StepConfig = { kind: 'rate_limit', limit: 1, perMs: 1000 }
  const sink = chunker.sinkFor(sourceNamed('app', { process: [limit] }), '/a.log')
  for (let i = 0; i < 5; i++) sink.accept(lineOf('x'), 2)
  chunker.collect(Number.POSITIVE_INFINITY)
  const draft = chunker.seal()
  t.match(entriesOf(draft), [
    { message: 'x' },
    { level: 'WARNING', metadata: { refused: 4 }, service: 's', source: 'app' },
  ])
  t.equal(draft.entries, 2)
  t.same(imbalanceOf(draft.ledger), { entries: 0, bytes: 0 })
})

t.test('what was read before a reload keeps its counts, and steps that changed begin anew', async (t) => {
  const { chunker } = setUp()
  const metric: LogMetricConfig = {
    ...{ name: 'x_total', type: 'counter', help: '', labels: {}, buckets: [], maxSeries: 10 },
  }
  const old = sourceNamed('app', { metrics: [metric] })
  chunker.sinkFor(old, '/a.log').accept(lineOf('1'), 2)
  const changed = sourceNamed('app', { metrics: [metric, { ...metric, name: 'y_total' }] })
  chunker.sinkFor(changed, '/a.log').accept(lineOf('2'), 2)
  const { metrics } = chunker.seal().header.sources.app ?? {}
  t.match(metrics, { x_total: { series: [{ value: 1 }, { value: 1 }] }, y_total: { series: [{ value: 1 }] } })
})

t.test('a record that is held is in no chunk until it is due', async (t) => {
  const { chunker, clock } = setUp()
  const join: JoinConfig = { kind: 'continue', pattern: '^ ' }
  const source = sourceNamed('app', { multiline: { ...PLAIN_SOURCE.multiline, join } })
  const sink = chunker.sinkFor(source, '/a.log')
  sink.accept(lineOf('one'), 4)
  sink.accept(lineOf(' more'), 6)
  sink.settle()
  t.ok(chunker.isEmpty)
  t.equal(sink.heldOffset, 0)
  t.equal(chunker.heldDueMs(), 1000)
  clock.advance(1000)
  t.equal(chunker.heldDueMs(), 0)
  chunker.collect(0)
  t.equal(chunker.heldDueMs(), Number.POSITIVE_INFINITY)
  t.match(entriesOf(chunker.seal()), [{ message: 'one\n more' }])
})
