import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines } from '../files.ts'

/** `vmstat`: paging, swapping, faults and kills of the OOM killer, from /proc/vmstat. */

export function createVmstatCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('vmstat', (set) => {
    for (const line of readLines(`${proc}/vmstat`)) {
      if (!isWanted(line)) continue
      const blank = line.indexOf(' ')
      const key = line.slice(0, blank)
      const value = numberOf(line.slice(blank + 1))
      if (value === undefined || !/^\w+$/.test(key)) continue
      set.untyped(`node_vmstat_${key}`, `Field ${key} of /proc/vmstat.`, value)
    }
  })
}

/** What node_exporter shows by default: `^(oom_kill|pgpg|pswp|pg.*fault).*`. The file has 200 lines, so no expression is run on each. */
const isWanted = (line: string): boolean =>
  line.startsWith('pg')
    ? line.startsWith('pgpg') || line.includes('fault')
    : line.startsWith('pswp') || line.startsWith('oom_kill')
