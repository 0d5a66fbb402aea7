import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { DriverFiles, namesIn, numberIn } from '../sysfs.ts'

/** Temperatures the kernel acts on, and what it does against heat: Documentation/driver-api/thermal/sysfs-api.rst. */
export function createThermalZoneCollector({ sys }: HostRoots): HostCollector {
  const files = new DriverFiles()
  return {
    name: 'thermal_zone',
    collect: async (signal) => {
      const folder = join(sys, 'class/thermal')
      const names = (namesIn(folder) ?? []).filter((name) => PLACE.test(name))
      if (names.length === 0) throw new NoData('no thermal zones')
      const set = new FamilySet()
      for (const name of names) {
        const number = name.replace(PLACE, '')
        const read = (file: string) => files.textOf(join(folder, name, file), signal)
        const type = (await read('type'))?.trim()
        if (type === undefined) continue
        const gauge = async (file: string, { family, help, labels, scale }: Reading): Promise<void> => {
          const value = numberIn(await read(file))
          if (value !== undefined) set.gauge(family, help, value / scale, labels)
        }
        if (name.startsWith('thermal_zone')) {
          await gauge('temp', { ...TEMPERATURE, labels: { type, zone: number } })
        } else {
          await gauge('cur_state', { ...COOLING_NOW, labels: { name: number, type } })
          await gauge('max_state', { ...COOLING_MOST, labels: { name: number, type } })
        }
      }
      return set.families()
    },
  }
}

const PLACE = /^(thermal_zone|cooling_device)(?=\d+$)/

interface Reading {
  readonly family: string
  readonly help: string
  readonly labels: Readonly<Record<string, string>>
  readonly scale: number
}

const TEMPERATURE = { family: 'node_thermal_zone_temp', help: 'Temperature of the zone in Celsius.', scale: 1000 }
const COOLING_NOW = { family: 'node_cooling_device_cur_state', help: 'How hard the device cools now.', scale: 1 }
const COOLING_MOST = { family: 'node_cooling_device_max_state', help: 'How hard the device can cool.', scale: 1 }
