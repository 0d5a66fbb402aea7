import type { LogMetricDeltas } from '../metrics/log-metrics.ts'

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

/** What is known of a source's entries in a chunk. */
export interface SourceSummary {
  entries: number
  services: Record<string, ServiceSummary>
  /** Records that did not fit their format; absent when there was none. */
  parseErrors?: number
  /** Of the source's own `metrics:`; absent when nothing was counted. */
  metrics?: LogMetricDeltas
}

/** Main learns what was stored from here, never by message (design §3). */
export interface ChunkHeader {
  sources: Record<string, SourceSummary>
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
