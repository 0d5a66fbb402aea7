import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { textOf } from '../sysfs.ts'

/** In the order in which os-release(5) looks for them. */
const FILES = ['etc/os-release', 'usr/lib/os-release']

// biome-ignore format: a table
const LABELS = [
  'build_id', 'id', 'id_like', 'image_id', 'image_version', 'name', 'pretty_name',
  'variant', 'variant_id', 'version', 'version_codename', 'version_id',
]

/** Which system this is: os-release(5). */
export const createOsCollector = ({ root }: HostRoots): HostCollector => ({
  name: 'os',
  collect: () => {
    const text = FILES.map((file) => textOf(join(root, file))).find((found) => found !== undefined)
    if (text === undefined) throw new NoData('no os-release')
    const release = parseOsRelease(text)
    const label = (name: string) => [name, release.get(name.toUpperCase()) ?? ''] as const
    const set = new FamilySet()
    set.gauge(
      'node_os_info',
      'Always 1; the labels are what os-release says.',
      1,
      Object.fromEntries(LABELS.map(label)),
    )
    const version = Number.parseFloat(/^\d+(\.\d+)?/.exec(release.get('VERSION_ID') ?? '')?.[0] ?? '')
    if (version > 0) {
      const labels = Object.fromEntries(['id', 'id_like', 'name'].map(label))
      set.gauge('node_os_version', 'First two parts of the version, as a number.', version, labels)
    }
    const end = Date.parse(/^\d{4}-\d\d-\d\d$/.exec(release.get('SUPPORT_END') ?? '')?.[0] ?? '') / 1000
    if (!Number.isNaN(end)) set.gauge('node_os_support_end_timestamp_seconds', 'When its support ends.', end)
    return set.families()
  },
})

/** Assignments as a shell would take them; other lines are left out. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [, name = '', raw = ''] of text.matchAll(/^\s*([A-Z][A-Z0-9_]*)=(.*)$/gm))
    values.set(name, unquoted(raw.trim()))
  return values
}

function unquoted(raw: string): string {
  const single = /^'([^']*)'/.exec(raw)
  if (single) return single[1] ?? ''
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(raw)
  if (double) return (double[1] ?? '').replace(/\\([$"\\`])/g, '$1')
  return raw.replace(/\s+#.*$/, '').replace(/\\(.)/g, '$1')
}
