import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, readOptional, wholeLines, wordsOf } from '../files.ts'

/** `netstat`: counters of the network protocols, from /proc/net/netstat, snmp and snmp6. */

/** What node_exporter shows by default, of about 500. */
const WANTED =
  /^(?:.*_(?:InErrors|InErrs)|Ip_Forwarding|Ip(?:6|Ext)_(?:InOctets|OutOctets)|Icmp6?_(?:InMsgs|OutMsgs)|TcpExt_(?:Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(?:ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(?:InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/

interface Column {
  readonly index: number
  readonly name: string
  readonly help: string
}

export function createNetstatCollector({ proc }: HostRoots): HostCollector {
  // Headings change with the kernel only, so what is wanted of each is found out once.
  const chosen = new Map<string, readonly Column[]>()
  const columnsOf = (heading: string): readonly Column[] => {
    const known = chosen.get(heading)
    if (known !== undefined) return known
    // A file that changes all the time is not the kernel's; it must not fill the memory.
    if (chosen.size >= 256) chosen.clear()
    const columns = wantedOf(heading)
    chosen.set(heading, columns)
    return columns
  }
  return fileCollector('netstat', (set) => {
    for (const file of ['netstat', 'snmp']) {
      const lines = readLines(`${proc}/net/${file}`)
      for (let i = 0; i + 1 < lines.length; i += 2) {
        const [heading = '', values = ''] = [lines[i], lines[i + 1]]
        const columns = columnsOf(heading)
        if (columns.length === 0 || !values.startsWith(heading.slice(0, heading.indexOf(':') + 1))) continue
        const words = wordsOf(values)
        for (const { index, name, help } of columns) {
          const value = numberOf(words[index])
          if (value !== undefined) set.untyped(name, help, value)
        }
      }
    }
    // Absent when IPv6 is switched off. One pair of name and value a line.
    for (const line of wholeLines(readOptional(`${proc}/net/snmp6`) ?? '')) {
      const [key = '', word] = wordsOf(line)
      const [column] = columnsOf(key)
      const value = numberOf(word)
      if (column !== undefined && value !== undefined) set.untyped(column.name, column.help, value)
    }
  })
}

/** `heading`: `Tcp: RtoAlgorithm RtoMin …`, or a name of snmp6: `Udp6InDatagrams`. */
function wantedOf(heading: string): readonly Column[] {
  const [head = '', ...names] = wordsOf(heading)
  if (!head.endsWith(':')) {
    const six = head.indexOf('6') + 1
    return six === 0 ? [] : [columnOf(head.slice(0, six), head.slice(six), 1)].filter(isWanted)
  }
  return names.map((name, i) => columnOf(head.slice(0, -1), name, i + 1)).filter(isWanted)
}

function columnOf(protocol: string, field: string, index: number): Column {
  return { index, name: `node_netstat_${protocol}_${field}`, help: `Counter ${field} of ${protocol}.` }
}

const isWanted = ({ name }: Column): boolean => /^\w+$/.test(name) && WANTED.test(name.slice('node_netstat_'.length))
