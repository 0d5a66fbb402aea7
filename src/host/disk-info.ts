import type { FamilySet } from '../metrics/family-set.ts'
import type { HostRoots } from './collector.ts'
import { numberOf, readOptional, wholeLines } from './files.ts'

/** What a disk is: the properties that udev found (`udevadm info`), kept in /run/udev/data/b<major>:<minor>. Empty where udev does not run. */

interface Disk {
  readonly device: string
  readonly major: string
  readonly minor: string
}

/** Property, name, help of those that are numbers. They are there for ATA disks only. */
const ATA = [
  ['ID_ATA_WRITE_CACHE', 'ata_write_cache', 'Whether the disk has a write cache.'],
  ['ID_ATA_WRITE_CACHE_ENABLED', 'ata_write_cache_enabled', 'Whether its write cache is in use.'],
  ['ID_ATA_ROTATION_RATE_RPM', 'ata_rotation_rate_rpm', 'Rotations a minute; 0 for a disk of flash memory.'],
] as const

export function addDiskInfo(set: FamilySet, { sys, root }: HostRoots, { device, major, minor }: Disk): void {
  const udev = propertiesOf(readOptional(`${root}/run/udev/data/b${major}:${minor}`) ?? '')
  const say = (property: string): string => udev.get(property) ?? ''
  set.gauge('node_disk_info', 'What the disk is; always 1.', 1, {
    device,
    major,
    minor,
    model: say('ID_MODEL'),
    path: say('ID_PATH'),
    revision: say('ID_REVISION'),
    rotational: readOptional(`${sys}/block/${device}/queue/rotational`)?.trim() ?? '0',
    // The number printed on the disk; virtio disks have the last only.
    serial: say('SCSI_IDENT_SERIAL') || say('ID_SERIAL_SHORT') || say('ID_SERIAL'),
    wwn: say('ID_WWN'),
  })
  if (udev.has('ID_FS_TYPE')) {
    set.gauge('node_disk_filesystem_info', 'The file system on the disk; always 1.', 1, {
      device,
      type: say('ID_FS_TYPE'),
      usage: say('ID_FS_USAGE'),
      uuid: say('ID_FS_UUID'),
      version: say('ID_FS_VERSION'),
    })
  }
  if (udev.has('DM_NAME')) {
    set.gauge('node_disk_device_mapper_info', 'The volume that the device is; always 1.', 1, {
      device,
      lv_layer: say('DM_LV_LAYER'),
      lv_name: say('DM_LV_NAME'),
      name: say('DM_NAME'),
      uuid: say('DM_UUID'),
      vg_name: say('DM_VG_NAME'),
    })
  }
  if (!udev.has('ID_ATA')) return
  for (const [property, name, help] of ATA) {
    const value = numberOf(udev.get(property))
    if (value !== undefined) set.gauge(`node_disk_${name}`, help, value, { device })
  }
}

/** Lines of properties are `E:NAME=value`. */
function propertiesOf(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of wholeLines(text)) {
    const equals = line.startsWith('E:') ? line.indexOf('=') : -1
    if (equals > 0) properties.set(line.slice(2, equals), line.slice(equals + 1))
  }
  return properties
}
