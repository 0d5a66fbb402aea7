import { crc32 } from 'node:zlib'
import type { ChunkEncoding, StoredChunk } from '../../src/store/chunk.ts'
import type { ChunkSource, Cursor, CursorStore, DeadLetter } from '../../src/store/deliveries.ts'

/** buffer.db and state.db in memory, by the contracts of store/deliveries.ts: they outlive the forwarders that a test starts and stops. */
export class MemoryBuffer implements ChunkSource {
  bufferId = 'buf-1'
  /** Thrown by every question while set. */
  refusal: Error | undefined
  #chunks: (StoredChunk & { crc: number })[] = []
  #entries = 0
  /** Entries ever stored up to each seq, removed ones included. */
  readonly #ends = [0]
  #lastSeq = 0

  append(
    entries: readonly string[],
    options: { encoding?: ChunkEncoding; body?: Buffer; storedMs?: number } = {},
  ): number {
    const text = Buffer.from(entries.map((entry) => `${entry}\n`).join(''))
    const { encoding = 'identity', body = text, storedMs = 0 } = options
    const seq = ++this.#lastSeq
    const chunk = {
      seq,
      entries: entries.length,
      firstEntry: this.#entries,
      rawBytes: text.length,
      encoding,
      body,
      storedMs,
    }
    this.#chunks.push({ ...chunk, crc: crc32(body) })
    this.#entries += entries.length
    this.#ends.push(this.#entries)
    return seq
  }

  /** Retention took it. */
  remove(seq: number): void {
    this.#chunks = this.#chunks.filter((chunk) => chunk.seq !== seq)
  }

  /** A byte on disk changed. */
  damage(seq: number): void {
    const chunk = this.#chunks.find((chunk) => chunk.seq === seq)
    if (chunk) chunk.crc ^= 1
  }

  chunkAfter(seq: number) {
    if (this.refusal) throw this.refusal
    const chunk = this.#chunks.find((chunk) => chunk.seq > seq)
    return chunk && { ...chunk, isCorrupt: crc32(chunk.body) !== chunk.crc }
  }

  totals() {
    if (this.refusal) throw this.refusal
    return { entries: this.#entries, lastSeq: this.#lastSeq }
  }

  oldestMsAfter(seq: number): number | undefined {
    return this.chunkAfter(seq)?.storedMs
  }

  entriesUpTo(seq: number): number {
    return this.#ends[seq] ?? 0
  }
}

export class MemoryCursors implements CursorStore {
  /** Thrown by every move while set. */
  refusal: Error | undefined
  moves = 0
  readonly deadLetters: DeadLetter[] = []
  #cursors = new Map<string, Cursor>()

  cursor(output: string): Cursor | undefined {
    return this.#cursors.get(output)
  }

  moveCursor(cursor: Cursor, deadLetters: readonly DeadLetter[]): void {
    if (this.refusal) throw this.refusal
    this.#cursors.set(cursor.output, cursor)
    this.deadLetters.push(...deadLetters)
    this.moves++
  }
}
