import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, hexOf, readLines, wordsOf } from '../files.ts'

/** `softnet`: packets each CPU took from the network cards, from /proc/net/softnet_stat: hexadecimal columns without names. */

/** Column, type, name, help. Older kernels have fewer columns. */
const COLUMNS = [
  [0, 'counter', 'processed_total', 'Packets the CPU took in.'],
  [1, 'counter', 'dropped_total', 'Packets dropped because its queue was full.'],
  [2, 'counter', 'times_squeezed_total', 'Times it had to stop with packets left to take.'],
  [8, 'counter', 'cpu_collision_total', 'Times the lock of a device was held by another CPU when sending.'],
  [9, 'counter', 'received_rps_total', 'Times another CPU woke it to take packets.'],
  [10, 'counter', 'flow_limit_count_total', 'Packets dropped because their flow had its share of the queue.'],
  [11, 'gauge', 'backlog_len', 'Packets in its queue.'],
] as const

/** Since Linux 5.10 the line names its CPU; before, lines of CPUs that are offline are missing and the rest is counted. */
const CPU_COLUMN = 12

export function createSoftnetCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('softnet', (set) => {
    for (const [i, line] of readLines(`${proc}/net/softnet_stat`).entries()) {
      const words = wordsOf(line)
      const labels = { cpu: String(hexOf(words[CPU_COLUMN]) ?? i) }
      for (const [column, type, name, help] of COLUMNS) {
        const value = hexOf(words[column])
        if (value !== undefined) set[type](`node_softnet_${name}`, help, value, labels)
      }
    }
  })
}
