import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, wordsOf } from '../files.ts'

/** `loadavg`: threads that run, are ready to or wait for a disk, smoothed. */

export function createLoadavgCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('loadavg', (set) => {
    const words = wordsOf(readLines(`${proc}/loadavg`)[0] ?? '')
    for (const [i, minutes] of [1, 5, 15].entries()) {
      const value = numberOf(words[i])
      if (value !== undefined) set.gauge(`node_load${minutes}`, `Load average over ${minutes} minutes.`, value)
    }
  })
}
