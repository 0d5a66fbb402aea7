import type { StoredChunk } from './chunk.ts'

/** What delivery reads of the buffer (buffer.db, read only). */
export interface ChunkSource {
  readonly bufferId: string
  /** The first chunk with a seq above `seq`, or undefined. A chunk whose CRC is wrong comes as `isCorrupt`. @throws StoreError */
  chunkAfter(seq: number): (StoredChunk & { readonly isCorrupt: boolean }) | undefined
  /** Entries ever stored, and the seq of the newest chunk (0 when there never was one). */
  totals(): { readonly entries: number; readonly lastSeq: number }
  /** Wall time in ms at which the first chunk above `seq` was stored, or undefined. */
  oldestMsAfter(seq: number): number | undefined
}

/** How far an output is. `bornEntries + delivered + dead + expired` is the number of entries ever stored up to `seq`. */
export interface Cursor {
  readonly output: string
  readonly bufferId: string
  /** Every chunk up to and with this one is settled. */
  readonly seq: number
  /** Entries that had been stored before this output existed. */
  readonly bornEntries: number
  readonly delivered: number
  readonly dead: number
  /** Removed from the buffer before they could be delivered. */
  readonly expired: number
}

export interface DeadLetter {
  readonly output: string
  /** The batch key the entry was refused under. */
  readonly key: string
  /** One LogEntry as JSON. */
  readonly entry: string
  readonly status: number
  /** What the destination answered, cut to 4 KiB. */
  readonly answer: string
}

/** What delivery writes (state.db). */
export interface CursorStore {
  cursor(output: string): Cursor | undefined
  /** Moves a cursor and files the dead letters that belong to the move, all or nothing. @throws StoreError when it cannot be saved. */
  moveCursor(cursor: Cursor, deadLetters: readonly DeadLetter[]): void
}
