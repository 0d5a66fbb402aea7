import type { HostCollector, HostRoots } from './collector.ts'
import { createBondingCollector } from './collectors/bonding.ts'
import { createCpufreqCollector } from './collectors/cpufreq.ts'
import { createDmiCollector } from './collectors/dmi.ts'
import { createEdacCollector } from './collectors/edac.ts'
import { createHwmonCollector } from './collectors/hwmon.ts'
import { createMdadmCollector } from './collectors/mdadm.ts'
import { createOsCollector } from './collectors/os.ts'
import { createSystemdCollector } from './collectors/systemd.ts'
import { createTextfileCollector, type TextfileDeps, type TextfileOptions } from './collectors/textfile.ts'
import { createThermalZoneCollector } from './collectors/thermal-zone.ts'
import { createTimexCollector } from './collectors/timex.ts'

export interface MoreLinuxOptions {
  /** Undefined: no files are shown. */
  readonly textfile?: TextfileOptions
}

/** Collectors of what not every Linux host has: sensors, arrays of disks, bonds, units, files of scripts. */
export const moreLinuxCollectors = (
  roots: HostRoots,
  { textfile }: MoreLinuxOptions,
  deps: TextfileDeps,
): readonly HostCollector[] => [
  createOsCollector(roots),
  createDmiCollector(roots),
  createTimexCollector(),
  createSystemdCollector(roots),
  createMdadmCollector(roots),
  createBondingCollector(roots),
  createHwmonCollector(roots),
  createThermalZoneCollector(roots),
  createCpufreqCollector(roots),
  createEdacCollector(roots),
  ...(textfile ? [createTextfileCollector(textfile, deps)] : []),
]
