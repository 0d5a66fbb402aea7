import fc from 'fast-check'
import t from 'tap'
import { createFilesystemCollector } from '../../src/host/collectors/filesystem.ts'
import { isMeasured, type Mount, parseMounts } from '../../src/host/mounts.ts'
import { collectorsOf, type Machine, roundOf, seriesOf } from './machines.ts'
import { hostOf, lineOf, mountsOf } from './mounts.ts'

async function filesystemsOf(machine: Machine, hasNetworkFilesystems = false): Promise<Map<string, number>> {
  const collectors = collectorsOf(machine, hasNetworkFilesystems).filter(({ name }) => name === 'filesystem')
  return seriesOf((await roundOf(collectors)).families)
}

t.test('filesystem measures what node_exporter does, in order, the last mount on a point', async (t) => {
  const many = await filesystemsOf('many-cores')
  const weird = '/srv/b\\n\n\t#é'
  const own = [
    '/run',
    '/',
    '/boot',
    '/boot/efi',
    '/data',
    '/srv/team share',
    weird,
    '/vault',
    '/srv/old',
    '/run/user/1000',
  ]
  t.same(mountsOf(many), own)
  const data = '{device="/dev/nvme1n1",fstype="ext4",mountpoint="/data"}'
  t.equal(many.get(`node_filesystem_size_bytes${data}`), 937684566 * 4096)
  t.equal(many.get(`node_filesystem_free_bytes${data}`), 1e8 * 4096)
  t.equal(many.get(`node_filesystem_avail_bytes${data}`), 53e6 * 4096)
  t.equal(many.get(`node_filesystem_files${data}`), 238420992)
  t.equal(many.get(`node_filesystem_files_free${data}`), 238000000)
  t.equal(many.get(`node_filesystem_device_error${data}`), 0, 'without the label device_error')
  t.equal(many.get('node_filesystem_mount_info{device="/dev/nvme1n1",major="259",minor="4",mountpoint="/data"}'), 1)
  t.same(mountsOf(await filesystemsOf('container')), ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/data'])
})

t.test('filesystem asks network file systems only when it is told to', async (t) => {
  t.notOk(mountsOf(await filesystemsOf('many-cores')).includes('/home'))
  t.ok(mountsOf(await filesystemsOf('many-cores', true)).includes('/home'))
  t.ok(mountsOf(await filesystemsOf('raid-bond', true)).includes('/mnt/backup'))
  for (const fstype of [
    'nfs',
    'nfs4',
    'cifs',
    'smb3',
    'smbfs',
    'fuse.sshfs',
    'ceph',
    'fuse.glusterfs',
    '9p',
    'afs',
    'lustre',
  ]) {
    const [mount] = parseMounts(lineOf('/x', { fstype }), { isOwnNamespace: false })
    t.ok(mount)
    t.notOk(mount && isMeasured(mount, { hasNetworkFilesystems: false }), fstype)
    t.ok(mount && isMeasured(mount, { hasNetworkFilesystems: true }), fstype)
  }
})

t.test('filesystem leaves out what is no disk', async (t) => {
  const cases: [string, string, boolean][] = [
    ['/', 'ext4', true],
    ['/device', 'ext4', true],
    ['/run', 'tmpfs', true],
    ['/mnt/usb', 'exfat', true],
    ['/dev', 'ext4', false],
    ['/dev/shm', 'tmpfs', false],
    ['/proc/kcore', 'tmpfs', false],
    ['/run/credentials/x.service', 'ramfs', false],
    ['/var/lib/docker', 'ext4', true],
    ['/var/lib/docker/overlay2/x/merged', 'xfs', false],
    ['/var/lib/containers/storage/overlay', 'xfs', false],
    ['/', 'overlay', false],
    ['/snap/core/1', 'squashfs', false],
    ['/cdrom', 'iso9660', false],
  ]
  for (const [mountpoint, fstype, isIn] of cases) {
    const mount: Mount = { device: 'd', mountpoint, fstype, majorMinor: '1:1', isReadOnly: false }
    t.equal(isMeasured(mount, { hasNetworkFilesystems: false }), isIn, `${fstype} on ${mountpoint}`)
  }
})

t.test(
  'filesystem takes readonly from the host, and from the file system when only its own namespace can be seen',
  async (t) => {
    const cases: [string, string, boolean, boolean][] = [
      // Options of the mount and of the file system; read-only as the host has it; as a unit with ProtectSystem= sees it.
      ['rw', 'rw', false, false],
      ['ro,relatime', 'rw,errors=remount-ro', true, false],
      ['rw', 'ro', true, true],
      ['rw,nosuid', 'rw,roots=x', false, false],
    ]
    for (const [options, superOptions, ofHost, ofOwn] of cases) {
      const text = lineOf('/', { options, superOptions })
      t.match(parseMounts(text, { isOwnNamespace: false }), [{ isReadOnly: ofHost }], text)
      t.match(parseMounts(text, { isOwnNamespace: true }), [{ isReadOnly: ofOwn }], text)
    }
    const readonly = async (machine: Machine, labels: string) =>
      (await filesystemsOf(machine)).get(`node_filesystem_readonly{${labels}}`)
    t.equal(await readonly('container', 'device="/dev/nvme0n1p1",fstype="ext4",mountpoint="/etc/hosts"'), 0)
    t.equal(await readonly('container', 'device="/dev/nvme1n1",fstype="ext4",mountpoint="/data"'), 1)
    t.equal(await readonly('many-cores', 'device="/dev/sda1",fstype="ext4",mountpoint="/srv/team share"'), 1)
  },
)

t.test('filesystem tells of a mount that fails only that, and why', async (t) => {
  const raid = await filesystemsOf('raid-bond')
  const broken = [...raid].filter(([key]) => key.includes('/mnt/broken'))
  const key = 'device="/dev/sdd1",device_error="i/o error",fstype="xfs",mountpoint="/mnt/broken"'
  t.same(broken, [[`node_filesystem_device_error{${key}}`, 1]])
})

t.test('mount points of any name come out as they are', async () => {
  const escaped = (path: string): string =>
    path.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      const mountpoint = `/${name.replaceAll('\0', '')}`
      const [mount] = parseMounts(lineOf(escaped(mountpoint), { device: escaped(mountpoint) }), {
        isOwnNamespace: false,
      })
      return mount?.mountpoint === mountpoint && mount.device === mountpoint
    }),
    { examples: [[' '], ['a\nb'], ['\\040'], ['ünï'], [' - '], ['\r\v\f\u00a0']] },
  )
})

t.test('the real statfs is asked by default', async (t) => {
  const { collect } = createFilesystemCollector(hostOf(t, lineOf('/')), { hasNetworkFilesystems: false })
  const series = seriesOf(await collect(new AbortController().signal))
  t.ok((series.get('node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"}') ?? 0) > 0)
})
