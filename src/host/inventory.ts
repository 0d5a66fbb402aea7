import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { unreachable } from '../errors.ts'
import { workerUrl } from '../run/worker-url.ts'
import { PROGRAM_ENV, Program } from './programs.ts'

/** What this host is, for an entry at start. What could not be found out is absent. No serial numbers, no addresses. */
export interface Inventory {
  readonly os_name?: string
  readonly os_version?: string
  readonly kernel: string
  /** As `uname -m` has it: x86_64, aarch64. */
  readonly arch: string
  readonly host_name: string
  /** The hypervisor, on a virtual machine: KVM, VMware. */
  readonly virtualization?: string
  readonly manufacturer?: string
  readonly model?: string
  readonly cpu_model?: string
  readonly cpu_sockets?: number
  readonly cpu_cores?: number
  readonly cpu_threads: number
  readonly memory_total_bytes: number
  readonly disks?: readonly InventoryDisk[]
  readonly network_interfaces?: readonly InventoryInterface[]
  /** ISO 8601, to the second. */
  readonly boot_time?: string
  readonly time_zone: string
  /** What the agent itself is limited to. */
  readonly cgroup_memory_limit_bytes?: number
  readonly cgroup_cpu_limit?: number
}

export interface InventoryDisk {
  readonly name: string
  readonly size_bytes: number
  /** HDD, SSD … */
  readonly type?: string
}

export interface InventoryInterface {
  readonly name: string
  readonly speed_mbit?: number
}

/** An inventory has a few kB; a host with 10,000 disks has 1 MB. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

/** Takes the inventory in a process of its own, which takes a second or so. Rejects on abort, and when that process fails. */
export async function readInventory(signal: AbortSignal): Promise<Inventory> {
  const reader = fileURLToPath(workerUrl(import.meta.url, '../inventory-reader'))
  const start = () =>
    fork(reader, [], { env: PROGRAM_ENV, execArgv: [], cwd: '/', stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
  const outcome = await new Program({ path: 'inventory-reader', maxOutputBytes: MAX_OUTPUT_BYTES, start }).run(
    [],
    signal,
  )
  signal.throwIfAborted()
  switch (outcome.kind) {
    case 'exited':
      if (outcome.code === 0) return JSON.parse(outcome.output) as Inventory
      throw new Error(`Cannot take the inventory: its process ended with ${outcome.code}`)
    case 'missing':
      throw new Error('Cannot take the inventory: its process cannot be started')
    case 'failed':
      throw new Error(`Cannot take the inventory: ${outcome.reason}`)
    default:
      return unreachable(outcome)
  }
}
