import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { diskProbe } from '../../src/config/probes/disk.ts'
import { createDiskProbe } from '../../src/probes/kinds/disk.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { checkMetrics, Mount, missingFuse, runOnce, SilentMount, temporaryFolder, until, valueIn } from './local-rig.ts'

const probe = (settings: Record<string, unknown>) =>
  createDiskProbe(diskProbe.parse({ type: 'disk', ...settings }), { clock: systemClock })

const skip = missing('root', 'mount')

t.test('disk says how full a file system is, at each of its levels', { skip }, async (t) => {
  // 100 pages.
  const mount = new Mount('size=409600')
  t.teardown(() => mount.end())
  const cases = [
    { pages: 79, status: 'healthy', message: '79% used, 84 KiB free; 0%' },
    { pages: 83, status: 'degraded', message: '83% used, 68 KiB free, expected at most 80%' },
    { pages: 90, status: 'unhealthy', message: '90% used, 40 KiB free, expected at most 85%' },
    { pages: 100, status: 'unhealthy', message: '100% used, 0 B free, expected at most 85%' },
  ]
  for (const { pages, status, message } of cases) {
    writeFileSync(join(mount.path, 'filler'), Buffer.alloc(pages * 4096))
    const finding = await runOnce(probe({ path: join(mount.path, 'filler') }))
    t.equal(finding.status, status, `${pages} pages`)
    t.ok(finding.message.startsWith(message), finding.message)
    t.equal(valueIn(finding, 'probe_disk_used_ratio'), pages / 100)
    t.equal(valueIn(finding, 'probe_disk_free_bytes'), (100 - pages) * 4096)
    const df = execFileSync('df', ['--output=pcent', mount.path], { encoding: 'utf8' })
    t.match(df, `${pages}%`, 'as df shows it')
  }
  const last = await runOnce(probe({ path: mount.path, degraded: '100%', unhealthy: '100%' }))
  t.equal(last.status, 'healthy', 'levels of 100% are never passed')
})

t.test('disk keeps the space of root out of it, as df does', { skip: missing('df') }, async (t) => {
  const finding = await runOnce(
    probe({ path: '/', degraded: '100%', unhealthy: '100%', inodes_degraded: '100%', inodes_unhealthy: '100%' }),
  )
  const df = execFileSync('df', ['--output=used,avail', '-B1', '/'], { encoding: 'utf8' })
  const [used = 0, free = 0] = (df.split('\n')[1] ?? '').trim().split(/\s+/).map(Number)
  t.ok(Math.abs((valueIn(finding, 'probe_disk_used_ratio') ?? 0) - used / (used + free)) < 0.01)
  t.equal(finding.status, 'healthy')
})

t.test('disk says when the inodes run out', { skip }, async (t) => {
  const mount = new Mount('size=4m,nr_inodes=100')
  t.teardown(() => mount.end())
  const fill = (count: number): void => {
    for (let i = 1; i < count; i += 1) writeFileSync(join(mount.path, `f${i}`), '')
  }
  const cases = [
    { count: 50, status: 'healthy' },
    { count: 92, status: 'degraded' },
    { count: 100, status: 'unhealthy' },
  ]
  for (const { count, status } of cases) {
    fill(count)
    const finding = await runOnce(probe({ path: mount.path }))
    t.equal(finding.status, status)
    t.match(finding.message, new RegExp(`${count}% of inodes used`))
    t.equal(valueIn(finding, 'probe_disk_inodes_used_ratio'), count / 100)
  }
})

t.test('disk says nothing of inodes where they are not numbered', { skip }, async (t) => {
  const mount = new Mount('size=4m,nr_inodes=0')
  t.teardown(() => mount.end())
  const finding = await runOnce(probe({ path: mount.path }))
  t.equal(finding.status, 'healthy')
  t.notMatch(finding.message, /inodes/)
  t.equal(valueIn(finding, 'probe_disk_inodes_used_ratio'), undefined)
})

t.test('disk minds the least free space, and a file system that became read-only', { skip }, async (t) => {
  const mount = new Mount('size=4m')
  t.teardown(() => mount.end())
  t.match(await runOnce(probe({ path: mount.path, min_free: '5MiB' })), {
    status: 'unhealthy',
    message: '4 MiB free, expected at least 5 MiB',
  })
  const writable = probe({ path: mount.path, writable: 'true' })
  t.match(await runOnce(writable), { status: 'healthy' })
  mount.remount('ro')
  t.match(await runOnce(writable), { status: 'unhealthy', message: 'the file system is read-only' })
  t.match(await runOnce(probe({ path: mount.path })), { status: 'healthy' }, 'unless it may be')
})

t.test('disk tells plainly why it cannot tell', async (t) => {
  const gone = join(temporaryFolder(), 'gone')
  t.match(await runOnce(probe({ path: gone })), {
    status: 'unhealthy',
    message: `Cannot look at ${gone}: it does not exist`,
  })
  t.match(await runOnce(probe({ path: '/proc' })), { status: 'unknown', message: '/proc: its file system has no size' })
})

t.test(
  'disk does not wait for a file server that is gone, and holds one thread at most',
  { skip: missingFuse() },
  async (t) => {
    const mount = await SilentMount.open()
    let isOpen = true
    const end = async (): Promise<void> => {
      if (isOpen) await mount.end()
      isOpen = false
    }
    t.teardown(end)
    const stuck = probe({ path: mount.path })
    await t.rejects(runOnce(stuck, { timeoutMs: 50 }), { name: 'TimeoutError' })
    for (let i = 0; i < 20; i += 1) {
      const started = performance.now()
      const finding = await runOnce(stuck)
      t.ok(performance.now() - started < 1000, 'at once')
      t.match(finding, { status: 'unhealthy', message: /^still waiting for the file system of .*mount, for 0s$/ })
    }
    t.match(await runOnce(probe({ path: '/', degraded: '100%', unhealthy: '100%' })), { status: /./ }, 'others go on')
    await end()
    let message = ''
    await until(() => {
      void runOnce(stuck).then((finding) => {
        message = finding.message
      })
      return message !== '' && !message.startsWith('still')
    }, 'the call has settled')
    t.notMatch(message, /still waiting/, 'and it is asked anew once the call has settled')
  },
)

t.test('disk families are as Prometheus wants them', { skip: missing('promtool') }, async (t) => {
  const { families } = await runOnce(probe({ path: '/dev/shm' }))
  t.doesNotThrow(() => checkMetrics(families))
})

t.test('disk settings refuse levels that are upside down', async (t) => {
  t.throws(() => diskProbe.parse({ type: 'disk', path: '/', degraded: '90%' }), /at most what unhealthy is/)
  t.throws(() => diskProbe.parse({ type: 'disk', path: '/', inodes_degraded: '99%' }), /inodes_unhealthy/)
})
