import { availableParallelism, hostname, machine, release, totalmem, uptime } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../run/clock.ts'
import { withDeadline } from '../run/deadline.ts'
import type { HostRoots } from './collector.ts'
import { parseOsRelease } from './collectors/os.ts'
import type { Inventory, InventoryDisk, InventoryInterface } from './inventory.ts'
import { kernelFacts } from './kernel-facts.ts'
import { namesIn, numberIn, textOf } from './sysfs.ts'

/**
 * On Linux most of it is in files, and systeminformation, which runs a shell and programs, adds what it can where those may be run. Some of its
 * calls are not used there at all: `osInfo`, `time` and `networkInterfaces` block until their programs end, `hostname -f` among them, which asks
 * a name server.
 */

const CALL_MS = 5000
const NOT_DISKS = /^(loop|ram|zram|sr|fd|md|dm-)\d*/

type Facts = Partial<Inventory>

/** Runs in the inventory process. Never rejects. */
export async function takeInventory(roots: HostRoots): Promise<Inventory> {
  const si = await import('systeminformation').then((module) => module.default)
  const isLinux = namesIn(join(roots.proc, 'self')) !== undefined
  const found = await Promise.all([
    attempt(() => (isLinux ? kernelFacts(roots) : {})),
    attempt(() => (isLinux ? osOfLinux(roots) : osOfOthers(si))),
    attempt(async () => machineFacts(await si.system())),
    attempt(async () => cpuFacts(await si.cpu())),
    attempt(async () => facts({ disks: disksOf(await si.blockDevices()) })),
    attempt(async () => ({
      network_interfaces: isLinux ? interfacesOf(roots) : interfacesOfOthers(await si.networkInterfaces()),
    })),
    attempt(() => ({ boot_time: bootTime(roots) })),
    attempt(() => cgroupLimits(roots)),
  ])
  const sure = {
    kernel: release(),
    arch: machine(),
    host_name: hostname(),
    cpu_threads: availableParallelism(),
    memory_total_bytes: totalmem(),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
  return Object.assign(sure, ...found)
}

/** What was found out in time; whatever goes wrong, the rest is still worth having. */
async function attempt(work: () => Facts | Promise<Facts>): Promise<Facts> {
  try {
    const facts = await withDeadline(CALL_MS, new AbortController().signal, async () => work())
    return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== ''))
  } catch {
    return {}
  }
}

type SystemInformation = typeof import('systeminformation')

function osOfLinux({ root }: HostRoots): Facts {
  const text = textOf(join(root, 'etc/os-release')) ?? textOf(join(root, 'usr/lib/os-release')) ?? ''
  const values = parseOsRelease(text)
  return facts({ os_name: values.get('NAME'), os_version: values.get('VERSION_ID') })
}

async function osOfOthers(si: SystemInformation): Promise<Facts> {
  const { distro, release } = await si.osInfo()
  return { os_name: distro, os_version: release }
}

function machineFacts(system: Awaited<ReturnType<SystemInformation['system']>>): Facts {
  const { manufacturer, model, virtual, virtualHost } = system
  return facts({ manufacturer, model, virtualization: virtual ? virtualHost || 'yes' : undefined })
}

function cpuFacts({
  manufacturer,
  brand,
  processors,
  physicalCores,
}: Awaited<ReturnType<SystemInformation['cpu']>>): Facts {
  return facts({
    cpu_model: `${manufacturer} ${brand}`.trim(),
    cpu_sockets: processors || undefined,
    cpu_cores: physicalCores || undefined,
  })
}

/** Undefined when it found none: without `lsblk` it finds nothing. */
function disksOf(devices: Awaited<ReturnType<SystemInformation['blockDevices']>>): InventoryDisk[] | undefined {
  const disks = devices.filter(({ name, type, size }) => type === 'disk' && size > 0 && !NOT_DISKS.test(name))
  if (disks.length === 0) return undefined
  return disks.map(({ name, size, physical }) => ({ name, size_bytes: size, ...(physical && { type: physical }) }))
}

function interfacesOf({ sys }: HostRoots): InventoryInterface[] {
  const folder = join(sys, 'class/net')
  const names = (namesIn(folder) ?? []).filter((name) => name !== 'lo' && namesIn(join(folder, name)) !== undefined)
  return names.map((name) => interfaceOf(name, speedOf(join(folder, name, 'speed'))))
}

/** A device that is down refuses to be asked. */
function speedOf(path: string): number | undefined {
  try {
    return numberIn(textOf(path))
  } catch {
    return undefined
  }
}

function interfacesOfOthers(found: Awaited<ReturnType<SystemInformation['networkInterfaces']>>): InventoryInterface[] {
  const list = Array.isArray(found) ? found : [found]
  return list.filter(({ internal }) => !internal).map(({ iface, speed }) => interfaceOf(iface, speed ?? undefined))
}

function interfaceOf(name: string, speed: number | undefined): InventoryInterface {
  return { name, ...(speed !== undefined && speed > 0 && { speed_mbit: speed }) }
}

function bootTime({ proc }: HostRoots): string {
  const told = /^btime (\d+)$/m.exec(textOf(join(proc, 'stat')) ?? '')?.[1]
  const seconds = told === undefined ? Math.round(systemClock.nowMs() / 1000 - uptime()) : Number(told)
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** The narrowest limits of the control group and those above it: Documentation/admin-guide/cgroup-v2.rst. */
export function cgroupLimits({ proc, sys }: HostRoots): Facts {
  const group = /^0::(\/.*)$/m.exec(textOf(join(proc, 'self/cgroup')) ?? '')?.[1]
  if (group === undefined || group.includes('..')) return {}
  const parts = group.split('/').filter((part) => part !== '')
  const folders = [...parts.keys(), parts.length].map((count) => join(sys, 'fs/cgroup', ...parts.slice(0, count)))
  const memory = folders.map((folder) => numberIn(textOf(join(folder, 'memory.max'))))
  const cpu = folders.map((folder) => {
    const [, quota, period] = /^(\d+) (\d+)/.exec(textOf(join(folder, 'cpu.max')) ?? '') ?? []
    return quota === undefined ? undefined : Number(quota) / Number(period)
  })
  return facts({ cgroup_memory_limit_bytes: least(memory), cgroup_cpu_limit: least(cpu) })
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Without what is not known. */
function facts(values: { readonly [K in keyof Inventory]?: Inventory[K] | undefined }): Facts {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
