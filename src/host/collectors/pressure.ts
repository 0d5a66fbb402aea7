import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { fileCollector, numberOf, readOptional, wholeLines } from '../files.ts'

/** `pressure`: time lost to waiting (https://docs.kernel.org/accounting/psi.html). Absent before Linux 4.20, and when it is switched off. */

const ROWS = [
  ['cpu', 'some', 'cpu_waiting', 'Time in which some process waited for a CPU.'],
  ['io', 'some', 'io_waiting', 'Time in which some process waited for I/O.'],
  ['io', 'full', 'io_stalled', 'Time in which every process that could run waited for I/O.'],
  ['memory', 'some', 'memory_waiting', 'Time in which some process waited for memory.'],
  ['memory', 'full', 'memory_stalled', 'Time in which every process that could run waited for memory.'],
  ['irq', 'full', 'irq_stalled', 'Time that interrupts took from every process that could run.'],
] as const

export function createPressureCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('pressure', (set) => {
    const linesOf = new Map<string, readonly string[]>()
    for (const [resource, kind, name, help] of ROWS) {
      let lines = linesOf.get(resource)
      if (lines === undefined) {
        const text = readOptional(`${proc}/pressure/${resource}`)
        if (text === undefined && resource === 'cpu') throw new NoData(`${proc}/pressure/cpu cannot be read`)
        lines = wholeLines(text ?? '')
        linesOf.set(resource, lines)
      }
      const line = lines.find((one) => one.startsWith(kind))
      const total = line?.indexOf(' total=') ?? -1
      const micros = total < 0 ? undefined : numberOf(line?.slice(total + ' total='.length))
      if (micros !== undefined) set.counter(`node_pressure_${name}_seconds_total`, help, micros / 1e6)
    }
  })
}
