import type { BucketCounts } from './buckets.ts'

export type Labels<L extends string> = { readonly [label in L]: string }

/** Only grows. */
export interface Counter<L extends string> {
  inc(labels: Labels<L>, by?: number): void
  /** Takes over a total that is kept elsewhere. One that went down (its thread began anew) is a counter reset, as Prometheus knows it. */
  mirror(labels: Labels<L>, total: number): void
}

export interface Gauge<L extends string> {
  set(labels: Labels<L>, value: number): void
  /** 1 for `labels`, and 0 for the other values of the label whose values are listed: a state, given as one series each. */
  select(labels: Labels<L>): void
  /** 1 for `labels`, and every other series of the family is gone: a fact that is told in labels. */
  tell(labels: Labels<L>): void
}

export interface Histogram<L extends string> {
  observe(labels: Labels<L>, value: number): void
  /** Takes over counts that are kept elsewhere, by this family's own bounds. A series is either observed or mirrored. */
  mirror(labels: Labels<L>, totals: BucketCounts): void
}

export interface Summary<L extends string> {
  observe(labels: Labels<L>, value: number): void
}

/**
 * Which values a label is born with, so that a series is 0 before anything happens and `rate()` sees the first event:
 * `source` and `output` stand for each configured one, a list for the values in it, and `any` for what nobody knows
 * beforehand (a family with such a label is born empty).
 */
export type LabelDomain = 'source' | 'output' | 'any' | readonly string[]
export type LabelDomains = Readonly<Record<string, LabelDomain>>
type Named<D> = keyof D & string

/** What makes metrics, one call each. */
export interface MetricMaker {
  counter<D extends LabelDomains>(name: string, labels: D, help: string): Counter<Named<D>>
  gauge<D extends LabelDomains>(name: string, labels: D, help: string): Gauge<Named<D>>
  histogram<D extends LabelDomains>(
    name: string,
    labels: D,
    rest: { help: string; buckets: readonly number[] },
  ): Histogram<Named<D>>
  summary<D extends LabelDomains>(name: string, labels: D, help: string): Summary<Named<D>>
}

/** Every combination of values a family is born with; none when a label's values are not known. */
export function bornWith(
  domains: LabelDomains,
  known: { readonly source?: string; readonly output?: string },
): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}]
  for (const [label, domain] of Object.entries(domains)) {
    const values = typeof domain === 'string' ? valuesOf(domain, known) : domain
    combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
  }
  return combinations
}

function valuesOf(domain: 'source' | 'output' | 'any', known: { source?: string; output?: string }): string[] {
  const value = domain === 'any' ? undefined : known[domain]
  return value === undefined ? [] : [value]
}
