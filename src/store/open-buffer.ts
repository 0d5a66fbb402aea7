import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Acked, loadAcked } from './acked-file.ts'
import type { Checkpoint } from './checkpoint.ts'
import { ChunkStore } from './chunk-store.ts'
import { NOTHING, quarantine, type Salvage, salvage } from './salvage.ts'
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

export interface OpenBufferOptions {
  readonly dataDir: string
  /** Wall time, ms. */
  readonly nowMs: number
  /** Sources that have had their first look round if there was a buffer before: `start_at: end` must not skip what they missed. */
  readonly sources?: readonly string[]
  /** The highest seq of the buffer of this id that any output settled. */
  readonly settledSeq?: (bufferId: string) => number
}

/** A file this small is checked at every start: some 50 ms. A larger one only after an unclean stop. */
const ALWAYS_CHECKED_BYTES = 64 * 2 ** 20

/**
 * Opens buffer.db, whatever state it is in. A damaged file is set aside whole; its chunks that were not acknowledged are
 * salvaged by their CRC into a new one, and reading resumes at its checkpoints when nothing is missing, else at the
 * acknowledged positions of the side file: then entries may be stored twice, but none is lost. The new file takes the
 * place of the old one when it is complete, so that this can be interrupted anywhere. @throws {StoreError} for everything
 * but damage.
 */
export function openBuffer(options: OpenBufferOptions): { store: ChunkStore; corruption?: Corruption } {
  const path = join(options.dataDir, BUFFER_FILE)
  const acked = loadAcked(options.dataDir)
  finishRebuild(path)
  const problem = missing(path, acked)
  if (problem !== undefined) return rebuild(options, { acked, reason: problem, saves: false })
  // Not even opened for writing: closing it, SQLite would remove a WAL that does not fit.
  if (!hasHeader(path)) return rebuild(options, { acked, reason: 'the file is not a database', saves: true })
  let store: ChunkStore | undefined
  try {
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    store = new ChunkStore(path)
    const mustCheck = !store.wasClean || sizeBytes <= ALWAYS_CHECKED_BYTES
    const fault = mustCheck ? store.faultAfter(acked?.bufferId === store.id ? acked.seq : 0) : undefined
    if (fault === undefined) {
      renewIfBackInTime(store, acked, options)
      return { store }
    }
    store.abandon()
    return rebuild(options, { acked, reason: fault, saves: true })
  } catch (error) {
    store?.abandon()
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error
    return rebuild(options, { acked, reason: error.message, saves: true })
  }
}

/**
 * A WAL that was removed or cut takes the newest chunks back together with their checkpoints. Their lines are read again, but
 * not into the same chunks: under the old name, those who have had the old ones would not look at them.
 */
function renewIfBackInTime(store: ChunkStore, acked: Acked | undefined, { settledSeq }: OpenBufferOptions): void {
  const ackedSeq = acked?.bufferId === store.id ? acked.seq : 0
  if (Math.max(ackedSeq, settledSeq?.(store.id) ?? 0) > store.lastSeq()) store.renewId()
}

/** A file that SQLite would take for a new one, although there was one: emptied or removed by someone. */
function missing(path: string, acked: Acked | undefined): string | undefined {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (sizeBytes > 0) return undefined
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  return acked !== undefined || walBytes > 0 ? 'the file is empty or was removed' : undefined
}

/** What every database begins with (sqlite.org/fileformat.html, 1.3). */
const MAGIC = 'SQLite format 3\0'

/** True for a file that is not there yet, too. */
function hasHeader(path: string): boolean {
  if (!existsSync(path)) return true
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(MAGIC.length)
    return readSync(fd, head, 0, head.length, 0) === 0 || head.toString('latin1') === MAGIC
  } finally {
    closeSync(fd)
  }
}

const REBUILT = '.rebuilt'
const BUILDING = '.building'

/** Ends what an interrupted start left: a new file that is complete takes its place, an incomplete one is removed. */
function finishRebuild(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${BUILDING}${suffix}`, { force: true })
  if (!existsSync(path + REBUILT)) return
  if (existsSync(path)) return rmSync(path + REBUILT)
  // What is left of the old one was not moved yet: with a WAL that is not its own the new one would be damaged too.
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  renameSync(path + REBUILT, path)
}

function rebuild(
  { dataDir, nowMs, sources = [] }: OpenBufferOptions,
  { acked, reason, saves }: { acked: Acked | undefined; reason: string; saves: boolean },
): { store: ChunkStore; corruption: Corruption } {
  const path = join(dataDir, BUFFER_FILE)
  const fresh = new ChunkStore(path + BUILDING)
  let saved: Salvage = NOTHING
  try {
    // SQLite throws the WAL of an empty file away: such a file is not even opened.
    if (saves) saved = salvage(path, acked, (row) => fresh.restore(row))
    fresh.commit({ checkpoints: resumeAt(saved, acked), ledger: [], seenSources: sources, nowMs })
    fresh.close()
  } catch (error) {
    fresh.abandon()
    throw error
  }
  renameSync(path + BUILDING, path + REBUILT)
  const place = quarantine(dataDir, BUFFER_FILE, nowMs)
  renameSync(path + REBUILT, path)
  const { entries: salvagedEntries, lostChunks } = saved
  return { store: new ChunkStore(path), corruption: { quarantine: place, reason, salvagedEntries, lostChunks } }
}

/** Without acknowledged positions and with a chunk missing, only the beginning of the files is safe. */
function resumeAt({ checkpoints, lostChunks }: Salvage, acked: Acked | undefined): readonly Checkpoint[] {
  return checkpoints && lostChunks === 0 ? checkpoints : (acked?.checkpoints ?? [])
}
