import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { textOf } from '../sysfs.ts'

/** Files by the label they fill. Serial numbers and the UUID, which only root can read, stay out: they name one machine, and tell nothing of it. */
const LABELS: readonly (readonly [label: string, file: string])[] = [
  ...['bios_date', 'bios_release', 'bios_vendor', 'bios_version', 'board_asset_tag', 'board_name', 'board_vendor'],
  ...['board_version', 'chassis_asset_tag', 'chassis_vendor', 'chassis_version', 'product_family', 'product_name'],
  ...['product_sku', 'product_version', 'system_vendor'],
].map((label) => [label, label === 'system_vendor' ? 'sys_vendor' : label])

/** What the firmware says of the machine. It changes with a reboot at most. */
export const createDmiCollector = ({ sys }: HostRoots): HostCollector => ({
  name: 'dmi',
  everyMs: 600_000,
  collect: () => {
    const labels: Record<string, string> = {}
    for (const [label, file] of LABELS) {
      const text = readable(join(sys, 'class/dmi/id', file))
      if (text !== undefined) labels[label] = text.trim()
    }
    if (Object.keys(labels).length === 0) throw new NoData('no DMI')
    const set = new FamilySet()
    set.gauge('node_dmi_info', 'Always 1; the labels are what the firmware says of the machine.', 1, labels)
    return set.families()
  },
})

function readable(path: string): string | undefined {
  try {
    return textOf(path)
  } catch {
    // Not ours to read: the label is left out.
    return undefined
  }
}
