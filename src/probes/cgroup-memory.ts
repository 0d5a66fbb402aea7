import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'

export interface MemoryRoom {
  readonly totalBytes: number
  readonly usedBytes: number
}

export type CgroupMemory =
  | { readonly kind: 'limited'; readonly group: string; readonly room: MemoryRoom }
  | { readonly kind: 'unlimited'; readonly why: string }

/**
 * The own control group's limit (version 2: Documentation/admin-guide/cgroup-v2.rst), and what counts against it. The kernel drops inactive file pages
 * before it kills, so they do not count as used; kubelet and docker count in the same way. Limits of the groups above are not looked at.
 */
export function cgroupMemory(proc: string): CgroupMemory {
  const group = /^0::(\/.*)$/m.exec(readFileSync(join(proc, 'self/cgroup'), 'utf8'))?.[1]
  const mount = group === undefined ? undefined : cgroupMount(readFileSync(join(proc, 'self/mountinfo'), 'utf8'))
  if (group === undefined || mount === undefined)
    return { kind: 'unlimited', why: 'there are no control groups of version 2' }
  const folder = join(mount, group)
  const limit = readOptional(join(folder, 'memory.max'))
  if (limit === undefined) return { kind: 'unlimited', why: `the control group ${group} has no memory controller` }
  if (limit === 'max') return { kind: 'unlimited', why: `the control group ${group} has no limit` }
  const inactive = /^inactive_file (\d+)$/m.exec(readFileSync(join(folder, 'memory.stat'), 'utf8'))?.[1] ?? '0'
  const current = readFileSync(join(folder, 'memory.current'), 'utf8')
  const usedBytes = Math.max(0, Number(current) - Number(inactive))
  return { kind: 'limited', group, room: { totalBytes: Number(limit), usedBytes } }
}

/** Where version 2 is mounted (proc_pid_mountinfo(5): the type follows a lone dash); `\040` and the like stand for blanks. */
function cgroupMount(mountinfo: string): string | undefined {
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mountinfo)?.[1]
  return mount?.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return undefined
    throw error
  }
}
