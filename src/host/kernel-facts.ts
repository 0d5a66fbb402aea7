import { cpus } from 'node:os'
import { join } from 'node:path'
import type { HostRoots } from './collector.ts'
import type { Inventory, InventoryDisk } from './inventory.ts'
import { namesIn, numberIn, textOf } from './sysfs.ts'

/** A sector of sysfs, whatever the disk has: Documentation/ABI/stable/sysfs-block. */
const SECTOR_BYTES = 512

/** What the files of a Linux kernel say of the machine. */
export function kernelFacts({ sys }: HostRoots): Partial<Inventory> {
  const dmi = (file: string) => textOf(join(sys, 'class/dmi/id', file))?.trim()
  const manufacturer = dmi('sys_vendor')
  const model = dmi('product_name')
  const processor = cpus()[0]?.model
  const processors = join(sys, 'devices/system/cpu')
  const places = (namesIn(processors) ?? [])
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => placeOf(join(processors, name)))
  const known = places.filter((place) => place !== undefined)
  const disks = (namesIn(join(sys, 'block')) ?? []).flatMap((name) => diskOf(join(sys, 'block', name), name))
  return {
    ...(manufacturer && { manufacturer }),
    ...(model && { model }),
    ...(processor && { cpu_model: processor }),
    ...(known.length > 0 && { cpu_sockets: new Set(known.map(({ socket }) => socket)).size }),
    ...(known.length > 0 && { cpu_cores: new Set(known.map(({ socket, core }) => `${socket}/${core}`)).size }),
    ...(disks.length > 0 && { disks }),
  }
}

function placeOf(folder: string): { socket: string; core: string } | undefined {
  const socket = textOf(join(folder, 'topology/physical_package_id'))?.trim()
  const core = textOf(join(folder, 'topology/core_id'))?.trim()
  return socket === undefined || core === undefined ? undefined : { socket, core }
}

/** Disks have a device; loops, arrays and memory in the place of disks have none. */
function diskOf(folder: string, name: string): InventoryDisk[] {
  const sectors = numberIn(textOf(join(folder, 'size'))) ?? 0
  if (sectors === 0 || namesIn(join(folder, 'device')) === undefined || /^(sr|fd)\d/.test(name)) return []
  const type = numberIn(textOf(join(folder, 'queue/rotational'))) === 0 ? 'SSD' : 'HDD'
  return [{ name, size_bytes: sectors * SECTOR_BYTES, type }]
}
