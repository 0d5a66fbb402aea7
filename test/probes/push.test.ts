import t from 'tap'
import { pushProbe } from '../../src/config/probes/push.ts'
import { createPushProbe } from '../../src/probes/kinds/push.ts'
import { PushInbox } from '../../src/probes/push-inbox.ts'
import { VirtualClock } from '../deliver/virtual-clock.ts'
import { missing } from '../systemd/missing.ts'
import { checkMetrics, runOnce, valueIn } from './local-rig.ts'

const MINUTE_MS = 60_000

function waiting({
  settings = { max_silence: '5m' },
  clock = new VirtualClock(),
  inbox = new PushInbox({ clock }),
} = {}) {
  const probe = createPushProbe(pushProbe.parse({ type: 'push', ...settings }), { clock, name: 'backup', inbox })
  return { probe, clock, inbox }
}

t.test('push waits for the first call as long as between two', async (t) => {
  const { probe, clock } = waiting()
  t.match(await runOnce(probe), { status: 'unknown', message: 'no call yet, expected every 5m' })
  clock.advance(5 * MINUTE_MS)
  t.match(await runOnce(probe), { status: 'unknown' })
  clock.advance(1)
  t.match(await runOnce(probe), { status: 'unhealthy', message: 'no call for 5m, expected every 5m' })
})

t.test('push is healthy until the calls stay away', async (t) => {
  const { probe, clock, inbox } = waiting()
  inbox.report('another')
  inbox.report('backup')
  clock.advance(90_000)
  const finding = await runOnce(probe)
  t.match(finding, { status: 'healthy', message: 'last call 1m30s ago' })
  t.equal(valueIn(finding, 'probe_push_last_timestamp_seconds'), 1_700_000_000)
  clock.advance(5.5 * MINUTE_MS)
  t.match(await runOnce(probe), { status: 'unhealthy', message: 'last call 7m ago, expected every 5m' })
  inbox.report('backup')
  t.match(await runOnce(probe), { status: 'healthy' })
})

t.test('push takes over what the caller says of itself', async (t) => {
  const { probe, inbox } = waiting()
  for (const status of ['healthy', 'degraded', 'unhealthy', 'unknown'] as const) {
    inbox.report('backup', { status, message: `it is ${status}` })
    t.match(await runOnce(probe), { status, message: `it is ${status}` })
  }
  inbox.report('backup', { status: 'degraded', message: `\u001b[31mred\nline\u0000 ${'x'.repeat(10_000)}` })
  const { message } = await runOnce(probe)
  t.match(message, /^\\u001b\[31mred\\nline\\u0000 x/)
  t.equal(message.length, 512)
})

t.test('push remembers the last call over a restart', async (t) => {
  const before = waiting()
  before.inbox.report('backup', { status: 'degraded', message: 'two tables left out' })
  const saved = JSON.stringify(before.inbox.snapshot())

  const { clock } = before
  clock.advance(MINUTE_MS)
  const after = waiting({ clock, inbox: new PushInbox({ clock }) })
  after.inbox.restore(JSON.parse(saved))
  t.match(await runOnce(after.probe), { status: 'degraded', message: 'two tables left out' })
  clock.advance(6 * MINUTE_MS)
  t.match(await runOnce(after.probe), { status: 'unhealthy', message: 'last call 7m ago, expected every 5m' })
})

t.test('push restores nothing that makes no sense, and nothing over a newer call', async (t) => {
  const { inbox, clock } = waiting()
  inbox.report('backup', { message: 'new' })
  for (const bad of [undefined, null, 5, 'text', [], { a: null, b: { atMs: 'x' }, c: { atMs: 1, status: 'great' } }])
    inbox.restore(bad)
  inbox.restore({
    backup: { atMs: clock.nowMs() - 5, status: 'unhealthy', message: 'old' },
    ok: { atMs: 1, status: 'healthy' },
  })
  t.same(Object.keys(inbox.snapshot()), ['backup', 'ok'])
  t.match(inbox.last('backup'), { message: 'new' })
  inbox.keepOnly(new Set(['ok']))
  t.same(inbox.snapshot(), { ok: { atMs: 1, status: 'healthy', message: '' } })
})

t.test('push is not held healthy by a call from the future', async (t) => {
  const { probe, inbox, clock } = waiting()
  inbox.restore({ backup: { atMs: clock.nowMs() + 1e9, status: 'healthy', message: '' } })
  t.match(await runOnce(probe), { status: 'healthy', message: 'last call 0s ago' })
  clock.advance(6 * MINUTE_MS)
  t.match(await runOnce(probe), { status: 'unhealthy' })
})

t.test('push expects a call in two intervals, unless told otherwise', async (t) => {
  t.equal(pushProbe.parse({ type: 'push', interval: '1m' }).maxSilenceMs, 2 * MINUTE_MS)
  t.notMatch(JSON.stringify(pushProbe.parse({ type: 'push', token: 'canary' })), 'canary')
})

t.test('push families are as Prometheus wants them', { skip: missing('promtool') }, async (t) => {
  const { probe, inbox } = waiting()
  inbox.report('backup')
  const { families } = await runOnce(probe)
  t.doesNotThrow(() => checkMetrics(families))
})
