import t from 'tap'
import {
  createHeartbeats,
  Heartbeat,
  type JudgedThread,
  type Look,
  look,
  stalledThreads,
} from '../../src/run/heartbeat.ts'

const cases: { name: string; beatsBeforeLook: JudgedThread[][]; stalled: JudgedThread[] }[] = [
  { name: 'forgives a first look', beatsBeforeLook: [[]], stalled: [] },
  { name: 'forgives one look without a beat', beatsBeforeLook: [['main', 'ingest'], []], stalled: [] },
  { name: 'names both after two', beatsBeforeLook: [['main', 'ingest'], [], []], stalled: ['main', 'ingest'] },
  { name: 'names the one that stands still', beatsBeforeLook: [[], ['main'], ['main']], stalled: ['ingest'] },
  { name: 'names a thread that never beat', beatsBeforeLook: [['ingest'], ['ingest'], ['ingest']], stalled: ['main'] },
  {
    name: 'forgets a stall when the thread moves again',
    beatsBeforeLook: [[], [], [], ['main', 'ingest']],
    stalled: [],
  },
]

for (const { name, beatsBeforeLook, stalled } of cases) {
  t.test(`the watchdog's look ${name}`, async (t) => {
    const heartbeats = createHeartbeats()
    let looks: readonly Look[] = []
    for (const threads of beatsBeforeLook) {
      for (const thread of threads) new Heartbeat(heartbeats, thread).beat()
      looks = look(looks, heartbeats)
    }
    t.strictSame(stalledThreads(looks), stalled)
  })
}

t.test('a heartbeat moves over the end of its numbers', async (t) => {
  const heartbeats = createHeartbeats()
  new Int32Array(heartbeats).fill(2 ** 31 - 1)
  const before = look([], heartbeats)
  new Heartbeat(heartbeats, 'main').beat()
  t.strictSame(
    look(before, heartbeats).map((seen) => seen.unmovedCount),
    [0, 1],
  )
})
