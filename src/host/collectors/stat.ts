import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readText } from '../files.ts'

/** `stat`: what /proc/stat (proc(5)) counts for the host as a whole. */

const ROWS = [
  ['intr', 'counter', 'node_intr_total', 'Interrupts serviced since boot.'],
  ['ctxt', 'counter', 'node_context_switches_total', 'Context switches since boot.'],
  ['processes', 'counter', 'node_forks_total', 'Processes and threads made since boot.'],
  ['btime', 'gauge', 'node_boot_time_seconds', 'When the host was booted, in seconds since 1970.'],
  ['procs_running', 'gauge', 'node_procs_running', 'Threads that run or are ready to.'],
  ['procs_blocked', 'gauge', 'node_procs_blocked', 'Threads that wait for I/O.'],
] as const

export function createStatCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('stat', (set) => {
    const text = readText(`${proc}/stat`)
    for (const [key, type, name, help] of ROWS) {
      const value = numberAfter(text, `\n${key} `)
      if (value !== undefined) set[type](name, help, value)
    }
  })
}

/** The first number behind `mark`. The line `intr` goes on with one number for each interrupt, of which a large host has thousands. */
function numberAfter(text: string, mark: string): number | undefined {
  const at = text.indexOf(mark)
  if (at < 0) return undefined
  const start = at + mark.length
  const line = text.indexOf('\n', start)
  if (line < 0) return undefined
  const blank = text.indexOf(' ', start)
  return numberOf(text.slice(start, blank >= 0 && blank < line ? blank : line))
}
