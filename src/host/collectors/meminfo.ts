import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines } from '../files.ts'

/** `meminfo`: every line of /proc/meminfo (proc(5)); its kB are KiB. */

export function createMeminfoCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('meminfo', (set) => {
    for (const line of readLines(`${proc}/meminfo`)) {
      const colon = line.indexOf(':')
      if (colon <= 0) continue
      const isKib = line.endsWith(' kB')
      const value = numberOf(line.slice(colon + 1, isKib ? -3 : undefined).trim())
      const key = metricKey(line.slice(0, colon))
      if (value === undefined || key === undefined) continue
      const name = isKib ? `${key}_bytes` : key
      set.gauge(`node_memory_${name}`, `Field ${line.slice(0, colon)} of /proc/meminfo.`, isKib ? value * 1024 : value)
    }
  })
}

/** `Active(anon)` is `Active_anon`; undefined for what cannot be part of a metric's name. */
function metricKey(key: string): string | undefined {
  const plain = key.replaceAll('(', '_').replaceAll(')', '')
  return /^\w+$/.test(plain) ? plain : undefined
}
