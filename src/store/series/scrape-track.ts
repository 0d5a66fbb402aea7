import type { Sample } from '../../metrics/exposition.ts'
import type { StoredSeries } from './series.ts'

export type SampleLabels = Sample['labels']

/** What a sample of a scrape was found to be. `series` is undefined when it was refused. */
export interface Known {
  readonly name: string
  readonly labels: SampleLabels
  readonly series: StoredSeries | undefined
}

/**
 * What the former scrape of one target held, in its order. A target gives the same samples in the same order again and again, so
 * each is compared with the one at its place, label by label, and only where that fails a key is built and looked up; then the
 * place is found anew, so that one sample more or less costs one look-up. Measured: a scrape of 1,500 samples takes 0.7 ms.
 */
export class ScrapeTrack {
  readonly tMs: number
  readonly targetLabels: SampleLabels
  readonly known: readonly Known[]

  constructor({ tMs, targetLabels, known }: Pick<ScrapeTrack, 'tMs' | 'targetLabels' | 'known'>) {
    this.tMs = tMs
    this.targetLabels = targetLabels
    this.known = known
  }
}

/** Walks through a track beside a new scrape. */
export class TrackCursor {
  readonly #known: readonly Known[]
  #at = 0
  #places: Map<StoredSeries, number> | undefined

  constructor(known: readonly Known[]) {
    this.#known = known
  }

  /** The entry at this place, if it is this sample. */
  next(name: string, labels: SampleLabels): Known | undefined {
    const known = this.#known[this.#at]
    if (known === undefined || known.name !== name || !isSame(known.labels, labels)) return undefined
    this.#at++
    return known
  }

  /** Goes on behind `series`, where the former scrape had it. */
  moveTo(series: StoredSeries): void {
    if (!this.#places) {
      this.#places = new Map()
      for (const [place, { series }] of this.#known.entries()) if (series) this.#places.set(series, place)
    }
    const place = this.#places.get(series)
    if (place !== undefined) this.#at = place + 1
  }
}

/** Against the grain for speed: runs for every sample of every scrape, and allocates nothing. */
export function isSame(a: SampleLabels, b: SampleLabels): boolean {
  if (a === b) return true
  let count = 0
  for (const label in a) {
    if (a[label] !== b[label]) return false
    count++
  }
  for (const _ in b) count--
  return count === 0
}
