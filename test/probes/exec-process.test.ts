import { execFileSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { execProbe } from '../../src/config/probes/exec.ts'
import { createExecProbe } from '../../src/probes/kinds/exec.ts'
import { Phases } from '../../src/probes/phases.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { isAlive, pidsWith, runOnce, temporaryFolder, until } from './local-rig.ts'

/** Programs that hang, fork, ignore signals and print without end. That none is left is read from /proc. */

const probe = (settings: Record<string, unknown>) =>
  createExecProbe(execProbe.parse({ type: 'exec', ...settings }), {
    clock: systemClock,
    name: 'check',
    environment: process.env,
  })

const folder = temporaryFolder()
let marks = 0
/** A number of seconds that no other process sleeps. */
const newMark = (): string => {
  marks += 1
  return `7${process.pid}${marks}`
}

const noneWith = (mark: string): Promise<void> => until(() => pidsWith(mark).length === 0, `nobody sleeps ${mark}`)

/** Begins a run, and ends it as soon as `holds`. */
async function runUntil(one: Probe, holds: () => boolean): Promise<{ error: unknown; phase: string | undefined }> {
  const controller = new AbortController()
  const phases = new Phases(systemClock)
  const run = one.run({ signal: controller.signal, phases }).then(
    () => 'no error',
    (error: unknown) => error,
  )
  await until(holds, 'the program has begun')
  controller.abort(new DOMException('deadline', 'TimeoutError'))
  return { error: await run, phase: phases.current }
}

t.test('exec ends a program at the deadline together with its children, which ignore SIGTERM', async (t) => {
  const mark = newMark()
  const shell = `trap '' TERM HUP INT; sleep ${mark} & (sleep ${mark} & sleep ${mark}) & sleep ${mark}`
  const { error, phase } = await runUntil(probe({ shell }), () => pidsWith(`sleep\0${mark}`).length === 4)
  t.match(error, { name: 'TimeoutError' })
  t.equal(phase, 'exec')
  await noneWith(mark)
})

t.test('exec does not wait for children that hold its output, and ends them', async (t) => {
  const mark = newMark()
  const started = performance.now()
  t.match(await runOnce(probe({ shell: `sleep ${mark} & sleep ${mark} & echo began; exit 1` })), {
    status: 'degraded',
    message: 'began',
  })
  t.ok(performance.now() - started < 5000)
  await noneWith(mark)
})

t.test('exec ends children that hold nothing, too', async (t) => {
  const mark = newMark()
  t.match(await runOnce(probe({ shell: `sleep ${mark} >/dev/null 2>&1 & echo began` })), {
    status: 'healthy',
    message: 'began',
  })
  await noneWith(mark)
})

t.test('exec is not held up by what has left its group, and cannot end it', { skip: missing('setsid') }, async (t) => {
  const mark = newMark()
  t.match(
    await runOnce(
      probe({ shell: `setsid sleep ${mark} & until pgrep -f "^sleep ${mark}" >/dev/null; do :; done; echo began` }),
    ),
    { message: 'began' },
  )
  const [pid = 0, ...others] = pidsWith(`sleep\0${mark}`)
  t.ok(pid > 0, 'a daemon lives on')
  t.same(others, [])
  process.kill(pid, 'SIGKILL')
  await noneWith(mark)
})

t.test('exec ends a program that prints without end, in bounded memory', async (t) => {
  const mark = newMark()
  for (const shell of [`sleep ${mark} & head -c 1000000000 /dev/zero`, `yes >&2 & sleep ${mark}`]) {
    global.gc?.()
    const before = process.memoryUsage().rss
    t.match(await runOnce(probe({ shell })), { status: 'unhealthy', message: 'killed: it printed more than 1 MiB' })
    const grownBytes = process.memoryUsage().rss - before
    t.ok(grownBytes < 64 * 1024 * 1024, `${grownBytes} bytes more`)
    await noneWith(mark)
  }
})

t.test('exec lets a program say much and end well', async (t) => {
  const shell = 'echo first; head -c 1000000 /dev/zero; echo done >&2; exit 1'
  t.match(await runOnce(probe({ shell })), { status: 'degraded', message: 'first' })
})

t.test('exec stops before it begins when there is no time left', async (t) => {
  const mark = join(folder, 'never')
  const signal = AbortSignal.abort(new Error('over'))
  await t.rejects(probe({ shell: `touch ${mark}` }).run({ signal, phases: new Phases(systemClock) }), /over/)
  t.notOk(existsSync(mark))
})

t.test('exec gives a program none of the descriptors of the agent, and no terminal', async (t) => {
  const mark = newMark()
  const path = join(folder, 'open')
  writeFileSync(path, '')
  const fd = openSync(path, 'r')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const linksOf = (pid: number | 'self'): string[] =>
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${name}`)]
      } catch {
        return [] // The descriptor of this very listing.
      }
    })
  // What this process was born with, and would pass on, is not the agent's.
  const inherited = (name: string): boolean => {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & 0o2000000) === 0
  }
  const born = readdirSync('/proc/self/fd').filter((name) => existsSync(`/proc/self/fdinfo/${name}`) && inherited(name))
  const bornLinks = new Set(born.map((name) => readlinkSync(`/proc/self/fd/${name}`)))
  const own = linksOf('self').filter((link) => !bornLinks.has(link) && link !== '/dev/null')
  t.ok(own.includes(path), 'the file is open here')
  let links: string[] = []
  let stat = ''
  await runUntil(probe({ command: ['sleep', mark] }), () => {
    const [pid] = pidsWith(`sleep\0${mark}`)
    if (pid === undefined) return false
    links = linksOf(pid)
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return true
  })
  t.equal(links[0], '/dev/null')
  const passedOn = own.filter((link) => links.includes(link))
  t.same(passedOn, [])
  const [, pid, group, session, terminal] = /^(\d+) \(sleep\) \S+ \d+ (\d+) (\d+) (\d+)/.exec(stat) ?? []
  t.same([group, session, terminal], [pid, pid, '0'])
  closeSync(fd)
  server.close()
  await noneWith(mark)
})

t.test(
  'exec does not begin anew while the program of the run before cannot be ended',
  { skip: missing('root', 'setpriv') },
  async (t) => {
    const mark = newMark()
    const one = probe({ shell: `exec setpriv --reuid 65533 --clear-groups sleep ${mark}` })
    t.teardown(() => process.seteuid?.(0))
    await runUntil(one, () => {
      if (pidsWith(`sleep\0${mark}`).length !== 1 || pidsWith(`setpriv`).some((pid) => pidsWith(mark).includes(pid)))
        return false
      // From here on it belongs to someone else, whom this process may not kill.
      process.seteuid?.(65_534)
      return true
    })
    const [pid = 0] = pidsWith(`sleep\0${mark}`)
    t.ok(isAlive(pid))
    const refused = { status: 'unhealthy', message: `process ${pid} of the run before was killed, and is still there` }
    t.match(await runOnce(one), refused)
    t.match(await runOnce(one), refused)
    process.seteuid?.(0)
    process.kill(pid, 'SIGKILL')
    await noneWith(mark)
    await until(() => !existsSync(`/proc/${pid}`), 'it is reaped')
    const { error } = await runUntil(one, () => pidsWith(`sleep\0${mark}`).length === 1)
    t.match(error, { name: 'TimeoutError' }, 'then it runs again')
    await noneWith(mark)
  },
)

t.test('exec leaves nothing behind after many runs', async (t) => {
  const controller = new AbortController()
  const { signal } = controller
  const probes = [
    probe({ command: ['true'] }),
    probe({ shell: 'sleep 600 & echo x; exit 2' }),
    probe({ command: ['/no/such/program'] }),
  ]
  const run = (one: Probe | undefined) => one?.run({ signal, phases: new Phases(systemClock) })
  for (const one of probes) await run(one)
  const count = () => ({
    descriptors: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
    listeners: getEventListeners(signal, 'abort').length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  })
  await until(() => children().length === 0, 'nothing runs')
  const before = count()
  for (let i = 0; i < 300; i += 1) await run(i % 10 === 0 ? probes[1] : i % 10 === 1 ? probes[2] : probes[0])
  await until(() => children().length === 0, 'nothing is left, zombies neither')
  // Fewer is no leak: something may have been under way when it was counted before.
  const isNoMore = (): boolean => {
    const { descriptors, handles, listeners, timers } = count()
    const isMore = descriptors > before.descriptors || handles > before.handles || timers > before.timers
    return !isMore && listeners <= before.listeners
  }
  await until(isNoMore, `no more than before: ${JSON.stringify([before, count()])}`)
  t.equal(count().listeners, 0)
})

/** Processes whose parent this one is, dead or alive, but for the ps that tells. */
function children(): string[] {
  const lines = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'stat=,comm='], { encoding: 'utf8' }).split(
    '\n',
  )
  return lines.filter((line) => line !== '' && !/ ps$/.test(line))
}
