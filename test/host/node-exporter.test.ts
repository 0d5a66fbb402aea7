/**
 * The collectors beside the real node_exporter 1.5: on the recorded machines, where every value is the same, and on this host,
 * where it is scraped between two rounds of ours.
 */
import t from 'tap'
import { linuxCollectors } from '../../src/host/linux.ts'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { EXPORTER, startExporter } from './exporter.ts'
import { collectorsOf, folderOf, keyOf, MACHINES, roundOf, seriesOf } from './machines.ts'

const skip = missing(EXPORTER)

/** What differs on purpose, by the beginning of the series: whose it is, and why the other has none. The table is in test/README.md, too. */
const DIFFERENCES: readonly (readonly [pattern: RegExp, whose: 'ours' | 'theirs', why: string])[] = [
  [/^node_filesystem_mount_info/, 'ours', 'newer: 1.9'],
  [/^node_netstat_TcpExt_(TCPOFOQueue|TCPRcvQDrop)/, 'ours', 'newer: 1.8 and 1.9'],
  [/^node_pressure_irq_stalled_seconds_total/, 'ours', 'newer: 1.9'],
  [/^node_softnet_(backlog_len|cpu_collision_total|flow_limit_count_total|received_rps_total)/, 'ours', 'newer'],
  [/^node_network_receive_nohandler_total/, 'ours', 'theirs comes from netlink, which recorded machines have not'],
  [/^node_network_speed_bytes.* -\d+$/, 'theirs', 'a speed that is not known is left out'],
  [/^node_exporter_build_info/, 'theirs', 'the agent has obs_agent_build_info'],
  [/^node_scrape_collector_/, 'theirs', 'said of all collectors by who asks them'],
  [/^promhttp_/, 'theirs', 'about their HTTP server'],
]

/** Labels that 1.5 has not, and since when: taken off ours before comparing. */
const NEWER_LABELS: ReadonlyMap<string, string> = new Map([
  ['node_network_info', 'adminstate'], // 1.6
  ['node_disk_info', 'rotational'], // 1.9
])

/** What it takes from system calls, on a recorded machine as well. */
const SYSTEM_CALLS = /^node_(filesystem_|uname_info|time_seconds|time_zone_offset_seconds|sockstat_\w+_mem_bytes)/

/** How far a gauge may have moved between two rounds within a second, on a host that is at work. Others have not moved. */
const SLACK: readonly (readonly [pattern: RegExp, slack: number])[] = [
  [/^node_memory_\w+_bytes/, 1024 ** 3],
  [/^node_memory_HugePages/, 0],
  [/^node_filesystem_\w+_bytes/, 1024 ** 3],
  [/^node_filesystem_files/, 1e5],
  [/^node_(load|procs_|disk_io_now|nf_conntrack_entries|sockstat_|softnet_backlog)/, 1000],
  [/^node_netstat_Tcp_CurrEstab/, 1000],
  [/^node_filefd_allocated/, 20_000],
  [/^node_entropy_available_bits/, 4096],
  // The kernel may take back a little idle time. Theirs remembers the highest it has told, which may be before ours.
  [/^node_cpu_/, 1],
]

function comparable(families: readonly FamilySamples[]): Map<string, number> {
  const trimmed = families.map((family) => {
    const label = NEWER_LABELS.get(family.name)
    if (label === undefined) return family
    const without = (labels: object) => Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label))
    return { ...family, samples: family.samples.map((s) => ({ ...s, labels: without(s.labels) })) }
  })
  return seriesOf(trimmed)
}

const differs = (key: string, value: number, whose: 'ours' | 'theirs'): boolean =>
  DIFFERENCES.some(([pattern, who]) => who === whose && pattern.test(`${key} ${value}`))

const keysOf = (series: ReadonlyMap<string, number>, whose: 'ours' | 'theirs', other: ReadonlyMap<string, number>) =>
  [...series].filter(([key, value]) => other.has(key) || !differs(key, value, whose)).map(([key]) => key)

for (const machine of MACHINES) {
  t.test(`${machine} has the series and values of node_exporter`, { skip }, async (t) => {
    const collectors = collectorsOf(machine).filter(({ name }) => name !== 'filesystem')
    const root = folderOf(machine)
    const exporter = await startExporter(
      collectors.map(({ name }) => name),
      [
        `--path.procfs=${root}/proc`,
        `--path.sysfs=${root}/sys`,
        `--path.udev.data=${root}/run/udev/data`,
        '--no-collector.netdev.netlink',
      ],
    )
    t.teardown(() => exporter.stop())
    const { families } = await roundOf(collectors)
    const recorded = ([key]: [string, number]): boolean => !SYSTEM_CALLS.test(key)
    const ours = new Map([...comparable(families)].filter(recorded))
    const { series, types } = await exporter.scrape()
    const theirs = new Map([...series].filter(recorded))
    t.ok(theirs.size > 250, `${theirs.size} series`)
    t.same(keysOf(ours, 'ours', theirs).sort(), keysOf(theirs, 'theirs', ours).sort())
    const unequal = [...ours].filter(([key, value]) => theirs.has(key) && !isSame(value, theirs.get(key) ?? 0))
    t.same(unequal, [])
    t.same(wrongTypes(families, types), [])
  })
}

t.test('this host has the series of node_exporter, with values between two rounds', { skip }, async (t) => {
  const roots = { proc: '/proc', sys: '/sys', root: '/' }
  const collectors = linuxCollectors(roots, { hasNetworkFilesystems: false }, { clock: systemClock })
  const exporter = await startExporter(collectors.map(({ name }) => name))
  t.teardown(() => exporter.stop())
  // Theirs opens a connection and starts threads at its first scrape.
  await exporter.scrape()
  const before = await roundOf(collectors)
  const { series: theirs, types } = await exporter.scrape()
  const after = await roundOf(collectors)
  t.same([...before.failures, ...after.failures], [])
  const [first, last] = [comparable(before.families), comparable(after.families)]
  t.ok(theirs.size > 200, `${theirs.size} series`)
  t.same(keysOf(first, 'ours', theirs).sort(), keysOf(theirs, 'theirs', first).sort())
  t.same(wrongTypes(before.families, types), [])
  const outside = [...theirs].flatMap(([key, value]) => {
    const [a, b] = [first.get(key), last.get(key)]
    if (a === undefined || b === undefined) return []
    const slack = SLACK.find(([pattern]) => pattern.test(key))?.[1] ?? 0
    const rounding = Math.abs(value) * 1e-12
    const isWithin = value >= Math.min(a, b) - slack - rounding && value <= Math.max(a, b) + slack + rounding
    return isWithin ? [] : [`${key}: ${a}, theirs ${value}, ${b}`]
  })
  t.same(outside, [])
  t.ok(first.has(keyOf('node_memory_MemTotal_bytes', {})))
})

t.test('each difference is one', { skip }, async (t) => {
  const ours = (await Promise.all(MACHINES.map((machine) => roundOf(collectorsOf(machine))))).flatMap(
    ({ families }) => [...seriesOf(families).keys()],
  )
  for (const [pattern, whose, why] of DIFFERENCES) {
    t.equal(
      ours.some((key) => pattern.test(`${key} 0`)),
      whose === 'ours',
      `${pattern}: ${why}`,
    )
  }
})

const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= Math.abs(b) * 1e-12

const wrongTypes = (families: readonly FamilySamples[], types: ReadonlyMap<string, string>): string[] =>
  families.filter(({ name, type }) => types.has(name) && types.get(name) !== type).map(({ name }) => name)
