import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MemoryProbeConfig } from '../../config/probes/memory.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { cgroupMemory, type MemoryRoom } from '../cgroup-memory.ts'
import type { Finding, Probe } from '../probe.ts'
import { findingOf, judged, type Remark } from '../remark.ts'
import { percentText, sizeText } from '../words.ts'

export interface MemoryProbeDeps {
  readonly name: string
  readonly proc: string
}

/** The memory of the host, or of the control group the agent is in. */
export function createMemoryProbe(config: MemoryProbeConfig, { name, proc }: MemoryProbeDeps): Probe {
  return {
    target: name,
    run: async () => judge(config, proc),
  }
}

/** MemAvailable is the kernel's own estimate of what can be had without swapping (proc_meminfo(5)). */
function judge(config: MemoryProbeConfig, proc: string): Finding {
  const { host, swap } = parseMeminfo(readFileSync(join(proc, 'meminfo'), 'utf8'))
  const group = config.isOfCgroup ? cgroupMemory(proc) : undefined
  const room = group?.kind === 'limited' ? group.room : host
  if (!room) return { status: 'unknown', message: 'the kernel does not tell how much memory is available' }

  const usedRatio = room.usedBytes / room.totalBytes
  const availableBytes = Math.max(0, room.totalBytes - room.usedBytes)
  const set = new FamilySet()
  set.gauge('probe_memory_used_ratio', 'Share of the memory that is not available.', usedRatio)
  set.gauge('probe_memory_available_bytes', 'Memory that can be had without swapping.', availableBytes)

  const whose =
    group === undefined
      ? ''
      : group.kind === 'limited'
        ? ` of the limit of ${group.group}`
        : ` of the host, since ${group.why}`
  const text = `${percentText(usedRatio)} of memory used, ${sizeText(availableBytes)} available`
  const remarks: Remark[] = [judged(usedRatio, config, `${text}${whose}`)]
  if (config.swapDegradedRatio !== undefined && swap.totalBytes > 0)
    remarks.push(judgedSwap(config.swapDegradedRatio, swap))
  return findingOf(remarks, set.families())
}

function judgedSwap(degradedRatio: number, { totalBytes, usedBytes }: MemoryRoom): Remark {
  const ratio = usedBytes / totalBytes
  return judged(
    ratio,
    { degradedRatio, unhealthyRatio: Number.POSITIVE_INFINITY },
    `${percentText(ratio)} of swap used`,
  )
}

function parseMeminfo(text: string): { readonly host: MemoryRoom | undefined; readonly swap: MemoryRoom } {
  const bytes = new Map<string, number>()
  for (const [, key = '', kib] of text.matchAll(/^(\w+): +(\d+) kB$/gm)) bytes.set(key, Number(kib) * 1024)
  const total = bytes.get('MemTotal')
  const available = bytes.get('MemAvailable')
  const swapTotal = bytes.get('SwapTotal') ?? 0
  return {
    host: total && available !== undefined ? { totalBytes: total, usedBytes: total - available } : undefined,
    swap: { totalBytes: swapTotal, usedBytes: swapTotal - (bytes.get('SwapFree') ?? 0) },
  }
}
