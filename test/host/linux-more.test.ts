import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type HostCollector, type HostRoots, NoData } from '../../src/host/collector.ts'
import { createBondingCollector } from '../../src/host/collectors/bonding.ts'
import { createCpufreqCollector } from '../../src/host/collectors/cpufreq.ts'
import { createDmiCollector } from '../../src/host/collectors/dmi.ts'
import { createEdacCollector } from '../../src/host/collectors/edac.ts'
import { createMdadmCollector } from '../../src/host/collectors/mdadm.ts'
import { createOsCollector } from '../../src/host/collectors/os.ts'
import { createThermalZoneCollector } from '../../src/host/collectors/thermal-zone.ts'
import { moreLinuxCollectors } from '../../src/host/linux-more.ts'
import { collected, machine, only, treeOf } from './samples.ts'

const RAID = machine('raid-bond')
const deps = { onProblem: () => {} }

t.test('the collectors have node_exporter’s names, each once', (t) => {
  const names = moreLinuxCollectors(RAID, {}, deps).map(({ name }) => name)
  // biome-ignore format: a table
  t.same(names, ['os', 'dmi', 'timex', 'systemd', 'mdadm', 'bonding', 'hwmon', 'thermal_zone', 'cpufreq', 'edac'])
  const textfile = { folder: '/nowhere', isTaken: () => false }
  t.equal(moreLinuxCollectors(RAID, { textfile }, deps).at(-1)?.name, 'textfile')
  t.end()
})

t.test('a container has none of it, and no collector fails there', async (t) => {
  for (const collector of moreLinuxCollectors(await treeOf(t, {}), {}, deps)) {
    if (collector.name === 'timex') continue
    await t.rejects(async () => collector.collect(AbortSignal.timeout(5000)), NoData, collector.name)
  }
})

t.test('mdadm tells of arrays that work, recover, wait, and do not run', async (t) => {
  const values = await collected(createMdadmCollector(RAID))
  const active = Object.entries(only(values, 'node_md_state')).flatMap(([series, value]) =>
    value === 1 ? [series] : [],
  )
  t.same(active, [
    'node_md_state{device="md0",state="active"}',
    'node_md_state{device="md1",state="recovering"}',
    'node_md_state{device="md2",state="active"}',
    'node_md_state{device="md3",state="resync"}',
    'node_md_state{device="md4",state="inactive"}',
    'node_md_state{device="md5",state="resync"}',
    'node_md_state{device="md10",state="check"}',
    'node_md_state{device="md127",state="active"}',
  ])
  t.same(only(values, 'node_md_disks{device="md1"'), {
    'node_md_disks{device="md1",state="active"}': 2,
    'node_md_disks{device="md1",state="failed"}': 1,
    'node_md_disks{device="md1",state="spare"}': 0,
    'node_md_disks{device="md1",state="down"}': 1,
  })
  t.equal(values['node_md_disks_required{device="md1"}'], 3)
  t.equal(values['node_md_blocks{device="md1"}'], 5_856_376_832)
  t.equal(values['node_md_blocks_synced{device="md1"}'], 369_141_760)
  t.equal(values['node_md_blocks_synced{device="md0"}'], 1_046_528, 'an array at rest is in sync')
  t.equal(values['node_md_blocks_synced{device="md3"}'], 0, 'one that waits for its turn is not')
  t.equal(values['node_md_disks{device="md3",state="spare"}'], 1)
  t.equal(values['node_md_disks_required{device="md127"}'], 2, 'an array without redundancy has all its disks')
  t.same(await collected(createMdadmCollector(machine('no-swap'))), {}, 'a driver without arrays has none')
})

t.test('mdadm sees an array that is reshaped, and knows what is there of one that is cut off', async (t) => {
  const reshape =
    'Personalities : [raid6]\nmd0 : active raid6 sda[0] sdb[1]\n      5860543744 blocks super 0.91 level 6, 4k chunk [6/4] [UUUU__]\n      [=========>...........]  reshape = 48.4% (709745748/1465135936) finish=1271.8min speed=9898K/sec\n\n'
  const values = await collected(createMdadmCollector(await treeOf(t, { 'proc/mdstat': reshape })))
  t.equal(values['node_md_state{device="md0",state="reshape"}'], 1)
  t.equal(values['node_md_disks{device="md0",state="down"}'], 2)
  const cut = 'Personalities : [raid1]\nmd0 : active raid1 sda1[0] sdb1[1](F)\n'
  const few = await collected(createMdadmCollector(await treeOf(t, { 'proc/mdstat': cut })))
  t.equal(few['node_md_disks{device="md0",state="failed"}'], 1)
  t.same(only(few, 'node_md_blocks'), {})
})

t.test('bonding counts slaves, and those with a link, by either name of the link to a slave', async (t) => {
  t.same(await collected(createBondingCollector(RAID)), {
    'node_bonding_slaves{master="bond0"}': 2,
    'node_bonding_active{master="bond0"}': 2,
    'node_bonding_slaves{master="bond1"}': 2,
    'node_bonding_active{master="bond1"}': 1,
  })
})

t.test('bonding bears bonds and slaves that have gone, and names that are paths', async (t) => {
  const roots = await treeOf(t, {
    'sys/class/net/bonding_masters': 'bond0 gone ../../../etc .. \n',
    'sys/class/net/bond0/bonding/slaves': 'eth0 eth1 a/b\n',
    'sys/class/net/bond0/lower_eth0/bonding_slave/mii_status': 'down\n',
  })
  t.same(await collected(createBondingCollector(roots)), {
    'node_bonding_slaves{master="bond0"}': 1,
    'node_bonding_active{master="bond0"}': 0,
  })
})

t.test('edac tells of errors by controller and row', async (t) => {
  t.same(await collected(createEdacCollector(RAID)), {
    'node_edac_correctable_errors_total{controller="0"}': 7,
    'node_edac_uncorrectable_errors_total{controller="0"}': 1,
    'node_edac_csrow_correctable_errors_total{controller="0",csrow="unknown"}': 2,
    'node_edac_csrow_correctable_errors_total{controller="0",csrow="0"}': 3,
    'node_edac_csrow_correctable_errors_total{controller="0",csrow="1"}': 2,
    'node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="unknown"}': 0,
    'node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="0"}': 1,
    'node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="1"}': 0,
  })
})

t.test('edac loses only the counter that cannot be read', async (t) => {
  const mc = 'sys/devices/system/edac/mc/mc3'
  const roots = await treeOf(t, {
    [`${mc}/ce_count/.keep`]: '',
    [`${mc}/ue_count`]: '4\n',
    [`${mc}/ce_noinfo_count`]: '',
  })
  t.same(await collected(createEdacCollector(roots)), { 'node_edac_uncorrectable_errors_total{controller="3"}': 4 })
})

t.test('os knows the system by either file, in any quoting', async (t) => {
  const info = (values: object) => Object.keys(values).find((series) => series.startsWith('node_os_info')) ?? ''
  const debian = await collected(createOsCollector(RAID))
  t.match(info(debian), 'id="debian"')
  t.match(info(debian), 'pretty_name="Debian GNU/Linux 12 (bookworm)",variant="",variant_id="",version="12 (bookworm)"')
  t.equal(debian['node_os_version{id="debian",id_like="",name="Debian GNU/Linux"}'], 12)
  const rocky = await collected(createOsCollector(machine('many-cores')))
  t.equal(rocky['node_os_version{id="rocky",id_like="rhel centos fedora",name="Rocky Linux"}'], 9.4)
  t.equal(rocky.node_os_support_end_timestamp_seconds, Date.UTC(2032, 4, 31) / 1000)
  t.match(info(await collected(createOsCollector(machine('no-swap')))), 'id="alpine"')
  const odd =
    'NAME="A \\"B\\" \\$C"\nVERSION_ID=rolling\nID=\'x y\'\ngarbage\n=\nBUILD_ID=\\a # comment\nVARIANT="unfinished\n\0\n'
  const values = await collected(createOsCollector(await treeOf(t, { 'root/etc/os-release': odd })))
  t.match(info(values), 'build_id="a",id="x y"')
  t.match(info(values), 'name="A "B" $C"')
  t.same(only(values, 'node_os_version'), {}, 'a version that is no number is none')
})

t.test('dmi tells of the machine without what names only this one', async (t) => {
  const [series = ''] = Object.keys(await collected(createDmiCollector(RAID)))
  t.match(series, 'product_name="PowerEdge R6515"')
  t.match(series, 'system_vendor="Dell Inc."')
  t.notMatch(series, /serial|uuid|83340ca8|7N62AI2/)
})

t.test('thermal zones and cooling devices are told by number and type', async (t) => {
  t.same(await collected(createThermalZoneCollector(RAID)), {
    'node_thermal_zone_temp{type="x86_pkg_temp",zone="0"}': 61,
    'node_cooling_device_cur_state{name="0",type="Processor"}': 0,
    'node_cooling_device_max_state{name="0",type="Processor"}': 3,
  })
})

t.test('frequencies are in hertz, and the governor in use is 1', async (t) => {
  const values = await collected(createCpufreqCollector(RAID))
  t.equal(values['node_cpu_scaling_frequency_hertz{cpu="0"}'], 2_100_000_000)
  t.equal(values['node_cpu_frequency_max_hertz{cpu="1"}'], 3_900_000_000)
  t.same(only(values, 'node_cpu_scaling_governor{cpu="1"'), {
    'node_cpu_scaling_governor{cpu="1",governor="performance"}': 0,
    'node_cpu_scaling_governor{cpu="1",governor="powersave"}': 1,
  })
  t.same(only(values, 'node_cpu_frequency_hertz'), {}, 'a file that is not there has no series')
})

/** What each says to its main file being something else. */
const subjects: Record<string, { create: (roots: HostRoots) => HostCollector; file: string; emptyIsBad?: true }> = {
  mdadm: { create: createMdadmCollector, file: 'proc/mdstat', emptyIsBad: true },
  bonding: { create: createBondingCollector, file: 'sys/class/net/bonding_masters' },
  os: { create: createOsCollector, file: 'root/etc/os-release' },
}
for (const [name, { create, file, emptyIsBad }] of Object.entries(subjects)) {
  t.test(`${name} fails on a file that cannot be read, and bears one that is empty or garbage`, async (t) => {
    const asFolder = await treeOf(t, { [`${file}/.keep`]: '' })
    await t.rejects(async () => collected(create(asFolder)), { code: 'EISDIR' })
    const looped = await treeOf(t, { [file]: '' })
    const path = join(looped.proc, '..', file)
    await rm(path)
    await symlink(path, path)
    await t.rejects(async () => collected(create(looped)), { code: 'ELOOP' })
    const tooLarge = await treeOf(t, { [file]: Buffer.alloc(1024 * 1024 + 1, 'x') })
    await t.rejects(async () => collected(create(tooLarge)), { message: /at most 1 MiB/ })
    for (const content of ['', Buffer.from([0, 255, 254, 10, 0, 58, 32, 10, 200]), `${'x '.repeat(20_000)}\n`]) {
      const garbage = collected(create(await treeOf(t, { [file]: content })))
      if (emptyIsBad) await t.rejects(garbage, { message: /^Cannot read mdstat/ })
      else await t.resolves(garbage)
    }
  })
}
