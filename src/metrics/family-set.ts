import type { FamilySamples, Sample } from './exposition.ts'

export type SampleLabels = Readonly<Record<string, string>>
export type FamilyType = 'counter' | 'gauge' | 'untyped' | 'histogram' | 'summary'

interface Family {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  readonly samples: Sample[]
}

const NONE: SampleLabels = {}

/** Families made anew at every sample, in the order in which they are first named. The name tells the unit: `_seconds`, `_bytes`. */
export class FamilySet {
  readonly #byName = new Map<string, Family>()

  counter(name: string, help: string, value: number, labels: SampleLabels = NONE): void {
    this.#add(name, 'counter', help, { name, labels, value })
  }

  gauge(name: string, help: string, value: number, labels: SampleLabels = NONE): void {
    this.#add(name, 'gauge', help, { name, labels, value })
  }

  untyped(name: string, help: string, value: number, labels: SampleLabels = NONE): void {
    this.#add(name, 'untyped', help, { name, labels, value })
  }

  families(): readonly FamilySamples[] {
    return [...this.#byName.values()]
  }

  #add(name: string, type: FamilyType, help: string, sample: Sample): void {
    const family = this.#byName.get(name)
    if (family) family.samples.push(sample)
    else this.#byName.set(name, { name, type, help, samples: [sample] })
  }
}

/** Families of several parts as one list: each name once, with the samples of all. The first to name it says its type and help. */
export function mergeFamilies(parts: Iterable<readonly FamilySamples[]>): FamilySamples[] {
  const byName = new Map<string, FamilySamples>()
  for (const families of parts) {
    for (const family of families) {
      const known = byName.get(family.name)
      byName.set(family.name, known ? { ...known, samples: [...known.samples, ...family.samples] } : family)
    }
  }
  return [...byName.values()]
}
