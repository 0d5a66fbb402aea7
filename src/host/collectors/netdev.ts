import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, readNumber, wordsOf } from '../files.ts'

/** `netdev`: what each network device received and sent, from /proc/net/dev (proc(5)). */

const RECEIVED = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast']
const SENT = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed']
const KEYS = [...RECEIVED.map((key) => `receive_${key}`), ...SENT.map((key) => `transmit_${key}`)]
const COLUMNS = KEYS.map((key) => [`node_network_${key}_total`, `Statistic ${key} of the network device.`] as const)

export function createNetdevCollector({ proc, sys }: HostRoots): HostCollector {
  return fileCollector('netdev', (set) => {
    for (const line of readLines(`${proc}/net/dev`)) {
      // The two lines of headings have no colon; a number may follow the colon without a blank.
      const colon = line.lastIndexOf(':')
      const values = colon < 0 ? [] : wordsOf(line.slice(colon + 1)).map(numberOf)
      if (values.length < COLUMNS.length) continue
      const device = line.slice(0, colon).trim()
      const labels = { device }
      for (const [i, [name, help]] of COLUMNS.entries()) {
        const value = values[i]
        if (value !== undefined) set.counter(name, help, value, labels)
      }
      // Not in the file; node_exporter has it from netlink.
      const nohandler = readNumber(`${sys}/class/net/${device}/statistics/rx_nohandler`)
      if (nohandler === undefined) continue
      const help = 'Packets received by a device that is not in use, such as the spare of a bond.'
      set.counter('node_network_receive_nohandler_total', help, nohandler, labels)
    }
  })
}
