import type { FamilySamples } from './exposition.ts'

/** Families that come and go with what they tell of: the host's, the probes'. */
export interface MetricsPart {
  readonly name: string
  /** What a Prometheus that scrapes this target adds to every series that does not say it itself: job and instance. */
  readonly labels: () => Readonly<Record<string, string>>
  readonly families: () => readonly FamilySamples[]
}

export interface Scrape {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly families: readonly FamilySamples[]
}

export interface FamilyDescription {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

const OWN_PREFIX = /^(obs_agent|probe)_/

/** Whether the agent itself has a family of this name, or would show a sample of one under it. */
export function isOwnName(name: string, families: readonly FamilyDescription[]): boolean {
  return OWN_PREFIX.test(name) || families.some((family) => isOf(name, family))
}

function isOf(name: string, { name: family, type }: FamilyDescription): boolean {
  if (type !== 'histogram' && type !== 'summary') return name === family
  return name === family || [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name)
}
