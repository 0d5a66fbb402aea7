import type { SeriesIdentity } from './series-reader.ts'

/** A number that may be answered. */
export interface Candidate {
  readonly series: SeriesIdentity
  readonly tMs: number
  readonly value: number
}

/** Keeps the newest `limit` of all candidates, and counts them all. Those of one time are in the order of their series' keys. */
export class Newest {
  readonly #limit: number
  #kept: Candidate[] = []
  /** Older ones need not be kept. */
  #leastMs = Number.NEGATIVE_INFINITY
  #total = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get total(): number {
    return this.#total
  }

  add(candidate: Candidate): void {
    this.#total++
    if (candidate.tMs < this.#leastMs) return
    this.#kept.push(candidate)
    if (this.#kept.length >= 4 * this.#limit) this.#cut()
  }

  /** Newest first. */
  list(): readonly Candidate[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept.sort((a, b) => b.tMs - a.tMs || (a.series.key < b.series.key ? -1 : a.series.key > b.series.key ? 1 : 0))
    this.#kept = this.#kept.slice(0, this.#limit)
    if (this.#kept.length === this.#limit) this.#leastMs = this.#kept.at(-1)?.tMs ?? this.#leastMs
  }
}
