import { ChunkReader } from '../store/chunk-reader.ts'
import type { ChunkSource } from '../store/deliveries.ts'

/** What an empty buffer answers, before the ingest thread has opened the real one. */
const EMPTY: Pick<
  ChunkReader,
  'bufferId' | 'chunkAfter' | 'totals' | 'oldestMsAfter' | 'headersAfter' | 'entriesUpto' | 'held'
> = {
  bufferId: '',
  chunkAfter: () => undefined,
  totals: () => ({ entries: 0, lastSeq: 0 }),
  oldestMsAfter: () => undefined,
  headersAfter: () => [],
  entriesUpto: () => 0,
  held: () => ({ entries: 0, oldestMs: undefined }),
}

/** buffer.db for main's readers: the ingest thread may replace the file (after damage), and then this looks at the new one. */
export class BufferView implements ChunkSource {
  #reader: ChunkReader | undefined

  /** @throws {StoreError} */
  reopen(path: string): void {
    this.close()
    this.#reader = new ChunkReader(path)
  }

  get isOpen(): boolean {
    return this.#reader !== undefined
  }

  get #buffer(): typeof EMPTY {
    return this.#reader ?? EMPTY
  }

  get bufferId(): string {
    return this.#buffer.bufferId
  }

  chunkAfter(seq: number): ReturnType<ChunkSource['chunkAfter']> {
    return this.#buffer.chunkAfter(seq)
  }

  totals(): ReturnType<ChunkSource['totals']> {
    return this.#buffer.totals()
  }

  oldestMsAfter(seq: number): number | undefined {
    return this.#buffer.oldestMsAfter(seq)
  }

  headersAfter(seq: number, limit: number): ReturnType<ChunkReader['headersAfter']> {
    return this.#buffer.headersAfter(seq, limit)
  }

  /** Entries ever stored in chunks up to `seq`. */
  entriesUpto(seq: number): number {
    return this.#buffer.entriesUpto(seq)
  }

  /** Entries in the chunks that are here, and when the oldest was stored, wall time in ms. */
  held(): ReturnType<ChunkReader['held']> {
    return this.#buffer.held()
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}
