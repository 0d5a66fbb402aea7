/**
 * What was found in one text, in any order and overlapping, and then resolved: the leftmost wins, of those the longest, of
 * those the first by preset. A loser that reaches beyond the winner lengthens it, so nothing of it stays.
 */
export class Hits {
  count = 0
  #starts = new Int32Array(16)
  #ends = new Int32Array(16)
  #kinds = new Int32Array(16)

  clear(): void {
    this.count = 0
  }

  /** `kind`: index of the preset, or beyond those of an own pattern. */
  add(start: number, end: number, kind: number): void {
    if (this.count === this.#starts.length) this.#grow()
    // Nearly in order always, so sorting while adding costs a comparison.
    let i = this.count++
    for (; i > 0 && this.#isAfter(i - 1, start, end, kind); i--) {
      this.#starts[i] = this.#starts[i - 1] ?? 0
      this.#ends[i] = this.#ends[i - 1] ?? 0
      this.#kinds[i] = this.#kinds[i - 1] ?? 0
    }
    this.#starts[i] = start
    this.#ends[i] = end
    this.#kinds[i] = kind
  }

  start(index: number): number {
    return this.#starts[index] ?? 0
  }

  end(index: number): number {
    return this.#ends[index] ?? 0
  }

  kind(index: number): number {
    return this.#kinds[index] ?? 0
  }

  /** Leaves hits that do not overlap, in order. */
  resolve(): void {
    if (this.count < 2) return
    let last = 0
    for (let i = 1; i < this.count; i++) {
      if (this.start(i) < this.end(last)) {
        if (this.end(i) > this.end(last)) this.#ends[last] = this.end(i)
        continue
      }
      last++
      this.#starts[last] = this.start(i)
      this.#ends[last] = this.end(i)
      this.#kinds[last] = this.kind(i)
    }
    this.count = last + 1
  }

  #isAfter(index: number, start: number, end: number, kind: number): boolean {
    if (this.start(index) !== start) return this.start(index) > start
    if (this.end(index) !== end) return this.end(index) < end
    return this.kind(index) > kind
  }

  #grow(): void {
    const longer = (from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(from.length * 2)
      grown.set(from)
      return grown
    }
    this.#starts = longer(this.#starts)
    this.#ends = longer(this.#ends)
    this.#kinds = longer(this.#kinds)
  }
}
