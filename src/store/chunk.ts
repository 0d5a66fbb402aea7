/** How a chunk's body is compressed; also the value of Content-Encoding on the wire. */
export type ChunkEncoding = 'zstd' | 'gzip' | 'identity'

/** What is known of a service's entries in a chunk without opening it. */
export interface ServiceSummary {
  /** Counts by level, in the order of LOG_LEVELS. */
  levels: number[]
  /** Counts by status class, 1xx … 5xx; absent when no entry has a status. */
  statuses?: number[]
  /** Histogram of `duration`; absent when no entry has one. `counts[i]`: at most `DURATION_BUCKETS[i]` seconds and more than the bucket before; the last one counts the rest. */
  durations?: { counts: number[]; sum: number }
}

/** Upper bounds in seconds: Prometheus' default buckets. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** Main learns what was stored from here, never by message (design §3). */
export interface ChunkHeader {
  services: Record<string, ServiceSummary>
  /** Entries by source. */
  sources: Record<string, number>
  /** Lines that did not fit their format, by source; absent when there was none. */
  parseErrors?: Record<string, number>
}

/** A chunk ready to be stored: its bytes never change again. */
export interface SealedChunk {
  readonly entries: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  /** Bit `i` is set when an entry of level `LOG_LEVELS[i]` is inside. */
  readonly levelMask: number
  /** Size of the text before compression. */
  readonly rawBytes: number
  readonly encoding: ChunkEncoding
  readonly header: ChunkHeader
  /** Compressed NDJSON. */
  readonly body: Buffer
}

/** A chunk as it is read back for delivery. */
export interface StoredChunk {
  readonly seq: number
  readonly entries: number
  /** Entries that were stored before this chunk, ever: how gaps are counted when chunks were removed undelivered. */
  readonly firstEntry: number
  readonly rawBytes: number
  readonly encoding: ChunkEncoding
  readonly body: Buffer
  /** Wall time of the commit, ms. */
  readonly storedMs: number
}
