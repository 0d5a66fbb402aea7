import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Acked, loadAcked } from './acked-file.ts'
import { ChunkStore } from './chunk-store.ts'
import { quarantine, type Salvage, salvage } from './salvage.ts'
import { StoreError } from './sqlite.ts'

export const BUFFER_FILE = 'buffer.db'

/** What happened to a buffer that was found damaged. */
export interface Corruption {
  /** Where the damaged file lies now. */
  readonly quarantine: string
  readonly reason: string
  readonly salvagedEntries: number
  /** Chunks that could not be saved; what they held is read again where its files still hold it. */
  readonly lostChunks: number
}

/**
 * Opens buffer.db, whatever state it is in. A damaged file is set aside whole; its undelivered chunks are salvaged by their
 * CRC into a new one, and reading resumes at its checkpoints when nothing is missing, else at the acknowledged positions of
 * the side file: then entries may be stored twice, but none is lost. @throws {StoreError} for everything but damage.
 */
export function openBuffer(dataDir: string, nowMs: number): { store: ChunkStore; corruption?: Corruption } {
  const path = join(dataDir, BUFFER_FILE)
  const acked = loadAcked(dataDir)
  const problem = missing(path, acked)
  if (problem) return rebuild(dataDir, nowMs, { acked, reason: problem })
  let store: ChunkStore | undefined
  try {
    store = new ChunkStore(path)
    const fault = store.wasClean ? undefined : store.quickCheck()
    if (fault === undefined) return { store }
    store.close()
    return rebuild(dataDir, nowMs, { acked, reason: fault })
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error
    return rebuild(dataDir, nowMs, { acked, reason: error.message })
  }
}

/** A file that SQLite would take for a new one, although there was one: emptied or removed by someone. */
function missing(path: string, acked: Acked | undefined): string | undefined {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (sizeBytes > 0) return undefined
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  return acked !== undefined || (walBytes > 0 && !existsSync(path)) ? 'the file is empty or was removed' : undefined
}

function rebuild(dataDir: string, nowMs: number, { acked, reason }: { acked: Acked | undefined; reason: string }) {
  const place = quarantine(dataDir, BUFFER_FILE, nowMs)
  const saved = salvage(place, acked?.seq ?? 0)
  const store = new ChunkStore(join(dataDir, BUFFER_FILE))
  store.restore(saved.chunks, resumeAt(saved, acked), nowMs)
  const salvagedEntries = saved.chunks.reduce((sum, row) => sum + row.entries, 0)
  return { store, corruption: { quarantine: place, reason, salvagedEntries, lostChunks: saved.lostChunks } }
}

function resumeAt(saved: Salvage, acked: Acked | undefined) {
  return saved.checkpoints && saved.lostChunks === 0
    ? saved.checkpoints
    : (acked?.checkpoints ?? saved.checkpoints ?? [])
}
