/**
 * The samples of one series, oldest first, each at a later time than the one before. A sample is a number or a staleness
 * marker ("from here on the series is not there"), which is a bit of its own: JavaScript does not keep the payload of a NaN
 * by which Prometheus knows it. NaN and the infinities are numbers like others. 16 bytes a sample, and one bit once there is a marker.
 */

/** How to read samples. An index is good until the next write, so it must not be kept over an await. */
export interface Samples {
  readonly length: number
  /** Wall time of the oldest one, ms; Infinity when there is none. */
  readonly firstMs: number
  /** Wall time of the newest one, ms; -Infinity when there is none. */
  readonly lastMs: number
  timeAt(index: number): number
  /** NaN for a staleness marker; `isStaleAt` tells them apart. */
  valueAt(index: number): number
  isStaleAt(index: number): boolean
  /** Index of the first sample later than `tMs`; `length` when there is none. So a range (from, to] is [firstAfter(from), firstAfter(to)). */
  firstAfter(tMs: number): number
  /**
   * Index of the sample that counts at `tMs` (PromQL's instant vector): the newest one in (tMs - lookbackMs, tMs]; -1 when there is
   * none, or when it is a staleness marker.
   */
  latest(tMs: number, lookbackMs: number): number
  /** A copy of the samples in (fromMs, toMs], without staleness markers (PromQL's range vector). */
  between(fromMs: number, toMs: number): SampleArrays
}

/** Of one length; times ascend. */
export interface SampleArrays {
  readonly times: Float64Array
  readonly values: Float64Array
}

export const FIRST_CAPACITY = 16
const BITS = 32

/** Up to 256 samples (an hour at 15 s) by doubling, then by a quarter: no more than a fifth lies empty. A multiple of 16. */
export function capacityAfter(capacity: number): number {
  return capacity < 256 ? Math.min(256, capacity * 2) : Math.ceil((capacity * 1.25) / FIRST_CAPACITY) * FIRST_CAPACITY
}

/** Bytes that a ring of this many samples takes at most. */
export function ringBytes(capacity: number): number {
  return capacity * 16 + Math.ceil(capacity / BITS) * 4
}

export class SampleRing implements Samples {
  #times: Float64Array
  #values: Float64Array
  /** Made for the first marker. */
  #stale: Uint32Array | undefined
  #start = 0
  #length = 0
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(capacity = FIRST_CAPACITY) {
    this.#times = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  get capacity(): number {
    return this.#times.length
  }

  get firstMs(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.timeAt(0)
  }

  get lastMs(): number {
    return this.#length === 0 ? Number.NEGATIVE_INFINITY : this.#lastMs
  }

  /** The time of the newest sample there ever was: the next one must be later. */
  get writtenMs(): number {
    return this.#lastMs
  }

  get isFull(): boolean {
    return this.#length === this.#times.length
  }

  get endsStale(): boolean {
    return this.#length > 0 && this.isStaleAt(this.#length - 1)
  }

  timeAt(index: number): number {
    return this.#times[this.#slot(index)] ?? Number.NaN
  }

  valueAt(index: number): number {
    return this.#values[this.#slot(index)] ?? Number.NaN
  }

  isStaleAt(index: number): boolean {
    return this.#stale !== undefined && this.#isMarked(this.#stale, this.#slot(index))
  }

  firstAfter(tMs: number): number {
    // Most questions are about now.
    if (tMs >= this.#lastMs) return this.#length
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timeAt(middle) <= tMs) low = middle + 1
      else high = middle
    }
    return low
  }

  latest(tMs: number, lookbackMs: number): number {
    const index = this.firstAfter(tMs) - 1
    return index >= 0 && this.timeAt(index) > tMs - lookbackMs && !this.isStaleAt(index) ? index : -1
  }

  between(fromMs: number, toMs: number): SampleArrays {
    const from = this.firstAfter(fromMs)
    const to = Math.max(from, this.firstAfter(toMs))
    const times = new Float64Array(to - from)
    const values = new Float64Array(to - from)
    let count = 0
    for (let index = from; index < to; index++) {
      if (this.isStaleAt(index)) continue
      times[count] = this.timeAt(index)
      values[count++] = this.valueAt(index)
    }
    return count === times.length ? { times, values } : { times: times.slice(0, count), values: values.slice(0, count) }
  }

  /** Adds a sample later than all before it; in a full ring it takes the place of the oldest. */
  push(tMs: number, { value, isStale }: { value: number; isStale: boolean }): void {
    if (this.isFull) this.#dropFirst(1)
    const slot = this.#slot(this.#length)
    this.#times[slot] = tMs
    this.#values[slot] = isStale ? Number.NaN : value
    if (isStale || this.#stale) this.#mark(slot, isStale)
    this.#length++
    this.#lastMs = tMs
  }

  /** Drops what is older than `tMs`; returns how many. */
  dropBefore(tMs: number): number {
    let count = 0
    while (count < this.#length && this.timeAt(count) < tMs) count++
    this.#dropFirst(count)
    return count
  }

  /** Drops what is later than `tMs`, so that samples may follow from there; returns how many. */
  dropAfter(tMs: number): number {
    if (tMs >= this.#lastMs) return 0
    const kept = this.firstAfter(tMs)
    const count = this.#length - kept
    this.#length = kept
    this.#lastMs = kept === 0 ? Number.NEGATIVE_INFINITY : this.timeAt(kept - 1)
    return count
  }

  /** Gives the ring another capacity, no less than its length. */
  resize(capacity: number): void {
    const stale = this.#stale && new Uint32Array(Math.ceil(capacity / BITS))
    for (let index = 0; stale && index < this.#length; index++) {
      if (this.isStaleAt(index)) stale[index >>> 5] = (stale[index >>> 5] ?? 0) | (1 << (index & 31))
    }
    const times = this.#unrolled(this.#times, capacity)
    const values = this.#unrolled(this.#values, capacity)
    this.#times = times
    this.#values = values
    this.#stale = stale
    this.#start = 0
  }

  /** The samples of `ring` from the beginning of an array of its own. */
  #unrolled(ring: Float64Array, capacity: number): Float64Array {
    const straight = new Float64Array(capacity)
    const head = ring.subarray(this.#start, this.#start + this.#length)
    straight.set(head)
    if (head.length < this.#length) straight.set(ring.subarray(0, this.#length - head.length), head.length)
    return straight
  }

  #slot(index: number): number {
    const slot = this.#start + index
    return slot < this.#times.length ? slot : slot - this.#times.length
  }

  #dropFirst(count: number): void {
    this.#start = this.#slot(count)
    this.#length -= count
  }

  #isMarked(stale: Uint32Array, slot: number): boolean {
    return (((stale[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1
  }

  #mark(slot: number, isStale: boolean): void {
    this.#stale ??= new Uint32Array(Math.ceil(this.#times.length / BITS))
    const bit = 1 << (slot & 31)
    const word = this.#stale[slot >>> 5] ?? 0
    this.#stale[slot >>> 5] = isStale ? word | bit : word & ~bit
  }
}
