import { statSync } from 'node:fs'
import type { ChunkStore } from '../store/chunk-store.ts'
import type { Source } from '../tail/source.ts'
import type { Tailer } from '../tail/tailer.ts'
import type { IngestVitals } from './messages.ts'

/** What is told of the sources. */
export function sourceVitals(sources: readonly Source[], tailer: Tailer): IngestVitals['sources'] {
  return sources.map((source) => ({
    name: source.config.name,
    ...tailer.status(source),
    stats: source.stats,
    lastReadMs: source.lastReadMs,
    ...(source.lastError !== undefined && { lastError: source.lastError }),
  }))
}

/** Sizes of the database's files. */
export function storeVitals(
  store: ChunkStore,
  path: string,
): Pick<IngestVitals, 'usedBytes' | 'fileBytes' | 'walBytes'> {
  const size = (name: string): number => statSync(name, { throwIfNoEntry: false })?.size ?? 0
  return { usedBytes: store.usage().usedBytes, fileBytes: size(path), walBytes: size(`${path}-wal`) }
}
