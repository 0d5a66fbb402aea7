import { readdirSync } from 'node:fs'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { fileCollector, numberOf, readOptional } from '../files.ts'

/** `netclass`: the properties of each network device, from /sys/class/net (https://docs.kernel.org/admin-guide/abi-testing.html). */

/** File, type and name of the properties that are numbers. A device that lacks one, or refuses to tell it while it is down, has no sample of it. */
const PROPERTIES = [
  ['addr_assign_type', 'gauge', 'address_assign_type'],
  ['carrier', 'gauge', 'carrier'],
  ['carrier_changes', 'counter', 'carrier_changes_total'],
  ['carrier_up_count', 'counter', 'carrier_up_changes_total'],
  ['carrier_down_count', 'counter', 'carrier_down_changes_total'],
  ['dev_id', 'gauge', 'device_id'],
  ['dormant', 'gauge', 'dormant'],
  ['flags', 'gauge', 'flags'],
  ['ifindex', 'gauge', 'iface_id'],
  ['iflink', 'gauge', 'iface_link'],
  ['link_mode', 'gauge', 'iface_link_mode'],
  ['mtu', 'gauge', 'mtu_bytes'],
  ['name_assign_type', 'gauge', 'name_assign_type'],
  ['netdev_group', 'gauge', 'net_dev_group'],
  ['speed', 'gauge', 'speed_bytes'],
  ['tx_queue_len', 'gauge', 'transmit_queue_length'],
  ['type', 'gauge', 'protocol_type'],
] as const

/** `speed` is in Mbit/s. */
const BYTES_PER_MBIT = 1e6 / 8
/** IFF_UP of `flags`: the device is switched on. */
const IFF_UP = 1

export function createNetclassCollector({ sys }: HostRoots): HostCollector {
  const folder = `${sys}/class/net`
  return fileCollector('netclass', (set) => {
    for (const device of devicesOf(folder)) {
      const read = (file: string): string => readOptional(`${folder}/${device}/${file}`)?.trim() ?? ''
      const operstate = read('operstate')
      const labels = { device }
      let flags: number | undefined
      set.gauge('node_network_up', 'Whether operstate is up.', operstate === 'up' ? 1 : 0, labels)
      for (const [file, type, property] of PROPERTIES) {
        const value = numberOf(read(file))
        if (file === 'flags') flags = value
        // -1 is a speed that is not known.
        if (value === undefined || (file === 'speed' && value < 0)) continue
        const scaled = file === 'speed' ? value * BYTES_PER_MBIT : value
        set[type](`node_network_${property}`, `Property ${file} of the network device.`, scaled, labels)
      }
      set.gauge('node_network_info', 'What of the network device is not a number; always 1.', 1, {
        address: read('address'),
        adminstate: flags === undefined ? 'unknown' : (flags & IFF_UP) === 0 ? 'down' : 'up',
        broadcast: read('broadcast'),
        device,
        duplex: read('duplex'),
        ifalias: read('ifalias'),
        operstate,
      })
    }
  })
}

/** The devices are links to folders; what is a file in there (bonding_masters) is none. */
function devicesOf(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => !entry.isFile()).map((entry) => entry.name)
  } catch {
    throw new NoData(`${folder} is not there`)
  }
}
