import type { Series, StoredSeries } from './series.ts'

/** One condition on a label; `matches` is given an empty text when the series has no such label. */
export interface LabelMatcher {
  readonly label: string
  readonly matches: (value: string) => boolean
  /** The one text that matches, where the condition is an equality: then an index can be used. */
  readonly equals?: string
}

/** The series of one name. */
export interface NameGroup {
  readonly name: string
  readonly series: Set<StoredSeries>
  /** How long its samples are kept. */
  retentionMs: number
  /** By label and value; made when first asked for, and dropped when a series comes or goes. */
  postings: Map<string, Map<string, StoredSeries[]>> | undefined
}

/** Below this many series of a name, looking at each is as fast as any index. */
const MIN_POSTINGS = 64

/** Which series there are, by name and by label. */
export class SeriesIndex {
  readonly #byName = new Map<string, NameGroup>()
  readonly #byKey = new Map<string, StoredSeries>()

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): StoredSeries | undefined {
    return this.#byKey.get(key)
  }

  group(name: string): NameGroup | undefined {
    return this.#byName.get(name)
  }

  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  groups(): IterableIterator<NameGroup> {
    return this.#byName.values()
  }

  all(): IterableIterator<StoredSeries> {
    return this.#byKey.values()
  }

  add(series: StoredSeries, retentionMs: number): void {
    const { name, key } = series
    const group = this.#byName.get(name) ?? { name, series: new Set(), retentionMs, postings: undefined }
    this.#byName.set(name, group)
    group.series.add(series)
    group.postings = undefined
    this.#byKey.set(key, series)
    series.isListed = true
  }

  remove(series: StoredSeries): void {
    this.#byKey.delete(series.key)
    series.isListed = false
    const group = this.#byName.get(series.name)
    if (!group) return
    group.series.delete(series)
    group.postings = undefined
    if (group.series.size === 0) this.#byName.delete(series.name)
  }

  select(name: string, matchers: readonly LabelMatcher[]): Series[] {
    const group = this.#byName.get(name)
    if (!group) return []
    const found: Series[] = []
    for (const series of candidates(group, matchers)) if (matchesAll(series.labels, matchers)) found.push(series)
    return found
  }
}

export function matchesAll(labels: Series['labels'], matchers: readonly LabelMatcher[]): boolean {
  for (const { label, matches } of matchers) if (!matches(labels[label] ?? '')) return false
  return true
}

/** The fewest series among which all that match are. */
function candidates(group: NameGroup, matchers: readonly LabelMatcher[]): Iterable<StoredSeries> {
  if (group.series.size <= MIN_POSTINGS) return group.series
  let least: Iterable<StoredSeries> = group.series
  let count = group.series.size
  for (const { label, equals } of matchers) {
    if (equals === undefined || equals === '') continue
    const posting = postingsOf(group, label).get(equals) ?? []
    if (posting.length < count) {
      least = posting
      count = posting.length
    }
  }
  return least
}

function postingsOf(group: NameGroup, label: string): Map<string, StoredSeries[]> {
  group.postings ??= new Map()
  let byValue = group.postings.get(label)
  if (!byValue) {
    byValue = new Map()
    for (const series of group.series) {
      const value = series.labels[label]
      if (value === undefined) continue
      const posting = byValue.get(value)
      if (posting) posting.push(series)
      else byValue.set(value, [series])
    }
    group.postings.set(label, byValue)
  }
  return byValue
}
