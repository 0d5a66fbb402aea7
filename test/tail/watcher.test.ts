import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Watcher } from '../../src/tail/watcher.ts'

function createWatcher(t: { after(work: () => Promise<void>): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'watch-'))
  const rung: string[] = []
  const deaf: string[] = []
  let wake = (): void => {}
  const watcher = new Watcher(
    (path) => {
      rung.push(path)
      wake()
    },
    (reason) => deaf.push(reason),
  )
  t.after(async () => {
    await watcher.close()
    rmSync(folder, { recursive: true, force: true })
  })
  /** Touches `path` until the bell rings for it; false when it stays silent for a second. */
  const rings = async (path: string, withinMs = 5000): Promise<boolean> => {
    rung.length = 0
    const untilMs = performance.now() + withinMs
    while (performance.now() < untilMs) {
      appendFileSync(path, 'x')
      const heard = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([heard, delay(50)])
      if (rung.includes(path)) return true
    }
    return false
  }
  return { watcher, folder, rung, deaf, rings }
}

t.test('the bell rings for files in the folders that are covered, and in no others', async (t) => {
  const { watcher, folder, rung, rings } = createWatcher(t)
  for (const name of ['a', 'b', 'a/inner']) mkdirSync(join(folder, name))
  watcher.cover([join(folder, 'a')])
  t.ok(await rings(join(folder, 'a/1.log')))
  t.notOk(await rings(join(folder, 'a/inner/1.log'), 300))
  t.notOk(await rings(join(folder, 'b/1.log'), 300))
  watcher.cover([join(folder, 'b')])
  t.ok(await rings(join(folder, 'b/1.log')))
  rung.length = 0
  t.notOk(await rings(join(folder, 'a/1.log'), 300), 'no more')
})

t.test('a folder that rings all the time is muted for a while, and heard again later', async (t) => {
  const { watcher, folder, rung, rings } = createWatcher(t)
  const path = join(folder, '1.log')
  watcher.cover([folder])
  t.ok(await rings(path))
  rung.length = 0
  while (rung.length < 20) {
    appendFileSync(path, 'x')
    await delay(5)
  }
  watcher.cover([folder]) // Busy: muted.
  t.notOk(await rings(path, 300))
  for (let look = 0; look < 14; look++) watcher.cover([folder])
  t.notOk(await rings(path, 300), 'for 15 looks')
  watcher.cover([folder])
  t.ok(await rings(path), 'then heard again')
})

t.test('folders that are not there do no harm, and are heard when they are covered again', async (t) => {
  const { watcher, folder, rings, deaf } = createWatcher(t)
  const path = join(folder, 'later')
  watcher.cover([path])
  watcher.cover([])
  mkdirSync(path)
  watcher.cover([path])
  t.ok(await rings(join(path, '1.log')))
  rmSync(path, { recursive: true })
  watcher.cover([])
  mkdirSync(path)
  watcher.cover([path])
  t.ok(await rings(join(path, '1.log')))
  t.same(deaf, [])
})

/** A user namespace of its own, with room for three watches. */
const LIMITED = ['-Ur', 'sh', '-c', 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh']
const canLimit = spawnSync('unshare', [...LIMITED, 'true']).status === 0

t.test(
  'where watches run out it is said once, and nobody falls',
  { skip: !canLimit && 'needs user namespaces' },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'watch-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const folders = Array.from({ length: 12 }, (_, n) => join(folder, String(n)))
    for (const path of folders) mkdirSync(path)
    const program = `
    import { Watcher } from ${JSON.stringify(new URL('../../src/tail/watcher.ts', import.meta.url).href)}
    import { setTimeout as delay } from 'node:timers/promises'
    const deaf = []
    const watcher = new Watcher(() => {}, (reason) => deaf.push(reason))
    const folders = ${JSON.stringify(folders)}
    watcher.cover(folders)
    for (let n = 0; n < 100 && deaf.length === 0; n++) await delay(50)
    watcher.cover(folders)
    watcher.cover(folders.slice(0, 2))
    await delay(200)
    console.log(JSON.stringify(deaf))
    await watcher.close()`
    const { stdout, stderr, status } = spawnSync(
      'unshare',
      [...LIMITED, process.execPath, '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: 20_000 },
    )
    t.equal(status, 0, stderr)
    t.match(JSON.parse(stdout), [/ENOSPC/])
    t.equal((JSON.parse(stdout) as string[]).length, 1)
  },
)
