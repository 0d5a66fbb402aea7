import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, wordsOf } from '../files.ts'

/** `schedstat`: how long threads ran and waited for a CPU (https://docs.kernel.org/scheduler/sched-stats.html). Absent without CONFIG_SCHEDSTATS. */

const NANOS = 1e9

export function createSchedstatCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('schedstat', (set) => {
    for (const line of readLines(`${proc}/schedstat`)) {
      if (!line.startsWith('cpu')) continue
      const words = wordsOf(line)
      const cpu = words[0]?.slice(3) ?? ''
      const [running, waiting, slices] = words.slice(7, 10).map(numberOf)
      if (numberOf(cpu) === undefined || running === undefined || waiting === undefined || slices === undefined)
        continue
      const labels = { cpu }
      set.counter('node_schedstat_running_seconds_total', 'Time that threads ran on the CPU.', running / NANOS, labels)
      set.counter('node_schedstat_waiting_seconds_total', 'Time that threads waited for it.', waiting / NANOS, labels)
      set.counter('node_schedstat_timeslices_total', 'Turns that threads had on it.', slices, labels)
    }
  })
}
