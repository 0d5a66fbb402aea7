import t from 'tap'
import { ACCEPTED, Collector, openRequests, RETRY } from './collector.ts'
import { numbered, Rig } from './forwarder-rig.ts'

/** Runs until `count` batches were taken or asked about, then aborts. */
async function runUntil(rig: Rig, collector: Collector, count: number) {
  const controller = new AbortController()
  const running = rig.forwarder.run(controller.signal)
  while (collector.sent.length < count) {
    rig.bell.ring()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { running, abort: () => controller.abort() }
}

t.test('forwarder wakes at the bell, and ends when there is nothing left', async (t) => {
  const collector = new Collector()
  const rig = new Rig(collector)
  rig.buffer.append(numbered(0, 1))
  const { running, abort } = await runUntil(rig, collector, 1)
  rig.buffer.append(numbered(1, 1))
  rig.bell.ring()
  abort()
  await running
  t.same(collector.taken, numbered(0, 2))
  t.equal(rig.cursor?.seq, 2)
  t.ok(collector.isClosed)
})

t.test('forwarder that is told to stop delivers what is stored first', async (t) => {
  const requests = openRequests()
  const collector = new Collector(requests.answer)
  const rig = new Rig(collector)
  for (let i = 0; i < 40; i++) rig.buffer.append(numbered(i, 1))
  const { running, abort } = await runUntil(rig, collector, 1)
  abort()
  collector.answer = () => ACCEPTED
  requests.waiting[0]?.answer(ACCEPTED)
  await running
  t.same([collector.taken.length, rig.cursor?.seq], [40, 40])
})

t.test('forwarder aborts requests when its drain is over, and the chunk is sent again after a restart', async (t) => {
  const requests = openRequests()
  const collector = new Collector(requests.answer)
  const rig = new Rig(collector, { drainMs: 5000 })
  rig.buffer.append(numbered(0, 1))
  const { running, abort } = await runUntil(rig, collector, 1)
  abort()
  await new Promise((resolve) => setImmediate(resolve))
  rig.clock.advance(5000)
  rig.bell.ring()
  await running
  t.same([rig.cursor?.seq, rig.forwarder.status().inFlight], [0, 0])
  collector.answer = () => ACCEPTED
  rig.start()
  await rig.settle()
  t.same(collector.sent, ['buf-1/1', 'buf-1/1'])
  t.equal(rig.cursor?.seq, 1)
})

t.test('forwarder does not wait for a collector that will not be asked again in time', async (t) => {
  const collector = new Collector(() => ({ ...RETRY, afterMs: 60_000 }))
  const rig = new Rig(collector, { drainMs: 10_000 })
  rig.buffer.append(numbered(0, 1))
  const { running, abort } = await runUntil(rig, collector, 1)
  abort()
  await running
  t.equal(rig.cursor?.seq, 0)
})

t.test('forwarder ends although its destination does not notice the abort', async (t) => {
  const collector = new Collector(() => new Promise(() => {}))
  const rig = new Rig(collector, { drainMs: 0 })
  rig.buffer.append(numbered(0, 1))
  const { running, abort } = await runUntil(rig, collector, 1)
  abort()
  await new Promise((resolve) => setImmediate(resolve))
  rig.bell.ring()
  await new Promise((resolve) => setImmediate(resolve))
  rig.clock.advance(1000)
  await running
  t.pass('ended')
})
