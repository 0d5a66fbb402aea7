import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { machine as thisMachine } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { HostCollector, HostRoots } from '../../src/host/collector.ts'
import { createCpuCollector } from '../../src/host/collectors/cpu.ts'
import { createDiskstatsCollector } from '../../src/host/collectors/diskstats.ts'
import { createNetclassCollector } from '../../src/host/collectors/netclass.ts'
import { createPressureCollector } from '../../src/host/collectors/pressure.ts'
import { createUnameCollector } from '../../src/host/collectors/uname.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { problemsOf } from '../api/exposition-checker.ts'
import { collectorsOf, copyMachine, folderOf, MACHINES, type Machine, roundOf, seriesOf } from './machines.ts'

// The zone of the one who runs the test must not show.
process.env.TZ = 'UTC'

const seriesOfMachine = async (machine: Machine) => seriesOf((await roundOf(collectorsOf(machine))).families)
const seriesOfCollector = async (collector: HostCollector) => seriesOf((await roundOf([collector])).families)

type Tap = Pick<typeof t, 'testdir'>

/** A host of just these files, to be changed between rounds. */
function hostOf(test: Tap, files: Readonly<Record<string, string>>): HostRoots {
  const root = test.testdir()
  const roots = { proc: join(root, 'proc'), sys: join(root, 'sys'), root }
  for (const [path, text] of Object.entries(files)) write(roots, path, text)
  return roots
}

function write({ root }: HostRoots, path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

for (const machine of MACHINES) {
  t.test(`${machine} is told as its golden has it`, async (t) => {
    const { families, failures } = await roundOf(collectorsOf(machine))
    t.same(failures, [])
    const text = renderMetrics(families, 'prometheus')
    t.same(problemsOf(text, 'prometheus'), [])
    const golden = join(folderOf(machine), 'expected.prom')
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text)
    t.equal(text, readFileSync(golden, 'utf8'), 'renew it with UPDATE_GOLDEN=1')
  })
}

t.test('a host says nothing of what it has not', async (t) => {
  const cases: [Machine, string[]][] = [
    ['many-cores', []],
    ['no-swap', ['pressure', 'schedstat']],
    ['raid-bond', []],
    ['container', ['pressure', 'schedstat', 'conntrack']],
  ]
  for (const [machine, absent] of cases) t.same((await roundOf(collectorsOf(machine))).absent, absent, machine)
  const old = await seriesOfMachine('no-swap')
  t.equal(old.get('node_memory_SwapTotal_bytes{}'), 0, 'no swap is told as none')
  for (const name of [
    'disk_discards',
    'disk_flush',
    'netstat_Udp6',
    'sockstat_TCP6',
    'vmstat_oom',
    'softnet_backlog',
  ]) {
    t.same(
      [...old.keys()].filter((key) => key.startsWith(`node_${name}`)),
      [],
      name,
    )
  }
})

t.test('the tricky values are right', async (t) => {
  const cases: [Machine, string, number][] = [
    ['many-cores', 'node_memory_Active_anon_bytes{}', 58652581 * 1024],
    ['many-cores', 'node_memory_HugePages_Total{}', 4],
    ['many-cores', 'node_memory_Hugepagesize_bytes{}', 2048 * 1024],
    ['many-cores', 'node_network_receive_bytes_total{device="ens1f0np0"}', 2 ** 64],
    ['many-cores', 'node_network_receive_packets_total{device="ens1f0np0"}', 2 ** 53],
    ['many-cores', 'node_network_speed_bytes{device="ens1f0np0"}', 12.5e9],
    ['many-cores', 'node_network_flags{device="ens1f0np0"}', 0x1003],
    ['many-cores', 'node_filefd_maximum{}', 2 ** 63],
    ['many-cores', 'node_nf_conntrack_stat_early_drop{}', 0xffffffff + 9],
    ['many-cores', 'node_nf_conntrack_stat_search_restart{}', 11],
    ['many-cores', 'node_pressure_irq_stalled_seconds_total{}', 77.120033],
    ['many-cores', 'node_netstat_IpExt_InOctets{}', 2 ** 53],
    ['many-cores', 'node_boot_time_seconds{}', 1711950000],
    ['many-cores', 'node_intr_total{}', 8812739812],
    ['raid-bond', 'node_sockstat_TCP_mem_bytes{}', 86 * 65536],
    ['no-swap', 'node_sockstat_TCP_mem_bytes{}', 86 * 4096],
    ['raid-bond', 'node_schedstat_running_seconds_total{cpu="7"}', 8],
    ['raid-bond', 'node_network_receive_nohandler_total{device="eno2"}', 4711],
    ['raid-bond', 'node_network_carrier{device="eno2"}', 0],
    ['raid-bond', 'node_network_up{device="eno2"}', 0],
    ['raid-bond', 'node_disk_ata_rotation_rate_rpm{device="sda"}', 7200],
    ['raid-bond', 'node_time_seconds{}', 1717243200],
    ['raid-bond', 'node_time_zone_offset_seconds{time_zone="UTC"}', 0],
    ['raid-bond', 'node_time_clocksource_current_info{clocksource="arch_sys_counter",device="0"}', 1],
  ]
  for (const [machine, key, value] of cases) t.equal((await seriesOfMachine(machine)).get(key), value, key)
})

t.test('partitions, loops and unknown speeds are left out', async (t) => {
  const disks = async (machine: Machine): Promise<string[]> =>
    [...(await seriesOfMachine(machine)).keys()].flatMap(
      (key) => /^node_disk_io_now\{device="(.+)"\}/.exec(key)?.[1] ?? [],
    )
  t.same(await disks('many-cores'), ['nvme0n1', 'nvme1n1', 'sda', 'sdb', 'dm-0'])
  t.same(await disks('raid-bond'), ['sda', 'sdb', 'sdc', 'sdd', 'md0', 'md1'])
  const vm = await seriesOfMachine('no-swap')
  t.notOk(vm.has('node_network_speed_bytes{device="ens3"}'), 'its speed is -1')
  t.ok(vm.has('node_network_mtu_bytes{device="ens3"}'))
})

t.test('cpu counts 64 CPUs, guest time as a part of user, and never goes backwards', async (t) => {
  const many = await seriesOfMachine('many-cores')
  t.equal([...many.keys()].filter((key) => key.startsWith('node_cpu_seconds_total')).length, 64 * 8)
  const stat = (line: string) => `cpu  1 1 1 1\ncpu0 ${line}\nintr 1\n`
  const roots = hostOf(t, { 'proc/stat': stat('700 90 10 5000 400 1 2 3 600 80') })
  const collector = createCpuCollector(roots)
  const mode = async (name: string, family = 'cpu') =>
    (await seriesOfCollector(collector)).get(`node_${family}_seconds_total{cpu="0",mode="${name}"}`)
  t.equal(await mode('user'), 7)
  t.equal(await mode('user', 'cpu_guest'), 6)
  t.equal(await mode('nice', 'cpu_guest'), 0.8)
  write(roots, 'proc/stat', stat('701 90 10 4999 390 1 2 3 600 80'))
  t.equal(await mode('iowait'), 4, 'the kernel went back')
  t.equal(await mode('idle'), 50)
  t.equal(await mode('user'), 7.01)
  write(roots, 'proc/stat', stat('5 0 0 100 0 0 0 0 0 0'))
  t.equal(await mode('idle'), 1, 'the CPU was taken away and came back')
  t.equal(await mode('user'), 0.05)
})

t.test('netclass takes the links and leaves the files of its folder', async (t) => {
  const roots = hostOf(t, { 'sys/class/net/bonding_masters': 'bond0\n', 'sys/class/net/bond0/operstate': 'up\n' })
  const series = await seriesOfCollector(createNetclassCollector(roots))
  t.same(
    [...series],
    [
      ['node_network_up{device="bond0"}', 1],
      ['node_network_info{adminstate="unknown",device="bond0",operstate="up"}', 1],
    ],
  )
})

t.test('the serial number is the one printed on the disk, if udev has it', async (t) => {
  const disk = `8 0 sda${' 0'.repeat(17)}\n`
  const cases = [
    [['SCSI_IDENT_SERIAL=A', 'ID_SERIAL_SHORT=B', 'ID_SERIAL=C'], 'A'],
    [['ID_SERIAL_SHORT=B', 'ID_SERIAL=C'], 'B'],
    [['ID_SERIAL=C'], 'C'],
  ] as const
  for (const [properties, serial] of cases) {
    const udev = properties.map((property) => `E:${property}\n`).join('')
    const roots = hostOf(t, { 'proc/diskstats': disk, 'run/udev/data/b8:0': udev })
    const key = `node_disk_info{device="sda",major="8",minor="0",rotational="0",serial="${serial}"}`
    t.ok((await seriesOfCollector(createDiskstatsCollector(roots))).has(key), key)
  }
})

t.test('uname asks the runtime for the machine before Linux 6.1', async (t) => {
  const roots = hostOf(t, { 'proc/sys/kernel/osrelease': '5.4\n' })
  const [[key]] = [...(await seriesOfCollector(createUnameCollector(roots)))] as [[string, number]]
  t.equal(key, `node_uname_info{machine="${thisMachine()}",release="5.4"}`)
})

t.test('a file that cannot be read is a failure that names it, one that is not there is none', async (t) => {
  const roots = hostOf(t, { 'proc/diskstats': 'garbage\n', 'proc/stat/is-a-folder': '' })
  const { failures, absent } = await roundOf([
    createCpuCollector(roots),
    createDiskstatsCollector(roots),
    createPressureCollector(roots),
  ])
  t.match(failures, [
    { message: /^Cannot read \S+\/proc\/stat: EISDIR/ },
    { message: 'Cannot sample diskstats: its files say nothing that is understood' },
  ])
  t.same(absent, ['pressure'])
})

t.test('a host whose disks are all left out has none', async (t) => {
  const line = `7 0 loop0${' 0'.repeat(17)}\n`
  const { absent } = await roundOf([createDiskstatsCollector(hostOf(t, { 'proc/diskstats': line }))])
  t.same(absent, ['diskstats'])
})

t.test('one list of collectors goes with the host as it changes', async (t) => {
  const root = t.testdir()
  copyMachine('raid-bond', root)
  const roots = { proc: join(root, 'proc'), sys: join(root, 'sys'), root }
  const collector = createNetclassCollector(roots)
  t.ok((await seriesOfCollector(collector)).has('node_network_up{device="eno2"}'))
  rmSync(join(roots.sys, 'class/net/eno2'), { recursive: true })
  const after = await seriesOfCollector(collector)
  t.notOk(after.has('node_network_up{device="eno2"}'))
  t.ok(after.has('node_network_up{device="eno1"}'))
})
