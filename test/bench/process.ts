import { readdirSync, readFileSync } from 'node:fs'

/** What a process and its children have used, from Linux's /proc. */
export interface Usage {
  /** User and system, of live children and of those that ended. */
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Sum of the peaks of the live processes. */
  readonly peakRssBytes: number
  /** What was given to the disk; 0 on tmpfs. */
  readonly writtenBytes: number
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export function usageOf(pid: number): Usage {
  const sum = { cpuSeconds: 0, rssBytes: 0, peakRssBytes: 0, writtenBytes: 0 }
  for (const one of treeOf(pid)) {
    const status = read(`/proc/${one}/status`)
    sum.cpuSeconds += cpuSecondsIn(read(`/proc/${one}/stat`))
    sum.rssBytes += numberIn(status, /^VmRSS:\s+(\d+) kB/m) * 1024
    sum.peakRssBytes += numberIn(status, /^VmHWM:\s+(\d+) kB/m) * 1024
    sum.writtenBytes += numberIn(read(`/proc/${one}/io`), /^write_bytes: (\d+)/m)
  }
  return sum
}

/** The process and all below it, parents first. A child belongs to the thread that started it. */
export function treeOf(pid: number): number[] {
  const pids = [pid]
  for (const one of pids) {
    for (const thread of list(`/proc/${one}/task`)) {
      const children = read(`/proc/${one}/task/${thread}/children`)
      pids.push(...children.split(' ').filter(Boolean).map(Number))
    }
  }
  return pids
}

/** CPU seconds that the whole machine has spent since it started, on anything. */
export function machineCpuSeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    read('/proc/stat').split('\n', 1)[0]?.split(/\s+/).map(Number) ?? []
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
}

/** proc_pid_stat(5): utime, stime, cutime, cstime are fields 14 to 17; the name, field 2, may hold anything but a `)` at its end. */
function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return ticks / TICKS_PER_SECOND
}

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
