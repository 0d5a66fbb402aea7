import { join } from 'node:path'
import { FamilySet, type SampleLabels } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { namesIn, numberIn, textOf } from '../sysfs.ts'

/** Errors that memory controllers have corrected, or could not: the kernel's Documentation/admin-guide/RAS/main.rst. */
export const createEdacCollector = ({ sys }: HostRoots): HostCollector => ({
  name: 'edac',
  collect: () => {
    const folder = join(sys, 'devices/system/edac/mc')
    const controllers = numbered(folder, 'mc')
    if (controllers.length === 0) throw new NoData('no memory controller counts errors')
    const set = new FamilySet()
    for (const { number: controller, path } of controllers) {
      for (const { file, family, help } of COUNTS)
        count(set, { path: join(path, file), family, help, labels: { controller } })
      for (const { file, family, help } of ROW_COUNTS) {
        const whole = join(path, file.replace('_', '_noinfo_'))
        count(set, { path: whole, family, help, labels: { controller, csrow: 'unknown' } })
        for (const row of numbered(path, 'csrow')) {
          count(set, { path: join(row.path, file), family, help, labels: { controller, csrow: row.number } })
        }
      }
    }
    return set.families()
  },
})

// biome-ignore format: a table
const COUNTS = [
  { file: 'ce_count', family: 'node_edac_correctable_errors_total', help: 'Memory errors that were corrected.' },
  { file: 'ue_count', family: 'node_edac_uncorrectable_errors_total', help: 'Memory errors that could not be corrected.' },
]
// biome-ignore format: a table
const ROW_COUNTS = [
  { file: 'ce_count', family: 'node_edac_csrow_correctable_errors_total', help: 'Memory errors that were corrected, by row of chips; unknown: which row is not known.' },
  { file: 'ue_count', family: 'node_edac_csrow_uncorrectable_errors_total', help: 'Memory errors that could not be corrected, by row of chips; unknown: which row is not known.' },
]

/** The folders `<prefix>0`, `<prefix>1` … with their numbers. */
function numbered(folder: string, prefix: string): { number: string; path: string }[] {
  const names = (namesIn(folder) ?? []).filter(
    (name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)),
  )
  return names.map((name) => ({ number: name.slice(prefix.length), path: join(folder, name) }))
}

function count(set: FamilySet, one: { path: string; family: string; help: string; labels: SampleLabels }): void {
  const value = countIn(one.path)
  if (value !== undefined) set.counter(one.family, one.help, value, one.labels)
}

/** A counter that cannot be read costs only itself: the others of a controller that fails are the more worth having. */
function countIn(path: string): number | undefined {
  try {
    return numberIn(textOf(path))
  } catch {
    return undefined
  }
}
