import { NdjsonBuffer } from '../../parse/line.ts'
import { appendSpan } from '../../parse/span-writer.ts'

/** Below this a byte loop is quicker than a call of `copyWithin`. */
const MOVE_CALL_BYTES = 28

/** Changes to the bytes of one entry, in order: what is in [start, end) becomes what was appended to `fresh` since the edit before. */
export class Edits {
  readonly fresh = new NdjsonBuffer(1024)
  count = 0
  /** Starts, ends, and the lengths `fresh` had. */
  #spans = new Int32Array(48)
  readonly #old = new NdjsonBuffer(2048)
  #removedBytes = 0
  /** Up to every edit at least as much goes as comes, so they can be made in place. */
  #isShrinking = true

  clear(): void {
    this.count = 0
    this.fresh.clear()
    this.#removedBytes = 0
    this.#isShrinking = true
  }

  add(start: number, end: number): void {
    const at = this.count++ * 3
    if (at === this.#spans.length) {
      const grown = new Int32Array(at * 2)
      grown.set(this.#spans)
      this.#spans = grown
    }
    this.#spans[at] = start
    this.#spans[at + 1] = end
    this.#spans[at + 2] = this.fresh.length
    this.#removedBytes += end - start
    if (this.fresh.length > this.#removedBytes) this.#isShrinking = false
  }

  /** Makes the changes at the end of `out`; only bytes from the first of them on are moved. There must be one. */
  apply(out: NdjsonBuffer): void {
    if (this.#isShrinking) this.#applyInPlace(out)
    else this.#applyByCopy(out)
  }

  #applyInPlace(out: NdjsonBuffer): void {
    const end = out.length
    let from = this.#spans[0] ?? 0
    let freshFrom = 0
    out.length = from
    for (let i = 0; i < this.count; i++) {
      const start = this.#spans[i * 3] ?? 0
      const freshTo = this.#spans[i * 3 + 2] ?? 0
      moveDown(out, from, start)
      appendSpan(out, this.fresh.bytes, freshFrom, freshTo)
      from = this.#spans[i * 3 + 1] ?? 0
      freshFrom = freshTo
    }
    moveDown(out, from, end)
  }

  #applyByCopy(out: NdjsonBuffer): void {
    const old = this.#old
    const first = this.#spans[0] ?? 0
    old.clear()
    old.reserve(out.length - first)
    old.length = out.bytes.copy(old.bytes, 0, first, out.length)
    out.length = first
    out.reserve(old.length + this.fresh.length)
    let from = 0
    let freshFrom = 0
    for (let i = 0; i < this.count; i++) {
      const freshTo = this.#spans[i * 3 + 2] ?? 0
      appendSpan(out, old.bytes, from, (this.#spans[i * 3] ?? 0) - first)
      appendSpan(out, this.fresh.bytes, freshFrom, freshTo)
      from = (this.#spans[i * 3 + 1] ?? 0) - first
      freshFrom = freshTo
    }
    appendSpan(out, old.bytes, from, old.length)
  }
}

/** Appends bytes [start, end), which lie behind the end of `out`. */
function moveDown(out: NdjsonBuffer, start: number, end: number): void {
  const { bytes } = out
  const at = out.length
  if (start !== at) {
    if (end - start >= MOVE_CALL_BYTES) bytes.copyWithin(at, start, end)
    else for (let i = start; i < end; i++) bytes[i - start + at] = bytes[i] ?? 0
  }
  out.length = at + end - start
}
