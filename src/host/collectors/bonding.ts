import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { textOf } from '../sysfs.ts'

/** Bonds of network devices, and how many of their slaves have a link: the kernel's Documentation/networking/bonding.rst. */
export const createBondingCollector = ({ sys }: HostRoots): HostCollector => ({
  name: 'bonding',
  collect: () => {
    const devices = join(sys, 'class/net')
    const masters = textOf(join(devices, 'bonding_masters'))
    if (masters === undefined) throw new NoData('no bonds')
    const set = new FamilySet()
    for (const master of words(masters)) {
      const slaves = textOf(join(devices, master, 'bonding/slaves'))
      // The bond went away after it was listed.
      if (slaves === undefined) continue
      const states = words(slaves).map((slave) => linkState(join(devices, master), slave))
      const known = states.filter((state) => state !== undefined)
      const active = known.filter((state) => state === 'up').length
      set.gauge('node_bonding_slaves', 'Slaves that the bond has.', known.length, { master })
      set.gauge('node_bonding_active', 'Slaves of the bond whose link is up.', active, { master })
    }
    return set.families()
  },
})

/** The first kernels with this attribute called the link to the slave `slave_<name>`. */
function linkState(master: string, slave: string): string | undefined {
  const state = (link: string) => textOf(join(master, link, 'bonding_slave/mii_status'))
  return (state(`lower_${slave}`) ?? state(`slave_${slave}`))?.trim()
}

/** Names of network devices; none can leave the folder. */
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '' && !/[/\0]|^\.+$/.test(word))
