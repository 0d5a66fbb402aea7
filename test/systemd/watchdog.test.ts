import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/run/clock.ts'
import { createHeartbeats, Heartbeat, startBeating } from '../../src/run/heartbeat.ts'
import {
  createNotifier,
  type Notifier,
  type NotifySettings,
  notifySettings,
  type WatchdogReport,
} from '../../src/run/notifier.ts'
import { missing } from './missing.ts'
import { NotifyReceiver } from './notify-receiver.ts'

const skip = missing('systemd-notify', 'python3')
const lookMs = 300
const watchdogUsec = 3 * lookMs * 1000

interface Stage {
  readonly receiver: NotifyReceiver
  readonly notifier: Notifier
  readonly reports: WatchdogReport[]
  readonly stopMain: () => void
  readonly stopIngest: () => void
  readonly startIngest: () => void
}

async function setUp(t: Test, options: NotifySettings = { watchdogUsec }): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'obs-agent-notify-'))
  const socketPath = join(folder, 'notify')
  const receiver = new NotifyReceiver(socketPath)
  await receiver.bound
  const heartbeats = createHeartbeats()
  const beatMs = lookMs / 5
  const stopMain = startBeating(new Heartbeat(heartbeats, 'main'), beatMs)
  const ingest = new Heartbeat(heartbeats, 'ingest')
  let stopIngest = startBeating(ingest, beatMs)
  const reports: WatchdogReport[] = []
  const notifier = createNotifier({ socketPath, heartbeats, onReport: (report) => reports.push(report), ...options })
  t.teardown(async () => {
    stopMain()
    stopIngest()
    await notifier.close()
    await receiver.close()
    await rm(folder, { recursive: true })
  })
  return {
    receiver,
    notifier,
    reports,
    stopMain,
    stopIngest: () => stopIngest(),
    startIngest: () => {
      stopIngest = startBeating(ingest, beatMs)
    },
  }
}

t.test('the watchdog says READY=1 with its status, in one datagram', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t)
  t.equal(notifier.kind, 'systemd')
  notifier.ready('tailing 3 files')
  const index = await receiver.find('READY=1')
  t.equal(receiver.datagrams[index], 'READY=1\nSTATUS=tailing 3 files')
})

t.test('the watchdog gives no sign of life before the agent is ready', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t)
  await systemClock.sleep(3 * lookMs)
  notifier.ready('up')
  const alive = await receiver.find('WATCHDOG=1')
  t.equal(
    receiver.datagrams.findIndex((datagram) => datagram.startsWith('READY=1')),
    0,
  )
  t.ok(alive > 0)
})

t.test(
  'the watchdog gives signs of life while all threads beat, and none while one stands still',
  { skip },
  async (t) => {
    const { receiver, notifier, reports, stopIngest, startIngest } = await setUp(t)
    notifier.ready('up')
    const first = await receiver.find('WATCHDOG=1')
    await receiver.find('WATCHDOG=1', first + 1)
    t.strictSame(reports, [])

    stopIngest()
    const told = await receiver.find('STATUS=thread ingest stood still')
    t.strictSame(reports, [{ kind: 'stalled', threads: ['ingest'] }])
    await systemClock.sleep(4 * lookMs) // Time in which signs of life would come, if one came.
    t.strictSame(receiver.datagrams.slice(told + 1), [])

    startIngest()
    const back = await receiver.find('STATUS=up', told + 1)
    await receiver.find('WATCHDOG=1', back)
    t.strictSame(reports.at(-1), { kind: 'stalled', threads: [] })
  },
)

t.test('the watchdog goes on while main stands still, and then falls silent', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t)
  notifier.ready('up')
  await receiver.find('WATCHDOG=1')
  const blocked = new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(blocked, 0, 0, 8 * lookMs) // Really holds this thread, as a heavy loop would.
  await receiver.find('STATUS=thread main and ingest stood still')
  t.ok(receiver.datagrams.filter((datagram) => datagram === 'WATCHDOG=1').length <= 4)
})

t.test('the watchdog judges nobody once the agent is stopping', { skip }, async (t) => {
  const { receiver, notifier, reports, stopMain, stopIngest } = await setUp(t)
  notifier.ready('up')
  notifier.stopping()
  const stopping = await receiver.find('STOPPING=1')
  stopMain()
  stopIngest()
  let from = stopping
  for (let i = 0; i < 5; i++) from = (await receiver.find('WATCHDOG=1', from)) + 1
  t.strictSame(reports, [])
})

t.test('the watchdog keeps the order of states, and only the last of the statuses that wait', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t, {})
  notifier.ready('one')
  for (let i = 0; i < 200; i++) notifier.status(`status ${i}`)
  notifier.reloading()
  notifier.ready('two')
  notifier.stopping()
  await notifier.close()
  await receiver.find('STOPPING=1')
  t.match(receiver.datagrams, [
    /^READY=1\nSTATUS=one$/,
    /^STATUS=status 199$/,
    /^RELOADING=1\nMONOTONIC_USEC=\d+$/,
    /^READY=1\nSTATUS=two$/,
    /^STOPPING=1$/,
  ])
  const monotonicUsec = Number(receiver.datagrams[2]?.split('=').at(-1))
  const [uptime] = (await readFile('/proc/uptime', 'utf8')).split(' ')
  t.ok(monotonicUsec > 0 && monotonicUsec <= Number(uptime) * 1e6 + 1e4, 'microseconds since boot')
})

t.test('a status cannot add an assignment of its own', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t, {})
  notifier.status(`a\nMAINPID=1\r\0\u0085b ${'é'.repeat(5000)}`)
  const index = await receiver.find('STATUS=')
  t.match(receiver.datagrams[index], /^STATUS=a MAINPID=1 b é+$/)
  t.ok(Buffer.byteLength(receiver.datagrams[index] ?? '') < 1000)
})

t.test('the watchdog without WATCHDOG_USEC gives no sign of life', { skip }, async (t) => {
  const { receiver, notifier } = await setUp(t, {})
  notifier.ready('up')
  await receiver.find('READY=1')
  await systemClock.sleep(3 * lookMs)
  t.equal(receiver.datagrams.length, 1)
})

t.test('the watchdog says once that systemd-notify is not installed', { skip }, async (t) => {
  const { notifier, reports, receiver } = await setUp(t, { watchdogUsec, searchPath: '/nonexistent' })
  notifier.ready('up')
  await systemClock.sleep(4 * lookMs)
  await notifier.close()
  t.match(reports, [{ kind: 'trouble', text: /systemd-notify is not installed, got PATH \/nonexistent/ }])
  t.equal(reports.length, 1)
  t.strictSame(receiver.datagrams, [])
})

t.test('the watchdog says once that nobody listens on the socket', { skip: missing('systemd-notify') }, async (t) => {
  const reports: WatchdogReport[] = []
  const heard = Promise.withResolvers<void>()
  const notifier = createNotifier({
    socketPath: '/nonexistent/notify',
    heartbeats: createHeartbeats(),
    onReport: (report) => {
      reports.push(report)
      heard.resolve()
    },
  })
  notifier.ready('up')
  const waiting = new AbortController() // The watchdog thread alone keeps no process alive, so the test must.
  await Promise.race([heard.promise, systemClock.sleep(10_000, waiting.signal)])
  waiting.abort()
  await notifier.close()
  t.match(reports, [{ kind: 'trouble', text: /^Cannot tell systemd: .*No such file/s }])
  t.equal(reports.length, 1)
})

t.test('a notifier outside systemd does nothing', async (t) => {
  const notifier = createNotifier({
    ...notifySettings({ PATH: '/bin' }, 1),
    heartbeats: createHeartbeats(),
    onReport: t.fail,
  })
  t.equal(notifier.kind, 'none')
  notifier.ready('up')
  notifier.status('x')
  notifier.reloading()
  notifier.stopping()
  await notifier.close()
})

const environments: { name: string; env: Record<string, string>; settings: NotifySettings }[] = [
  { name: 'nothing', env: {}, settings: {} },
  { name: 'an empty socket', env: { NOTIFY_SOCKET: '' }, settings: {} },
  { name: 'a socket', env: { NOTIFY_SOCKET: '@x', PATH: '/b' }, settings: { socketPath: '@x', searchPath: '/b' } },
  {
    name: 'a watchdog for us',
    env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' },
    settings: { socketPath: '/s', watchdogUsec: 60_000_000 },
  },
  {
    name: 'a watchdog for another process',
    env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' },
    settings: { socketPath: '/s' },
  },
  { name: 'a watchdog of zero', env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '0' }, settings: { socketPath: '/s' } },
  { name: 'a watchdog of words', env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: 'soon' }, settings: { socketPath: '/s' } },
]
for (const { name, env, settings } of environments) {
  t.test(`the environment of process 7 with ${name} is understood`, async (t) => {
    t.strictSame(notifySettings(env, 7), settings)
  })
}
