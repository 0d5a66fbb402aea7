import t from 'tap'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { ACCEPTED, Collector, openRequests, RETRY } from './collector.ts'
import { numbered, Rig } from './forwarder-rig.ts'

t.test('forwarder sends stored bytes under the chunk key and moves the cursor', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 3))
  rig.buffer.append(numbered(3, 2))
  await rig.settle()
  t.same(collector.sent, ['buf-1/1', 'buf-1/2'])
  t.same(collector.taken, numbered(0, 5))
  t.same(rig.cursor, { output: 'o', bufferId: 'buf-1', seq: 2, bornEntries: 0, delivered: 5, dead: 0, expired: 0 })
  t.match(rig.forwarder.status(), {
    waitingEntries: 0,
    waitingChunks: 0,
    oldestWaitingMs: 0,
    inFlight: 0,
    circuit: 'closed',
  })
})

t.test('forwarder moves the cursor over the contiguous prefix only, several at once', async (t) => {
  const requests = openRequests()
  const rig = new Rig(new Collector(requests.answer))
  for (let i = 0; i < 9; i++) rig.buffer.append(numbered(i, 1))
  const answer = async (key: string): Promise<void> => {
    const at = requests.waiting.findIndex((request) => request.key === key)
    requests.waiting.splice(at, 1)[0]?.answer(ACCEPTED)
    await rig.settle()
  }
  await rig.settle()
  for (const key of ['buf-1/1', 'buf-1/2', 'buf-1/3']) await answer(key)
  t.same(
    requests.waiting.map(({ key }) => key),
    ['buf-1/4', 'buf-1/5', 'buf-1/6', 'buf-1/7'],
  )
  const movesBefore = rig.cursors.moves
  await answer('buf-1/5')
  await answer('buf-1/7')
  t.equal(rig.cursor?.seq, 3)
  await answer('buf-1/4')
  t.equal(rig.cursor?.seq, 5)
  await answer('buf-1/6')
  t.equal(rig.cursor?.seq, 7)
  t.equal(rig.cursors.moves - movesBefore, 2)
})

t.test('forwarder never has more requests under way, nor more chunks in memory, than it may', async (t) => {
  const requests = openRequests()
  const collector = new Collector(requests.answer)
  const rig = new Rig(collector, { inFlightCount: 3 })
  for (let i = 0; i < 50; i++) rig.buffer.append(numbered(i, 1))
  await rig.settle()
  // The first never answers; all others do.
  for (let round = 0; round < 60; round++) {
    requests.waiting.splice(1, 1)[0]?.answer(ACCEPTED)
    await rig.settle()
  }
  t.equal(rig.cursor?.seq, 0)
  t.ok(collector.mostInFlight <= 3)
  t.ok(collector.sent.length <= 6, `${collector.sent.length} chunks were taken behind a slow one`)
})

t.test('forwarder retries for ever, probing with one request, and ramps when the collector is back', async (t) => {
  let isUp = false
  const collector = new Collector(() => (isUp ? ACCEPTED : RETRY))
  const rig = new Rig(collector)
  for (let i = 0; i < 20; i++) rig.buffer.append(numbered(i, 1))
  await rig.settle()
  t.match(rig.forwarder.status(), { circuit: 'open', waitingEntries: 20, lastAnswer: { status: 503 } })
  const down = 3 * 24 * 60
  for (let minute = 0; minute < down; minute += 10) await rig.pass(600_000)
  t.same(new Set(collector.sent), new Set(['buf-1/1']), 'only the oldest chunk probes')
  t.equal(collector.sent.length, 1 + down / 10)
  isUp = true
  collector.sent.length = 0
  await rig.pass(60_000)
  t.same(collector.taken, numbered(0, 20))
  t.equal(collector.mostInFlight, 4)
  t.same([rig.cursor?.delivered, rig.imbalance, collector.sent.length], [20, 0, 20])
})

t.test('forwarder waits as long as the collector says, the whole output', async (t) => {
  const collector = new Collector(() => ({ ...RETRY, afterMs: 120_000 }))
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  rig.buffer.append(numbered(1, 1))
  await rig.settle()
  await rig.pass(119_999)
  t.equal(collector.sent.length, 1)
  await rig.pass(1)
  t.equal(collector.sent.length, 2)
})

t.test('forwarder goes slowly and asks for a person when only one can help', async (t) => {
  const collector = new Collector(() => ({ kind: 'retry', reason: 'http_401', status: 401, isOperatorFault: true }))
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  await rig.settle()
  t.match(rig.forwarder.status(), { isOperatorFault: true, circuit: 'open' })
  await rig.pass(59_999)
  t.equal(collector.sent.length, 1)
  collector.answer = () => ACCEPTED
  await rig.pass(1)
  t.match(rig.forwarder.status(), { isOperatorFault: false, circuit: 'closed', waitingEntries: 0 })
})

t.test('forwarder saves an answer before it sends anything else, however often the store refuses', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector, { inFlightCount: 1 })
  for (let i = 0; i < 4; i++) rig.buffer.append(numbered(i, 1))
  rig.forwarder.step()
  rig.cursors.refusal = new Error('disk is full')
  await rig.settle()
  for (let i = 0; i < 20; i++) await rig.pass(10_000)
  t.same(collector.sent, ['buf-1/1'])
  t.ok(rig.forwarder.status().counters.storeFailures > 10)
  rig.cursors.refusal = undefined
  await rig.pass(10_000)
  t.same(collector.sent, ['buf-1/1', 'buf-1/2', 'buf-1/3', 'buf-1/4'])
  t.equal(rig.cursor?.seq, 4)
})

t.test('forwarder survives a buffer that cannot be read, at the start and later', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  rig.buffer.refusal = new Error('busy')
  await rig.settle()
  t.equal(rig.forwarder.status().waitingEntries, 0)
  rig.buffer.refusal = undefined
  await rig.pass(10_000)
  t.equal(rig.cursor?.seq, 1)
  rig.buffer.refusal = new Error('busy')
  rig.buffer.append(numbered(1, 1))
  await rig.pass(10_000)
  rig.buffer.refusal = undefined
  await rig.pass(10_000)
  t.same(collector.taken, numbered(0, 2))
})

t.test('forwarder counts what was removed from the buffer before it could be sent', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector, { inFlightCount: 1 })
  rig.buffer.append(numbered(0, 1))
  await rig.settle()
  for (let i = 1; i < 6; i++) rig.buffer.append(numbered(i * 10, 10))
  for (const seq of [2, 3, 5]) rig.buffer.remove(seq)
  await rig.settle()
  t.match(rig.cursor, { seq: 6, delivered: 21, expired: 30 })
  rig.buffer.remove(rig.buffer.append(numbered(100, 7)))
  await rig.settle()
  t.match(rig.cursor, { seq: 7, delivered: 21, expired: 37 }, 'also when nothing comes after it')
  t.match(rig.forwarder.status(), { waitingEntries: 0, counters: { expiredEntries: 37 } })
  t.equal(rig.imbalance, 0)
})

t.test('forwarder never sends a damaged chunk, counts it, and is not blocked by it', async (t) => {
  const collector = new Collector(
    (batch): Verdict => (batch.key === 'buf-1/4' ? { kind: 'too_large', status: 413 } : ACCEPTED),
  )
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 2))
  rig.buffer.damage(rig.buffer.append(numbered(2, 3)))
  rig.buffer.append(numbered(5, 1))
  // Its checksum is right, its content is not what it says; found out when it has to be split.
  rig.buffer.append(numbered(6, 5), { encoding: 'zstd', body: Buffer.from('not zstd') })
  rig.buffer.append(numbered(11, 1))
  await rig.reach(5)
  t.notOk(collector.sent.includes('buf-1/2'))
  t.match(rig.cursor, { seq: 5, delivered: 4, dead: 8 })
  t.match(rig.forwarder.status().counters, { deadEntries: { corrupt: 8, refused: 0 } })
  t.same([rig.cursors.deadLetters.length, rig.imbalance], [0, 0])
})

t.test('forwarder begins anew in a buffer that was rebuilt, also while it runs', async (t) => {
  const requests = openRequests()
  const collector = new Collector()
  const rig = new Rig(collector)
  for (let i = 0; i < 3; i++) rig.buffer.append(numbered(i, 1))
  await rig.settle()
  collector.answer = requests.answer
  rig.buffer.append(numbered(3, 1))
  await rig.settle()
  rig.buffer.bufferId = 'buf-2'
  collector.answer = () => ACCEPTED
  await rig.settle()
  t.match(rig.cursor, { bufferId: 'buf-2', seq: 4, delivered: 4 })
  requests.waiting[0]?.answer(ACCEPTED)
  await rig.settle()
  t.match(rig.cursor, { bufferId: 'buf-2', seq: 4, delivered: 4 }, 'an answer about the old buffer changes nothing')
  t.equal(rig.imbalance, 0)
})

t.test('forwarder survives a destination that throws', async (t) => {
  const collector = new Collector(() => {
    throw new TypeError('defect')
  })
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  await rig.settle()
  t.match(rig.forwarder.status(), { circuit: 'open', inFlight: 0 })
  collector.answer = () => ACCEPTED
  await rig.pass(1000)
  t.equal(rig.cursor?.delivered, 1)
})

t.test('forwarder status tells what waits, how long, and how requests went', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 2), { storedMs: rig.clock.nowMs() })
  await rig.settle()
  collector.answer = () => RETRY
  rig.buffer.append(numbered(2, 3), { storedMs: rig.clock.nowMs() })
  await rig.pass(4000)
  const status = rig.forwarder.status()
  t.match(status, {
    name: 'o',
    waitingEntries: 3,
    waitingChunks: 1,
    oldestWaitingMs: 4000,
    lastSuccessMs: 1_700_000_000_000,
  })
  t.match(status.lastAnswer, { atMs: 1_700_000_004_000, status: 503 })
  t.match(status.counters, {
    requests: { 200: 1, 503: 1 },
    retries: { http_503: 1 },
    deliveredEntries: 2,
    sentBytes: 16,
  })
  t.equal(
    status.counters.latency.counts.reduce((a, b) => a + b),
    2,
  )
})

t.test('forwarder saves acknowledgements together that come faster than settleEveryMs', async (t) => {
  const rig = new Rig({ send: async () => ({ kind: 'accepted' }), close: async () => {} }, { settleEveryMs: 50 })
  for (let i = 0; i < 12; i++) rig.buffer.append(numbered(i * 2, 2))
  await rig.settle()
  t.equal(rig.cursors.moves, 2, 'once to be born, once for the first that was answered')
  await rig.pass(50)
  t.equal(rig.cursor?.seq, 12)
  t.ok(rig.cursors.moves < 6, `12 acknowledgements took ${rig.cursors.moves} saves`)
  t.equal(rig.imbalance, 0)
})
