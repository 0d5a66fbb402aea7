import { cpus, freemem, hostname, loadavg, machine, release, type as sysname, totalmem, uptime, version } from 'node:os'
import { FamilySet } from '../metrics/family-set.ts'
import type { Clock } from '../run/clock.ts'
import { withDeadline } from '../run/deadline.ts'
import type { HostCollector } from './collector.ts'
import { oneAtATime } from './one-at-a-time.ts'

/**
 * Hosts without /proc: node:os, and systeminformation for what that does not know. Names and labels are those node_exporter has on Darwin. What
 * asks systeminformation runs programs (`df`, `vm_stat`, `netstat`), so it is asked less often, and never twice at a time.
 */

const PROGRAMS_EVERY_MS = 60_000
const CALL_MS = 10_000

export interface PortableDeps {
  readonly clock: Pick<Clock, 'nowMs'>
}

export const portableCollectors = ({ clock }: PortableDeps): readonly HostCollector[] => [
  { name: 'cpu', collect: cpuTimes },
  { name: 'loadavg', collect: loads },
  { name: 'meminfo', collect: memory },
  { name: 'boottime', collect: () => bootTime(clock.nowMs()) },
  { name: 'uname', collect: uname },
  asked('swap', swap),
  asked('filesystem', filesystems),
  asked('netdev', networks),
]

type SystemInformation = typeof import('systeminformation')
type Ask = (si: SystemInformation) => Promise<FamilySet>

/** Given up, a call goes on behind; the next one is refused until it has ended. */
function asked(name: string, ask: Ask): HostCollector {
  const once = oneAtATime(async () => ask((await import('systeminformation')).default))
  return {
    name,
    everyMs: PROGRAMS_EVERY_MS,
    collect: async (signal) => (await withDeadline(CALL_MS, signal, () => once())).families(),
  }
}

function cpuTimes() {
  const set = new FamilySet()
  for (const [index, { times }] of cpus().entries()) {
    const { user, nice, sys, idle, irq } = times
    for (const [mode, ms] of Object.entries({ user, nice, system: sys, idle, irq })) {
      const labels = { cpu: String(index), mode }
      set.counter('node_cpu_seconds_total', 'Seconds the processors spent in each mode.', ms / 1000, labels)
    }
  }
  return set.families()
}

function loads() {
  const set = new FamilySet()
  const [one = 0, five = 0, fifteen = 0] = loadavg()
  set.gauge('node_load1', 'Load of the last minute.', one)
  set.gauge('node_load5', 'Load of the last 5 minutes.', five)
  set.gauge('node_load15', 'Load of the last 15 minutes.', fifteen)
  return set.families()
}

function memory() {
  const set = new FamilySet()
  set.gauge('node_memory_total_bytes', 'Memory of the host.', totalmem())
  set.gauge('node_memory_free_bytes', 'Memory that nobody uses.', freemem())
  return set.families()
}

async function swap(si: SystemInformation): Promise<FamilySet> {
  const { active, swaptotal, swapused } = await si.mem()
  const set = new FamilySet()
  set.gauge('node_memory_active_bytes', 'Memory in use, without what is only kept for speed.', active)
  set.gauge('node_memory_swap_total_bytes', 'Swap of the host.', swaptotal)
  set.gauge('node_memory_swap_used_bytes', 'Swap in use.', swapused)
  return set
}

function bootTime(nowMs: number) {
  const set = new FamilySet()
  set.gauge('node_boot_time_seconds', 'When the host was started, Unix time.', Math.round(nowMs / 1000 - uptime()))
  return set.families()
}

function uname() {
  const set = new FamilySet()
  const labels = {
    ...{ sysname: sysname(), release: release(), version: version(), machine: machine() },
    ...{ nodename: hostname(), domainname: '(none)' },
  }
  set.gauge('node_uname_info', 'Always 1; the labels are what uname says.', 1, labels)
  return set.families()
}

async function filesystems(si: SystemInformation): Promise<FamilySet> {
  const set = new FamilySet()
  for (const { fs, type, mount, size, used, available, rw } of await si.fsSize()) {
    if (!(size > 0)) continue
    const labels = { device: fs, mountpoint: mount, fstype: type, device_error: '' }
    set.gauge('node_filesystem_size_bytes', 'Size of the file system.', size, labels)
    set.gauge('node_filesystem_free_bytes', 'Space that is free.', size - used, labels)
    set.gauge('node_filesystem_avail_bytes', 'Space that is free for others than root.', available, labels)
    if (typeof rw === 'boolean') set.gauge('node_filesystem_readonly', '1 when it is read-only.', rw ? 0 : 1, labels)
  }
  return set
}

/** Fields of systeminformation by what node_exporter calls them. */
const NETWORK_COUNTERS = [
  ['rx_bytes', 'node_network_receive_bytes_total', 'Bytes received.'],
  ['rx_errors', 'node_network_receive_errs_total', 'Errors while receiving.'],
  ['rx_dropped', 'node_network_receive_drop_total', 'Packets dropped while receiving.'],
  ['tx_bytes', 'node_network_transmit_bytes_total', 'Bytes sent.'],
  ['tx_errors', 'node_network_transmit_errs_total', 'Errors while sending.'],
  ['tx_dropped', 'node_network_transmit_drop_total', 'Packets dropped while sending.'],
] as const

async function networks(si: SystemInformation): Promise<FamilySet> {
  const set = new FamilySet()
  for (const stats of await si.networkStats('*')) {
    for (const [field, family, help] of NETWORK_COUNTERS) {
      const value = stats[field]
      if (Number.isFinite(value)) set.counter(family, help, value, { device: stats.iface })
    }
  }
  return set
}
