import type { FamilySamples, Sample } from '../metrics/exposition.ts'

/** What health needs to know of this host, from what was sampled of it. */

export interface MountUsage {
  readonly mountpoint: string
  readonly fstype: string
  readonly isReadOnly: boolean
  /** As df(1) shows it: what is kept for root counts as neither used nor free. 0 for a file system without blocks. */
  readonly usedRatio: number
}

/**
 * One for each file system that was measured: of several mounts of one (bind mounts, subvolumes) the one with the shortest
 * mount point. In the order of the samples.
 */
export function mountUsages(families: readonly FamilySamples[]): readonly MountUsage[] {
  const sizes = byMount(families, 'node_filesystem_size_bytes')
  const frees = byMount(families, 'node_filesystem_free_bytes')
  const avails = byMount(families, 'node_filesystem_avail_bytes')
  const readonlys = byMount(families, 'node_filesystem_readonly')
  const infos = byMount(families, 'node_filesystem_mount_info')
  const found = new Map<string, MountUsage>()
  for (const [mountpoint, { labels, value: size }] of sizes) {
    const free = frees.get(mountpoint)?.value
    const avail = avails.get(mountpoint)?.value
    if (free === undefined || avail === undefined) continue
    const info = infos.get(mountpoint)?.labels
    const identity = info ? `${info.major}:${info.minor}` : mountpoint
    const known = found.get(identity)
    if (known !== undefined && known.mountpoint.length <= mountpoint.length) continue
    found.set(identity, {
      mountpoint,
      fstype: String(labels.fstype),
      isReadOnly: readonlys.get(mountpoint)?.value === 1,
      usedRatio: ratio(size - free, size - free + avail),
    })
  }
  return [...found.values()]
}

/** Mounts that could not be measured, and why. */
export function stuckMounts(families: readonly FamilySamples[]): readonly { mountpoint: string; reason: string }[] {
  return samplesOf(families, 'node_filesystem_device_error')
    .filter(({ value }) => value === 1)
    .map(({ labels }) => ({ mountpoint: String(labels.mountpoint), reason: String(labels.device_error ?? 'an error') }))
}

/** Share of the memory that programs cannot get. Undefined before Linux 3.14, which does not tell. */
export function memoryUsedRatio(families: readonly FamilySamples[]): number | undefined {
  const total = firstOf(families, 'node_memory_MemTotal_bytes')
  const available = firstOf(families, 'node_memory_MemAvailable_bytes')
  if (total === undefined || available === undefined || total <= 0) return undefined
  return ratio(total - available, total)
}

/** Kept within 0 and 1: the numbers are not read at one moment. */
const ratio = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)

const samplesOf = (families: readonly FamilySamples[], name: string): readonly Sample[] =>
  families.find((family) => family.name === name)?.samples ?? []

const firstOf = (families: readonly FamilySamples[], name: string): number | undefined =>
  samplesOf(families, name)[0]?.value

const byMount = (families: readonly FamilySamples[], name: string): ReadonlyMap<string, Sample> =>
  new Map(samplesOf(families, name).map((sample) => [String(sample.labels.mountpoint), sample]))
