import { SampleRing, type Samples } from './ring.ts'

/** Sorted by name, frozen, without a prototype, and without empty values: in PromQL an empty label is an absent one. */
export type LabelSet = Readonly<Record<string, string>>

/** A series as readers see it. The object stays the same as long as the series is in the store, so it can be a key of a Map. */
export interface Series {
  /** The name of the samples, such as `http_request_duration_seconds_bucket`. */
  readonly name: string
  /** The type of their family: counter, gauge, untyped, histogram or summary. */
  readonly type: string
  readonly labels: LabelSet
  /** Name and labels as one text; equal for equal series, in memory and in the history. */
  readonly key: string
  readonly samples: Samples
}

/** Taken for a series besides its ring and its key: the object, its labels, its places in the index and among the scrapes (measured: 1.6 KB with its key). */
const SERIES_BYTES = 1400

/** A series as the store writes it. */
export class StoredSeries implements Series {
  readonly name: string
  type: string
  readonly labels: LabelSet
  readonly key: string
  readonly samples: SampleRing
  /** The last scrape that had a sample of it. */
  round = 0
  /** In the index; not any more when its samples were too old. */
  isListed = true

  constructor({ name, type, labels, key }: Omit<Series, 'samples'>, capacity: number) {
    this.samples = new SampleRing(capacity)
    this.name = name
    this.type = type
    this.labels = labels
    this.key = key
  }

  /** What it takes without its samples. */
  get ownBytes(): number {
    return SERIES_BYTES + 2 * this.key.length
  }
}

/** `pairs` as a label set. Of two with one name the first counts. */
export function labelSetOf(pairs: Iterable<readonly [name: string, value: string]>): LabelSet {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) if (value !== '' && !values.has(name)) values.set(name, value)
  const labels: Record<string, string> = Object.create(null)
  for (const name of [...values.keys()].sort()) labels[name] = values.get(name) ?? ''
  return Object.freeze(labels)
}

/** As JSON: no value can look like the end of another, and lone surrogates survive. */
export function seriesKey(name: string, labels: LabelSet): string {
  const words = [name]
  for (const label in labels) words.push(label, labels[label] ?? '')
  return JSON.stringify(words)
}

/** What `seriesKey` was made of. */
export function parseSeriesKey(key: string): { name: string; labels: LabelSet } {
  const [name = '', ...words] = JSON.parse(key) as string[]
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < words.length; i += 2) pairs.push([words[i] ?? '', words[i + 1] ?? ''])
  return { name, labels: labelSetOf(pairs) }
}
