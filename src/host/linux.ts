import type { Clock } from '../run/clock.ts'
import type { HostCollector, HostRoots } from './collector.ts'
import { createConntrackCollector } from './collectors/conntrack.ts'
import { createCpuCollector } from './collectors/cpu.ts'
import { createDiskstatsCollector } from './collectors/diskstats.ts'
import { createEntropyCollector } from './collectors/entropy.ts'
import { createFilefdCollector } from './collectors/filefd.ts'
import { createFilesystemCollector, type FilesystemDeps, type FilesystemOptions } from './collectors/filesystem.ts'
import { createLoadavgCollector } from './collectors/loadavg.ts'
import { createMeminfoCollector } from './collectors/meminfo.ts'
import { createNetclassCollector } from './collectors/netclass.ts'
import { createNetdevCollector } from './collectors/netdev.ts'
import { createNetstatCollector } from './collectors/netstat.ts'
import { createPressureCollector } from './collectors/pressure.ts'
import { createSchedstatCollector } from './collectors/schedstat.ts'
import { createSockstatCollector } from './collectors/sockstat.ts'
import { createSoftnetCollector } from './collectors/softnet.ts'
import { createStatCollector } from './collectors/stat.ts'
import { createTimeCollector } from './collectors/time.ts'
import { createUnameCollector } from './collectors/uname.ts'
import { createVmstatCollector } from './collectors/vmstat.ts'

export type LinuxOptions = FilesystemOptions

export interface LinuxDeps extends FilesystemDeps {
  readonly clock: Clock
}

/** The collectors that read /proc and /sys, in the order in which they are asked. They keep state between rounds: one list for an agent. */
export function linuxCollectors(roots: HostRoots, options: LinuxOptions, deps: LinuxDeps): readonly HostCollector[] {
  return [
    createCpuCollector(roots),
    createStatCollector(roots),
    createLoadavgCollector(roots),
    createMeminfoCollector(roots),
    createVmstatCollector(roots),
    createPressureCollector(roots),
    createSchedstatCollector(roots),
    createFilesystemCollector(roots, { ...options, ...deps }),
    createDiskstatsCollector(roots),
    createNetdevCollector(roots),
    createNetclassCollector(roots),
    createNetstatCollector(roots),
    createSockstatCollector(roots),
    createSoftnetCollector(roots),
    createConntrackCollector(roots),
    createFilefdCollector(roots),
    createEntropyCollector(roots),
    createUnameCollector(roots),
    createTimeCollector(roots, deps.clock),
    // Here go the collectors of what is not on every host: systemd, mdadm, bonding, hwmon, edac, textfile, timex, os.
  ]
}
