import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, wordsOf } from '../files.ts'

/**
 * `cpu`: where the time of each CPU goes, from /proc/stat (proc(5)). Guest time is part of user and nice there, and node_exporter
 * leaves it in, so that the modes of a CPU sum up to the time that has passed.
 */

/** Ticks per second of what /proc shows (USER_HZ): 100 on every architecture that Node runs on, whatever HZ the kernel was built with. */
const TICKS_PER_SECOND = 100

/** The columns of a line `cpuN`, in their order. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
const GUEST_MODES = ['user', 'nice'] as const
const IDLE = MODES.indexOf('idle')

/** A CPU that has lost this much idle time was taken away and came back: its counters begin anew. */
const HOTPLUG_TICKS = 3 * TICKS_PER_SECOND

export function createCpuCollector({ proc }: HostRoots): HostCollector {
  let before: ReadonlyMap<string, readonly number[]> = new Map()
  return fileCollector('cpu', (set) => {
    const now = new Map<string, readonly number[]>()
    for (const line of readLines(`${proc}/stat`)) {
      // The CPUs come first, after the line of all.
      if (!line.startsWith('cpu')) break
      if (line.startsWith('cpu ')) continue
      const [name = '', ...columns] = wordsOf(line)
      const cpu = name.slice(3)
      const read = leadingNumbers(columns)
      if (numberOf(cpu) === undefined || read.length === 0) continue
      const ticks = neverBackwards(read, before.get(cpu))
      now.set(cpu, ticks)
      for (const [i, mode] of MODES.entries()) {
        const value = ticks[i]
        if (value === undefined) break
        set.counter('node_cpu_seconds_total', 'Time that each CPU spent in each mode.', value / TICKS_PER_SECOND, {
          cpu,
          mode,
        })
      }
      for (const [i, mode] of GUEST_MODES.entries()) {
        const value = ticks[MODES.length + i]
        if (value === undefined) break
        const help = 'Time that each CPU spent running virtual machines; it is part of the modes user and nice.'
        set.counter('node_cpu_guest_seconds_total', help, value / TICKS_PER_SECOND, { cpu, mode })
      }
    }
    before = now
  })
}

function leadingNumbers(words: readonly string[]): number[] {
  const numbers: number[] = []
  for (const word of words) {
    const value = numberOf(word)
    if (value === undefined) break
    numbers.push(value)
  }
  return numbers
}

/** The kernel's iowait, idle and steal go back a little now and then; told as they are, each time would look like a restart of the counter. */
function neverBackwards(now: readonly number[], before: readonly number[] | undefined): readonly number[] {
  if (before === undefined || (before[IDLE] ?? 0) - (now[IDLE] ?? 0) >= HOTPLUG_TICKS) return now
  return now.map((value, i) => Math.max(value, before[i] ?? 0))
}
