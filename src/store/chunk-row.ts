import type { ChunkEncoding } from './chunk.ts'

/** A row of `chunks`, as it lies in buffer.db. */
export interface ChunkRow {
  readonly seq: number
  readonly entries: number
  readonly first_entry: number
  readonly min_time_ms: number
  readonly max_time_ms: number
  readonly level_mask: number
  readonly raw_bytes: number
  readonly stored_ms: number
  readonly encoding: ChunkEncoding
  readonly crc32: number
  /** JSON: [file id, offset] of every file that moved with the chunk. */
  readonly positions: string
  /** JSON: ChunkHeader. */
  readonly header: string
  readonly body: Buffer
}
