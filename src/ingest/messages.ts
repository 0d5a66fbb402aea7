import type { BufferConfig } from '../config/schema.ts'
import type { WorkingSource } from '../config/working-source.ts'
import type { LogEntry } from '../model/log-entry.ts'
import type { LogRecord, OwnLevel } from '../run/log-record.ts'
import type { ChunkEncoding } from '../store/chunk.ts'
import type { LedgerBooking } from '../store/ledger.ts'
import type { Corruption } from '../store/open-buffer.ts'
import type { SourceStats } from '../tail/line-sink.ts'
import type { SourceStatus } from '../tail/tailer.ts'
import type { StoreState } from './committer.ts'

/** What the ingest thread works by; plain data, since it crosses threads. */
export interface IngestSettings {
  readonly dataDir: string
  readonly host: string
  readonly service: string
  readonly version: string
  readonly environment: string
  /** IANA name of the host's zone. */
  readonly localZone: string
  readonly buffer: BufferConfig
  readonly encoding: ChunkEncoding
  readonly sources: readonly WorkingSource[]
  /** Names of the outputs whose cursors protect chunks. */
  readonly outputs: readonly string[]
  /** Files and folders the agent writes itself: they are never tailed. */
  readonly ownPaths: readonly string[]
  /** `dev:ino` of the agent's stdout and stderr, where those are files. */
  readonly ownInodes: readonly string[]
  readonly logLevel: OwnLevel
}

/** What the ingest thread is started with. */
export interface IngestOrder {
  readonly settings: IngestSettings
  readonly heartbeats: SharedArrayBuffer
  readonly beatMs: number
}

/** Main to ingest. */
export type ToIngest =
  | { readonly kind: 'stop' }
  /** A cursor moved: there may be room. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'reload'; readonly settings: IngestSettings }
  /** An entry of the agent's own, to be stored and shipped like any other. */
  | { readonly kind: 'entry'; readonly entry: LogEntry }

/** Ingest to main. */
export type FromIngest =
  /** The buffer is open: its readers may open it too. */
  | { readonly kind: 'open'; readonly wasClean: boolean; readonly corruption?: Corruption }
  /** A bell: something was stored. */
  | { readonly kind: 'committed' }
  | { readonly kind: 'vitals'; readonly vitals: IngestVitals }
  | { readonly kind: 'reloaded' }
  | { readonly kind: 'log'; readonly record: LogRecord }
  | { readonly kind: 'suppressed'; readonly count: number }
  /** It can't begin: the process shall end like this. */
  | { readonly kind: 'fatal'; readonly message: string; readonly exitCode: number; readonly hint?: string }

/** A snapshot of the data plane, for /health and the metrics. */
export interface IngestVitals {
  readonly atMs: number
  readonly store: StoreState
  readonly usedBytes: number
  readonly fileBytes: number
  readonly walBytes: number
  readonly diskFreeBytes: number
  /** Seconds of every commit since the last snapshot. */
  readonly commitSeconds: readonly number[]
  readonly ledger: readonly LedgerBooking[]
  /** Seconds the last look at all files took. */
  readonly lookSeconds: number
  /** Why folders are not watched, and files found by sweeping alone. */
  readonly watchProblem?: string
  readonly sources: readonly SourceVitals[]
}

export interface SourceVitals extends SourceStatus {
  readonly name: string
  readonly stats: SourceStats
  /** Wall time, ms; 0 before the first line. */
  readonly lastReadMs: number
  readonly lastError?: string
}
