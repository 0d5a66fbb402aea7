import t from 'tap'
import type { Batch, Verdict } from '../../src/deliver/verdict.ts'
import { ACCEPTED, Collector, entriesOf, REFUSED } from './collector.ts'
import { numbered, Rig } from './forwarder-rig.ts'

/** Refuses batches that hold one of these entries. */
const refusing =
  (...bad: string[]) =>
  (batch: Batch): Verdict =>
    entriesOf(batch).some((entry) => bad.includes(entry)) ? REFUSED : ACCEPTED

const poison = (n: number): string[] => [`{"bad":${n}}`]
const refusingPoison = (batch: Batch): Verdict => (batch.body.includes('bad') ? REFUSED : ACCEPTED)

t.test('forwarder dead-letters exactly the entries that are refused', async (t) => {
  const collector = new Collector(refusing('{"n":7}', '{"n":90}'))
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 100))
  rig.buffer.append(numbered(100, 1))
  await rig.settle()
  t.same(
    rig.cursors.deadLetters.map(({ key, entry, status, answer }) => ({ key, entry, status, answer })),
    [
      { key: 'buf-1/1/7-8', entry: '{"n":7}', status: 400, answer: 'no' },
      { key: 'buf-1/1/90-91', entry: '{"n":90}', status: 400, answer: 'no' },
    ],
  )
  t.match(rig.cursor, { seq: 2, delivered: 99, dead: 2 })
  t.same(new Set(collector.taken).size, collector.taken.length)
  t.ok(collector.sent.length <= 30, `${collector.sent.length} requests`)
  t.equal(rig.imbalance, 0)
})

t.test('forwarder halves what is too large, remembers it, and dead-letters what is too large alone', async (t) => {
  const big = `{"big":"${'x'.repeat(40_000)}"}`
  const collector = new Collector((batch) =>
    batch.body.length > 35_000 ? { kind: 'too_large', status: 413, answer: 'big' } : ACCEPTED,
  )
  const rig = new Rig(collector)
  const wide = (from: number): string[] =>
    Array.from({ length: 64 }, (_, i) => `{"n":${from + i},"pad":"${'y'.repeat(1000)}"}`)
  rig.buffer.append(wide(100))
  await rig.settle()
  t.same(collector.sent, ['buf-1/1', 'buf-1/1/0-32', 'buf-1/1/32-64'])
  collector.sent.length = 0
  rig.buffer.append([...wide(200), big])
  await rig.settle()
  t.notOk(collector.sent.includes('buf-1/2'), 'the limit was learned')
  t.match(rig.cursor, { seq: 2, delivered: 128, dead: 1 })
  t.match(rig.cursors.deadLetters, [{ key: 'buf-1/2/64-65', entry: big, status: 413, answer: 'big' }])
  t.match(rig.forwarder.status().counters.deadEntries, { too_large: 1, refused: 0 })
  t.equal(rig.imbalance, 0)
})

t.test('forwarder empties nothing into the dead letters when the collector refuses everything', async (t) => {
  const collector = new Collector(() => REFUSED)
  const rig = new Rig(collector)
  for (let i = 0; i < 50; i++) rig.buffer.append(numbered(i * 4, 4))
  await rig.settle()
  for (let minute = 0; minute < 60 * 24; minute += 30) await rig.pass(30 * 60_000)
  t.same([rig.cursors.deadLetters.length, rig.cursor?.seq], [0, 0])
  t.match(rig.forwarder.status(), { isOperatorFault: true, waitingEntries: 200, lastAnswer: { text: /no/ } })
  t.ok(collector.sent.length < 100, `${collector.sent.length} requests in a day`)
  collector.answer = () => ACCEPTED
  await rig.pass(60_000)
  t.equal(rig.forwarder.status().isOperatorFault, false)
  t.same(new Set(collector.taken), new Set(numbered(0, 200)))
  t.same([rig.cursor?.delivered, rig.cursor?.dead, rig.imbalance], [200, 0, 0])
})

t.test('forwarder treats a collector that finds everything too large the same way', async (t) => {
  const collector = new Collector(() => ({ kind: 'too_large', status: 413 }))
  const rig = new Rig(collector)
  for (let i = 0; i < 10; i++) rig.buffer.append(numbered(i * 4, 4))
  await rig.settle()
  for (let hour = 0; hour < 24; hour++) await rig.pass(3_600_000)
  t.same([rig.cursors.deadLetters.length, rig.cursor?.seq], [0, 0])
  collector.answer = (batch) => (batch.entries > 2 ? { kind: 'too_large', status: 413 } : ACCEPTED)
  for (let i = 0; i < 20; i++) await rig.pass(60_000)
  t.match(rig.cursor, { delivered: 40, dead: 0 })
})

t.test('forwarder holds a wholly refused chunk until a later one shows whose fault it is', async (t) => {
  const collector = new Collector(refusingPoison)
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  for (let i = 0; i < 3; i++) rig.buffer.append(poison(i))
  await rig.settle()
  t.match(rig.cursor, { seq: 1, dead: 0 })
  rig.buffer.append(numbered(1, 1))
  await rig.settle()
  t.match(rig.cursor, { seq: 5, delivered: 2, dead: 3 })
  t.same(
    rig.cursors.deadLetters.map(({ entry, key }) => [entry, key]),
    [0, 1, 2].map((i) => [`{"bad":${i}}`, `buf-1/${i + 2}`]),
  )
})

t.test('forwarder lets a wholly refused chunk go when nothing comes after it', async (t) => {
  const rig = new Rig(new Collector(refusingPoison))
  rig.buffer.append(poison(0))
  await rig.settle()
  t.equal(rig.cursor?.dead, 0)
  await rig.pass(10_000)
  t.match(rig.cursor, { seq: 1, dead: 1 })
})

t.test('forwarder gets past any number of poisoned chunks as soon as a newer one is taken', async (t) => {
  const collector = new Collector(refusingPoison)
  const rig = new Rig(collector)
  for (let i = 0; i < 30; i++) rig.buffer.append(poison(i))
  rig.buffer.append(numbered(0, 2))
  await rig.settle()
  t.match(rig.forwarder.status(), { isOperatorFault: true })
  for (let i = 0; i < 4; i++) await rig.pass(60_000)
  t.match(rig.cursor, { seq: 31, delivered: 2, dead: 30 })
  t.same(collector.taken, numbered(0, 2), 'the chunk that was the proof is not sent twice')
  t.same([rig.imbalance, rig.forwarder.status().isOperatorFault], [0, false])
})
