import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { fileCollector, hexOf, readNumber, readOptional, wholeLines, wordsOf } from '../files.ts'

/** `conntrack`: the table of connections that the firewall tracks. Absent when the module nf_conntrack is not loaded. */

/** Columns of /proc/net/stat/nf_conntrack, by the names in its first line. node_exporter has them as gauges. */
const STATS = new Map([
  ['found', 'Entries that were searched for and found.'],
  ['invalid', 'Packets that cannot be tracked.'],
  ['ignore', 'Packets that belong to no tracked connection on purpose.'],
  ['insert', 'Entries put into the table.'],
  ['insert_failed', 'Entries that could not be put into the table.'],
  ['drop', 'Packets dropped because tracking failed.'],
  ['early_drop', 'Entries dropped to make room when the table was full.'],
  ['search_restart', 'Searches begun anew because the table was resized.'],
])

export function createConntrackCollector({ proc }: HostRoots): HostCollector {
  const folder = `${proc}/sys/net/netfilter`
  return fileCollector('conntrack', (set) => {
    const entries = readNumber(`${folder}/nf_conntrack_count`)
    const limit = readNumber(`${folder}/nf_conntrack_max`)
    if (entries === undefined || limit === undefined) throw new NoData(`${folder}/nf_conntrack_count is not there`)
    set.gauge('node_nf_conntrack_entries', 'Connections in the table.', entries)
    set.gauge('node_nf_conntrack_entries_limit', 'Connections the table can hold.', limit)
    for (const [column, sum] of sumsOf(readOptional(`${proc}/net/stat/nf_conntrack`) ?? '')) {
      const help = STATS.get(column)
      if (help !== undefined) set.gauge(`node_nf_conntrack_stat_${column}`, help, sum)
    }
  })
}

/** The columns summed over the CPUs, each of which has a line of hexadecimal numbers. */
function sumsOf(text: string): Map<string, number> {
  const [header = '', ...cpus] = wholeLines(text)
  const columns = wordsOf(header)
  const rows = cpus.map((line) => wordsOf(line).map(hexOf)).filter((row) => row.length === columns.length)
  const sums = new Map<string, number>()
  if (rows.length === 0) return sums
  for (const [i, column] of columns.entries()) {
    sums.set(
      column,
      rows.reduce((sum, row) => sum + (row[i] ?? 0), 0),
    )
  }
  return sums
}
