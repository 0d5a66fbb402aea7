import t from 'tap'
import { createFilesystemCollector, type StatFs } from '../../src/host/collectors/filesystem.ts'
import { seriesOf } from './machines.ts'
import { hostOf, lineOf, mountsOf } from './mounts.ts'

/** File systems whose server is gone: statfs(2) does not come back. */

const STAT: StatFs = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 30, ffree: 20 }

/** A statfs that settles when the test says so, as that of a dead NFS server does. */
function hangingStatfs() {
  const calls: { path: string; settle: (stat: StatFs) => void; fail: (error: Error) => void }[] = []
  const statfs = (path: string): Promise<StatFs> =>
    new Promise((settle, fail) => {
      calls.push({ path, settle, fail })
    })
  return { calls, statfs }
}

t.test('filesystem gives up when the round ends, and asks a mount that hangs no more until it settles', async (t) => {
  const roots = hostOf(t, lineOf('/dead') + lineOf('/alive'))
  const { calls, statfs } = hangingStatfs()
  const { collect } = createFilesystemCollector(roots, { hasNetworkFilesystems: false, statfs })
  const round = async (onCalls: () => void): Promise<Map<string, number>> => {
    const controller = new AbortController()
    const families = collect(controller.signal)
    onCalls()
    // The answers above are taken before the round ends.
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('the round is over'))
    return seriesOf(await families)
  }
  const dead =
    'node_filesystem_device_error{device="/dev/sda1",device_error="mountpoint timeout",fstype="ext4",mountpoint="/dead"}'
  for (const callCount of [2, 3, 4]) {
    const series = await round(() => calls.at(-1)?.settle(STAT))
    t.equal(calls.length, callCount, 'the dead mount was asked once')
    t.equal(series.get(dead), 1)
    t.same(mountsOf(series), ['/alive'])
    t.same(
      [...series.keys()].filter((key) => key.includes('/dead')),
      [dead],
    )
  }
  calls[0]?.fail(new Error('stale file handle'))
  await new Promise((resolve) => setImmediate(resolve))
  const series = await round(() => {
    for (const call of calls) call.settle(STAT)
  })
  t.same(mountsOf(series), ['/dead', '/alive'], 'it is asked again')
})

t.test('filesystem gives each mount five seconds', { timeout: 20_000 }, async (t) => {
  const { calls, statfs } = hangingStatfs()
  const { collect } = createFilesystemCollector(hostOf(t, lineOf('/dead')), { hasNetworkFilesystems: false, statfs })
  const startedMs = performance.now()
  const series = seriesOf(await collect(new AbortController().signal))
  const tookMs = performance.now() - startedMs
  t.ok(tookMs > 4900 && tookMs < 15_000, `${tookMs} ms`)
  t.equal(calls.length, 1)
  t.equal(series.size, 1)
})

t.test('filesystem lets no more than two network mounts hang, as the thread pool is for all', async (t) => {
  const nfs = [1, 2, 3, 4, 5].map((n) => lineOf(`/n${n}`, { fstype: 'nfs4', device: `nas:/${n}` })).join('')
  const { calls, statfs } = hangingStatfs()
  const roots = hostOf(t, nfs + lineOf('/'))
  const { collect } = createFilesystemCollector(roots, { hasNetworkFilesystems: true, statfs })
  const round = async (during: () => Promise<void>) => {
    const controller = new AbortController()
    const families = collect(controller.signal)
    await during()
    controller.abort(new Error('the round is over'))
    return seriesOf(await families)
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const reasons = (series: ReadonlyMap<string, number>) =>
    [...series.keys()].flatMap(
      (key) => /device_error="(.+?)".*mountpoint="(.+)"/.exec(key)?.slice(1).reverse().join(' ') ?? [],
    )
  const first = await round(async () => {
    calls.find(({ path }) => path === '/')?.settle(STAT)
    calls.find(({ path }) => path === '/n1')?.settle(STAT)
    await turn()
  })
  t.same(
    calls.map(({ path }) => path),
    ['/', '/n1', '/n2', '/n3'],
  )
  t.same(mountsOf(first), ['/n1', '/'])
  const notAsked = 'not asked: other network mounts hang'
  t.same(reasons(first), ['/n2 mountpoint timeout', '/n3 mountpoint timeout', `/n4 ${notAsked}`, `/n5 ${notAsked}`])
  const second = await round(async () => {
    calls.at(-1)?.settle(STAT)
    await turn()
  })
  t.same(
    calls.slice(4).map(({ path }) => path),
    ['/'],
    'a round later only the disk of this host is asked',
  )
  t.same(mountsOf(second), ['/'])
  for (const { settle } of calls) settle(STAT)
  await turn()
  const third = await round(async () => {
    for (let asked = 0; asked < calls.length; await turn()) while (asked < calls.length) calls[asked++]?.settle(STAT)
  })
  t.equal(mountsOf(third).length, 6, 'all of them when the server is back')
})
