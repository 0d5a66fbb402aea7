import type { Inventory } from '../host/inventory.ts'
import { type LogEntry, OWN_SOURCE } from '../model/log-entry.ts'

export interface EntryOrigin {
  readonly service: string
  readonly version: string
  readonly environment: string
  readonly host: string
}

/** What a start ships of its host, when `host.inventory_entry` asks for it. */
export function inventoryEntry(inventory: Inventory, { nowMs, ...origin }: EntryOrigin & { nowMs: number }): LogEntry {
  const { os_name = 'unknown system', os_version = '', kernel, cpu_threads, memory_total_bytes } = inventory
  const memory = `${(memory_total_bytes / 2 ** 30).toFixed(1)} GiB`
  return {
    timestamp: new Date(nowMs).toISOString(),
    level: 'INFO',
    message: `${[os_name, os_version].join(' ').trim()}, kernel ${kernel}, ${cpu_threads} CPUs, ${memory} of memory`,
    ...origin,
    source: OWN_SOURCE,
    metadata: { inventory },
  }
}
