import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type HostCollector, type HostRoots, NoData } from '../../src/host/collector.ts'
import type { StatFs } from '../../src/host/collectors/filesystem.ts'
import { linuxCollectors } from '../../src/host/linux.ts'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { mergeFamilies } from '../../src/metrics/family-set.ts'
import type { Clock } from '../../src/run/clock.ts'

/** Recorded hosts: folders of `fixtures/host`, each with what the collectors read of /proc, /sys and /run, and what statfs says in `statfs.json`. */
export const MACHINES = ['many-cores', 'no-swap', 'raid-bond', 'container'] as const
export type Machine = (typeof MACHINES)[number]

export const NOW_MS = Date.UTC(2024, 5, 1, 12)
/** The hour of the records. */
export const stoppedClock: Clock = { nowMs: () => NOW_MS, monotonicMs: () => 0, sleep: async () => {} }

export const folderOf = (machine: Machine): string => join(import.meta.dirname, '../fixtures/host', machine)

export function rootsOf(machine: Machine): HostRoots {
  const root = folderOf(machine)
  return { proc: join(root, 'proc'), sys: join(root, 'sys'), root }
}

/** Answers as the machine did. A mount it has no answer for was broken. */
export function statfsOf(machine: Machine): (path: string) => Promise<StatFs> {
  const root = folderOf(machine)
  const known = JSON.parse(readFileSync(join(root, 'statfs.json'), 'utf8')) as Record<string, StatFs>
  return async (path) => {
    const stat = known[path.slice(root.length)]
    if (stat === undefined)
      throw Object.assign(new Error(`EIO: i/o error, statfs '${path}'`), { errno: -5, code: 'EIO' })
    return stat
  }
}

export function collectorsOf(machine: Machine, hasNetworkFilesystems = false): readonly HostCollector[] {
  const deps = { clock: stoppedClock, statfs: statfsOf(machine) }
  return linuxCollectors(rootsOf(machine), { hasNetworkFilesystems }, deps)
}

export interface Round {
  readonly families: readonly FamilySamples[]
  /** Names of the collectors that have no data here. */
  readonly absent: readonly string[]
  readonly failures: readonly Error[]
}

/** All collectors once, as the agent does. */
export async function roundOf(collectors: readonly HostCollector[]): Promise<Round> {
  const parts: (readonly FamilySamples[])[] = []
  const absent: string[] = []
  const failures: Error[] = []
  for (const { name, collect } of collectors) {
    try {
      parts.push(await collect(new AbortController().signal))
    } catch (error) {
      if (error instanceof NoData) absent.push(name)
      else if (error instanceof Error) failures.push(error)
      else throw error
    }
  }
  return { families: mergeFamilies(parts), absent, failures }
}

/** Samples by their line without the value, labels in the order of their names. */
export function seriesOf(families: readonly FamilySamples[]): Map<string, number> {
  const series = new Map<string, number>()
  for (const { samples } of families) {
    for (const { name, labels, value } of samples) series.set(keyOf(name, labels), value)
  }
  return series
}

/** An empty label is the same as none. */
export function keyOf(name: string, labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '')
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(String(value))}`).sort()}}`
}

/** A copy that a test may change. Without the sensors: their links lead in circles, one of them on purpose. */
export function copyMachine(machine: Machine, to: string): void {
  cpSync(folderOf(machine), to, { recursive: true, filter: (path) => !path.includes('hwmon') })
}
