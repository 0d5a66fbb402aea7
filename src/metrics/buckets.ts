import type { Sample } from './exposition.ts'

/*
 * Upper bounds in seconds. They are here, apart from prom-client, for the ingest thread, which must not load it.
 */

/** A commit with a full sync takes 0.4–1.5 ms on a local disk; above 5 s /health is degraded. */
export const COMMIT_SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const
/** 10,000 files are looked at in about 45 ms. */
export const SWEEP_SECONDS_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] as const
/** Prometheus' default, and 30 s: the longest a request to an output may take unless configured. */
export const REQUEST_SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** `duration` of log entries: Prometheus' default buckets. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** Counts by bucket: `counts[i]` is how many were at most `bounds[i]` and more than the bound before, the last one the rest. */
export interface BucketCounts {
  readonly counts: readonly number[]
  readonly sum: number
}

/** A histogram without a registry: what a worker thread fills and posts to main, which mirrors it. */
export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let index = 0
    while (value > (this.#bounds[index] ?? Number.POSITIVE_INFINITY)) index++
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
  }

  /** Adds what was counted elsewhere by the same bounds. */
  add({ counts, sum }: BucketCounts): void {
    for (let index = 0; index < this.#counts.length; index++) {
      this.#counts[index] = (this.#counts[index] ?? 0) + (counts[index] ?? 0)
    }
    this.#sum += sum
  }

  /** All that was observed since the beginning. */
  totals(): BucketCounts {
    return { counts: [...this.#counts], sum: this.#sum }
  }
}

/** A histogram as its samples: cumulative counts by `le`, the sum and the count. */
export function bucketSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { bounds, totals }: { bounds: readonly number[]; totals: BucketCounts },
): Sample[] {
  let count = 0
  const samples: Sample[] = []
  for (const [index, le] of [...bounds, '+Inf'].entries()) {
    count += totals.counts[index] ?? 0
    samples.push({ name: `${name}_bucket`, labels: { le, ...labels }, value: count })
  }
  samples.push({ name: `${name}_sum`, labels, value: totals.sum }, { name: `${name}_count`, labels, value: count })
  return samples
}
