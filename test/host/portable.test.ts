import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { cpus, hostname } from 'node:os'
import t from 'tap'
import type { HostCollector } from '../../src/host/collector.ts'
import { oneAtATime } from '../../src/host/one-at-a-time.ts'
import { portableCollectors } from '../../src/host/portable.ts'
import { systemClock } from '../../src/run/clock.ts'
import { collected, only, type Values } from './samples.ts'

const collectors = new Map(
  portableCollectors({ clock: systemClock }).map((one): [string, HostCollector] => [one.name, one]),
)
const sample = (name: string, signal?: AbortSignal): Promise<Values> => {
  const collector = collectors.get(name)
  if (!collector) throw new Error(`no collector ${name}`)
  return collected(collector, signal)
}
const sum = (values: Values): number => Object.values(values).reduce((all, one) => all + one, 0)
const near = (value: number, other: number, share: number): boolean => Math.abs(value - other) <= other * share
const linux = process.platform === 'linux' ? false : 'compares with /proc'

t.test('portable collectors cover processors, memory, file systems and network', (t) => {
  t.same([...collectors.keys()], ['cpu', 'loadavg', 'meminfo', 'boottime', 'uname', 'swap', 'filesystem', 'netdev'])
  t.end()
})

t.test('portable processor times are those of /proc/stat', { skip: linux }, async (t) => {
  const values = await sample('cpu')
  const [, user, nice, system, idle] =
    /^cpu0 (\d+) (\d+) (\d+) (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.map(Number) ?? []
  for (const [mode, ticks] of Object.entries({ user, nice, system, idle })) {
    t.ok(near(values[`node_cpu_seconds_total{cpu="0",mode="${mode}"}`] ?? -1, (ticks ?? 0) / 100, 0.02), mode)
  }
  t.equal(Object.keys(only(values, 'node_cpu_seconds_total')).length, cpus().length * 5)
})

t.test('portable load, memory and boot time are those of /proc', { skip: linux }, async (t) => {
  const loads = Object.values(await sample('loadavg'))
  t.equal(loads.length, 3)
  t.ok(loads.every((load) => load >= 0 && load < 10_000))
  const meminfo = readFileSync('/proc/meminfo', 'utf8')
  const kilobytes = (key: string): number => Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1])
  const { node_memory_total_bytes, node_memory_free_bytes } = await sample('meminfo')
  t.equal(node_memory_total_bytes, kilobytes('MemTotal') * 1024)
  t.ok(near(node_memory_free_bytes ?? -1, kilobytes('MemAvailable') * 1024, 0.2))
  t.equal((await sample('swap')).node_memory_swap_total_bytes, kilobytes('SwapTotal') * 1024)
  const btime = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])
  t.ok(Math.abs(((await sample('boottime')).node_boot_time_seconds ?? 0) - btime) <= 2)
})

t.test('portable uname names this host', async (t) => {
  const [series = ''] = Object.keys(await sample('uname'))
  t.match(series, `nodename="${hostname()}"`)
  t.match(series, /^node_uname_info\{domainname="[^"]*",machine="\w+",nodename=/)
})

t.test('portable file systems have the size that statfs tells', { skip: linux }, async (t) => {
  const values = await sample('filesystem')
  const { blocks, bsize } = await statfs('/')
  const root = Object.entries(only(values, 'node_filesystem_size_bytes')).filter(([series]) =>
    /mountpoint="\/"/.test(series),
  )
  t.equal(root.length, 1)
  t.ok(near(root[0]?.[1] ?? -1, blocks * bsize, 0.01))
  t.match(root[0]?.[0], /^node_filesystem_size_bytes\{device="[^"]+",device_error="",fstype="\w+",mountpoint="\/"\}$/)
})

t.test('portable network counters grow with what is sent', { skip: linux }, async (t) => {
  const values = await sample('netdev')
  const line = /^ *lo: *(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'))
  t.ok(near(values['node_network_receive_bytes_total{device="lo"}'] ?? -1, Number(line?.[1]), 0.02))
  t.ok(sum(only(values, 'node_network_transmit_bytes_total')) > 0)
  t.notMatch(JSON.stringify(values), /null/)
})

t.test('a portable call that is given up is not made again before it has ended', async (t) => {
  const controller = new AbortController()
  const given = sample('netdev', controller.signal)
  controller.abort(new Error('given up'))
  await t.rejects(given, { message: 'given up' })
  await t.rejects(sample('netdev'), { message: /the call before has not ended/ })
  for (let tries = 0; ; tries++) {
    const values = await sample('netdev').catch(() => undefined)
    if (values) return t.ok(sum(values) > 0)
    if (tries > 400) return t.fail('it never ends')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
})

t.test('one at a time passes on answers and errors, and is free again after both', async (t) => {
  const once = oneAtATime(async (fails: boolean) => {
    if (fails) throw new Error('it failed')
    return 7
  })
  await t.rejects(once(true), { message: 'it failed' })
  t.equal(await once(false), 7)
  const first = once(false)
  await t.rejects(once(false), { message: /has not ended/ })
  t.equal(await first, 7)
})
