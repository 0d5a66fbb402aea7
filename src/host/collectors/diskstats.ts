import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { addDiskInfo } from '../disk-info.ts'
import { fileCollector, numberOf, readLines, wordsOf } from '../files.ts'

/** `diskstats`: what each disk did, from /proc/diskstats (https://docs.kernel.org/admin-guide/iostats.html). */

/** Devices without a disk of their own, and partitions, whose disk is told. */
const EXCLUDED = /^(?:z?ram|loop|fd|(?:h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/

const MS = 1 / 1000
/** Sectors are of 512 bytes here, whatever the disk has. */
const SECTOR = 512

/** The columns after major, minor and name: type, name, factor, help. Linux has had 11 of them, 15 since 4.18 and 17 since 5.5. */
const COLUMNS = [
  ['counter', 'reads_completed_total', 1, 'Reads completed.'],
  ['counter', 'reads_merged_total', 1, 'Reads that were merged with a neighbour.'],
  ['counter', 'read_bytes_total', SECTOR, 'Bytes read.'],
  ['counter', 'read_time_seconds_total', MS, 'Time that reads took, added up.'],
  ['counter', 'writes_completed_total', 1, 'Writes completed.'],
  ['counter', 'writes_merged_total', 1, 'Writes that were merged with a neighbour.'],
  ['counter', 'written_bytes_total', SECTOR, 'Bytes written.'],
  ['counter', 'write_time_seconds_total', MS, 'Time that writes took, added up.'],
  ['gauge', 'io_now', 1, 'Requests under way.'],
  ['counter', 'io_time_seconds_total', MS, 'Time in which a request was under way.'],
  ['counter', 'io_time_weighted_seconds_total', MS, 'Time that requests were under way, added up.'],
  ['counter', 'discards_completed_total', 1, 'Discards completed.'],
  ['counter', 'discards_merged_total', 1, 'Discards that were merged with a neighbour.'],
  ['counter', 'discarded_sectors_total', 1, 'Sectors discarded.'],
  ['counter', 'discard_time_seconds_total', MS, 'Time that discards took, added up.'],
  ['counter', 'flush_requests_total', 1, 'Flushes completed.'],
  ['counter', 'flush_requests_time_seconds_total', MS, 'Time that flushes took, added up.'],
] as const

/** Columns every kernel has. Fewer is not a line of this file. */
const MIN_COLUMN_COUNT = 11

export function createDiskstatsCollector(roots: HostRoots): HostCollector {
  const path = `${roots.proc}/diskstats`
  return fileCollector('diskstats', (set) => {
    const lines = readLines(path)
    let knownCount = 0
    let diskCount = 0
    for (const line of lines) {
      const [major = '', minor = '', device = '', ...columns] = wordsOf(line)
      const isKnown = columns.length >= MIN_COLUMN_COUNT && [major, minor].every((word) => numberOf(word) !== undefined)
      if (!isKnown) continue
      knownCount++
      if (EXCLUDED.test(device)) continue
      diskCount++
      addDiskInfo(set, roots, { device, major, minor })
      for (const [i, [type, name, factor, help]] of COLUMNS.entries()) {
        const value = numberOf(columns[i])
        if (value !== undefined) set[type](`node_disk_${name}`, help, value * factor, { device })
      }
    }
    if (diskCount === 0 && knownCount === lines.length) throw new NoData(`${path} has no disk`)
  })
}
