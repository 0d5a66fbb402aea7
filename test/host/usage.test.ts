import t from 'tap'
import { memoryUsedRatio, mountUsages } from '../../src/host/usage.ts'
import { zoneNameOf } from '../../src/host/zone-name.ts'
import { FamilySet } from '../../src/metrics/family-set.ts'
import { collectorsOf, type Machine, roundOf } from './machines.ts'

const familiesOf = async (machine: Machine) => (await roundOf(collectorsOf(machine))).families

t.test('usage tells each file system once, under its shortest mount point', async (t) => {
  const cases: [Machine, string[]][] = [
    ['many-cores', ['/run', '/', '/boot', '/boot/efi', '/data', '/srv/team share', '/vault', '/run/user/1000']],
    ['no-swap', ['/', '/boot/efi']],
    ['raid-bond', ['/', '/boot', '/var', '/tank']],
    ['container', ['/etc/hosts', '/data']],
  ]
  for (const [machine, mountpoints] of cases) {
    t.same(
      mountUsages(await familiesOf(machine)).map(({ mountpoint }) => mountpoint),
      mountpoints,
      machine,
    )
  }
})

t.test('usage is what df shows', async (t) => {
  const usages = mountUsages(await familiesOf('container'))
  t.same(usages, [
    // 8 of 10 million blocks are used, and of the 2 million that are free 1.5 can be filled.
    { mountpoint: '/etc/hosts', fstype: 'ext4', isReadOnly: false, usedRatio: 8 / 9.5 },
    { mountpoint: '/data', fstype: 'ext4', isReadOnly: true, usedRatio: 50 / 90 },
  ])
  const full = mountUsages(await familiesOf('many-cores')).find(({ mountpoint }) => mountpoint === '/srv/team share')
  t.match(full, { usedRatio: 1, isReadOnly: true })
})

t.test('usage of nothing is nothing', async (t) => {
  t.same(mountUsages([]), [])
  t.equal(memoryUsedRatio([]), undefined)
  const set = new FamilySet()
  for (const name of ['size', 'free', 'avail']) {
    set.gauge(`node_filesystem_${name}_bytes`, '', 0, { device: 'x', fstype: 'y', mountpoint: '/z' })
  }
  t.same(mountUsages(set.families()), [{ mountpoint: '/z', fstype: 'y', isReadOnly: false, usedRatio: 0 }])
  set.gauge('node_memory_MemTotal_bytes', '', 100)
  t.equal(memoryUsedRatio(set.families()), undefined, 'before Linux 3.14')
  set.gauge('node_memory_MemAvailable_bytes', '', 101)
  t.equal(memoryUsedRatio(set.families()), 0)
})

t.test('memory is used when programs cannot get it', async (t) => {
  t.equal(memoryUsedRatio(await familiesOf('no-swap')), (1014836 - 512000) / 1014836)
})

t.test('the name of the zone goes with its offset', async (t) => {
  const file = (footer: string): string => `TZif2\0\0…\n${footer}\n`
  const cases: [string, number, string | undefined][] = [
    ['CET-1CEST,M3.5.0,M10.5.0/3', 3600, 'CET'],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 7200, 'CEST'],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 0, undefined],
    ['EST5EDT,M3.2.0,M11.1.0', -14400, 'EDT'],
    ['<+0330>-3:30', 12600, '+0330'],
    ['<-03>3<-02>,M3.5.0/-2,M10.5.0/-1', -7200, '-02'],
    ['LHST-10:30LHDT-11,M10.1.0,M4.1.0', 39600, 'LHDT'],
    ['IST-1GMT0,M10.5.0,M3.5.0/1', 0, 'GMT'],
    ['UTC0', 0, 'UTC'],
    ['', 0, undefined],
  ]
  for (const [footer, offset, name] of cases) t.equal(zoneNameOf(file(footer), offset), name, `${footer} at ${offset}`)
  t.equal(zoneNameOf('no zone file\nUTC0\n', 0), undefined)
})
