/**
 * Numbers for byte strings seen again and again (keys, service names): an open-addressing table over spans of bytes, so the
 * hot path recognises one without making a string of it. Ids count up from 0 in the order of adding. Spans are compared and
 * hashed four bytes at a time through a DataView: unaligned 32-bit reads cost what a byte read costs.
 */
export class ByteTable {
  readonly #maxCount: number
  #count = 0
  #arena = new DataView(new ArrayBuffer(512))
  #used = 0
  #starts = new Int32Array(32)
  #lengths = new Int32Array(32)
  /** Ids + 1; 0 is a free slot. Twice as many as ids, a power of two. */
  #slots = new Uint16Array(64)

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.#maxCount
  }

  lengthOf(id: number): number {
    return this.#lengths[id] ?? 0
  }

  /** The bytes at `at`, up to `end` at most, begin with those of `id`. (Four parameters: an object would be an allocation.) */
  matches(id: number, view: DataView, at: number, end: number): boolean {
    const length = this.#lengths[id] ?? 0
    if (length === 0 || at + length > end) return false
    const arena = this.#arena
    const start = this.#starts[id] ?? 0
    if (length < 4) {
      for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== arena.getUint8(start + i)) return false
      return true
    }
    const last = length - 4
    for (let i = 0; i < last; i += 4) {
      if (view.getInt32(at + i, true) !== arena.getInt32(start + i, true)) return false
    }
    // The last word overlaps the one before, so no tail of single bytes is left.
    return view.getInt32(at + last, true) === arena.getInt32(start + last, true)
  }

  /** The id of bytes [start, end) of `view`, or −1. */
  find(view: DataView, start: number, end: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(view, start, end) & mask; ; slot = (slot + 1) & mask) {
      const id = (this.#slots[slot] ?? 0) - 1
      if (id < 0) return -1
      if (this.#lengths[id] === end - start && this.matches(id, view, start, end)) return id
    }
  }

  /** Adds bytes that `find` did not find; returns their id. Not to be called when full. */
  add(view: DataView, start: number, end: number): number {
    const length = end - start
    if (this.#count * 2 >= this.#slots.length) this.#growIds()
    if (this.#used + length > this.#arena.byteLength) this.#growArena(length)
    const id = this.#count++
    this.#starts[id] = this.#used
    this.#lengths[id] = length
    for (let i = 0; i < length; i++) this.#arena.setUint8(this.#used + i, view.getUint8(start + i))
    this.#used += length
    this.#place(id)
    return id
  }

  clear(): void {
    this.#count = 0
    this.#used = 0
    this.#slots.fill(0)
  }

  #place(id: number): void {
    const start = this.#starts[id] ?? 0
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#arena, start, start + (this.#lengths[id] ?? 0)) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = id + 1
  }

  #growIds(): void {
    const starts = new Int32Array(this.#starts.length * 2)
    const lengths = new Int32Array(this.#starts.length * 2)
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#starts = starts
    this.#lengths = lengths
    this.#slots = new Uint16Array(this.#slots.length * 2)
    for (let id = 0; id < this.#count; id++) this.#place(id)
  }

  #growArena(length: number): void {
    const grown = new Uint8Array(Math.max(this.#arena.byteLength * 2, this.#used + length))
    grown.set(new Uint8Array(this.#arena.buffer, 0, this.#used))
    this.#arena = new DataView(grown.buffer)
  }
}

/** Every byte counts, four at a time; the final mixing lets the low bits, which choose the slot, depend on all. */
function hashOf(view: DataView, start: number, end: number): number {
  const length = end - start
  let hash = length
  if (length < 4) {
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x01000193)
  } else {
    const last = end - 4
    for (let i = start; i < last; i += 4) hash = Math.imul(hash ^ view.getInt32(i, true), 0x01000193)
    hash = Math.imul(hash ^ view.getInt32(last, true), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
