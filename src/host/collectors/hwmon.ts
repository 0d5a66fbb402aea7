import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { byNumber, DriverFiles, namesIn } from '../sysfs.ts'
import { parseSensorFile, readingOf, type SensorFile } from './hwmon-names.ts'

/**
 * Sensors of chips: temperatures, fans, voltages, power. Each chip is a folder of small files, and reading one asks its driver, which asks the
 * hardware: Documentation/hwmon/sysfs-interface.rst.
 */
export function createHwmonCollector({ sys }: HostRoots): HostCollector {
  const files = new DriverFiles()
  return {
    name: 'hwmon',
    collect: async (signal) => {
      const folder = join(sys, 'class/hwmon')
      const names = namesIn(folder)
      if (names === undefined || names.length === 0) throw new NoData('no sensors')
      const set = new FamilySet()
      const seen = new Set<string>()
      for (const name of names) await addChip(set, { path: join(folder, name), files, seen, signal })
      return set.families()
    },
  }
}

interface Chip {
  readonly path: string
  readonly files: DriverFiles
  /** Chips by their name: of two on one device, only the first is shown, since their series could not be told apart. */
  readonly seen: Set<string>
  readonly signal: AbortSignal
}

async function addChip(set: FamilySet, { path, files, seen, signal }: Chip): Promise<void> {
  const given = clean((await files.textOf(join(path, 'name'), signal)) ?? '')
  const chip = await nameOf(path, given)
  if (chip === undefined || seen.has(chip)) return
  seen.add(chip)
  if (given !== '') {
    const labels = { chip, chip_name: given }
    set.gauge('node_hwmon_chip_names', 'Always 1; chip_name is what the driver calls the chip.', 1, labels)
  }
  for (const [sensor, parts] of Map.groupBy(await sensorFiles(path), sensorOf)) {
    const texts = new Map<string, string>()
    for (const { property, path } of parts) {
      const text = await files.textOf(path, signal)
      if (text !== undefined) texts.set(property, text.replace(/^\n+|\n+$/g, ''))
    }
    const label = texts.get('label')
    if (label !== undefined) {
      set.gauge('node_hwmon_sensor_label', 'Always 1; label is what the sensor is called.', 1, { chip, sensor, label })
    }
    for (const { property, type } of parts) {
      const text = texts.get(property)
      const reading = text === undefined ? undefined : readingOf({ type, property, text, hasValue: texts.has('') })
      if (reading?.isCounter) set.counter(reading.family, reading.help, reading.value, { chip, sensor })
      else if (reading) set.gauge(reading.family, reading.help, reading.value, { chip, sensor })
    }
  }
}

const sensorOf = ({ type, number }: SensorFile): string => `${type}${number}`

/** The files of a chip; drivers from before Linux 3.x keep them in the folder of the device. */
async function sensorFiles(chip: string): Promise<(SensorFile & { readonly path: string })[]> {
  const byName = new Map<string, string>()
  for (const folder of [join(chip, 'device'), chip]) {
    for (const entry of await entriesOf(folder))
      if (!entry.isDirectory()) byName.set(entry.name, join(folder, entry.name))
  }
  return [...byName]
    .sort(([a], [b]) => byNumber(a, b))
    .flatMap(([name, path]) => {
      const parsed = parseSensorFile(name)
      return parsed ? [{ ...parsed, path }] : []
    })
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  // No such folder, or not ours to read: no sensors in it.
  return readdir(folder, { withFileTypes: true }).catch(() => [])
}

/**
 * A name that stays the same over reboots, as hwmon0 does not: the last two parts of the device's real path (`platform_coretemp_0`), else what the
 * driver says, else the folder's own.
 */
async function nameOf(chip: string, given: string): Promise<string | undefined> {
  const device = await realpath(join(chip, 'device')).catch(() => undefined)
  const parts = device === undefined ? [] : [clean(basename(dirname(device))), clean(basename(device))]
  if (parts[1]) return parts.filter((part) => part !== '').join('_')
  if (given !== '') return given
  const own = await realpath(chip).catch(() => undefined)
  return own === undefined ? undefined : clean(basename(own)) || undefined
}

function clean(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '')
}
