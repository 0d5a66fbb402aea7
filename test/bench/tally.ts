/** How long records took from being written to having arrived, ms. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface TallyResult {
  readonly decodedBytes: number
  /** Records that arrived, each counted once. */
  readonly distinct: number
  /** Arrivals beyond the first of their record. */
  readonly duplicates: number
  /** Those of them that a collector can tell: they came under an Idempotency-Key that it had seen. */
  readonly toldDuplicates: number
  /** Records that did not arrive. */
  readonly lost: number
  /** Markers that nobody wrote. */
  readonly foreign: number
  /** Absent when no record said when it was written. */
  readonly latency?: Latency
}

const MARK = Buffer.from('req-')
const DIGITS = 10
const DASH = 0x2d

/** Finds the markers of corpus.ts in what arrives, and keeps the books: what came, what came twice, what is missing. */
export class MarkerTally {
  readonly #seen: Uint8Array
  readonly #latencies: number[] = []
  #decodedBytes = 0
  #distinct = 0
  #duplicates = 0
  #toldDuplicates = 0
  #foreign = 0

  /** Records 0 … `records` − 1 are expected. */
  constructor(records: number) {
    this.#seen = new Uint8Array(records)
  }

  /** Takes a decoded body that arrived at `arrivedMs`. `isTold`: under a key that came before. */
  add(body: Buffer, { arrivedMs, isTold }: { arrivedMs: number; isTold: boolean }): void {
    const duplicatesBefore = this.#duplicates
    this.#decodedBytes += body.length
    for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + MARK.length)) {
      const from = at + MARK.length
      this.#count(numberAt(body, from))
      const dash = from + DIGITS
      if (body[dash] === DASH) this.#latencies.push(arrivedMs - Number(body.toString('latin1', dash + 1, dash + 14)))
    }
    if (isTold) this.#toldDuplicates += this.#duplicates - duplicatesBefore
  }

  #count(number: number): void {
    if (!(number < this.#seen.length)) this.#foreign++
    else if (this.#seen[number] === 1) this.#duplicates++
    else {
      this.#seen[number] = 1
      this.#distinct++
    }
  }

  result(): TallyResult {
    return {
      decodedBytes: this.#decodedBytes,
      distinct: this.#distinct,
      duplicates: this.#duplicates,
      toldDuplicates: this.#toldDuplicates,
      lost: this.#seen.length - this.#distinct,
      foreign: this.#foreign,
      ...(this.#latencies.length > 0 && { latency: latencyOf(this.#latencies) }),
    }
  }
}

/** NaN when these are not ten digits. Without a string for each: a run has millions. */
function numberAt(body: Buffer, from: number): number {
  let number = 0
  for (let at = from; at < from + DIGITS; at++) {
    const digit = (body[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

function latencyOf(latencies: readonly number[]): Latency {
  const sorted = Float64Array.from(latencies).sort()
  const at = (ratio: number): number => sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] ?? 0
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
