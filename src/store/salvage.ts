import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Acked } from './acked-file.ts'
import { type Checkpoint, isCheckpoint } from './checkpoint.ts'
import { type ChunkRow, isSound } from './chunk-row.ts'
import { type Connection, openForReading } from './sqlite.ts'

/** Damaged databases that are kept of one name; older ones are removed. */
const KEEP = 2

/**
 * Sets a database aside, with its -wal and -shm: a database without its WAL is another database. Returns where it lies now.
 */
export function quarantine(dataDir: string, name: string, nowMs: number): string {
  const shelf = join(dataDir, 'quarantine')
  const place = join(shelf, new Date(nowMs).toISOString().replaceAll(':', ''))
  mkdirSync(place, { recursive: true, mode: 0o700 })
  for (const file of filesOf(name)) {
    const path = join(dataDir, file)
    if (existsSync(path)) renameSync(path, join(place, file))
  }
  // Others on the shelf stay: the history must not push out what is left of the buffer.
  const places = readdirSync(shelf).filter((place) =>
    filesOf(name).some((file) => existsSync(join(shelf, place, file))),
  )
  for (const old of places.sort().slice(0, -KEEP)) {
    for (const file of filesOf(name)) rmSync(join(shelf, old, file), { force: true })
    if (readdirSync(join(shelf, old)).length === 0) rmdirSync(join(shelf, old))
  }
  return join(place, name)
}

function filesOf(name: string): string[] {
  return ['', '-wal', '-shm'].map((suffix) => name + suffix)
}

/** What could be read of a damaged buffer, besides the chunks. */
export interface Salvage {
  readonly entries: number
  /** Chunks that are missing or damaged among those that are not known to be acknowledged. */
  readonly lostChunks: number
  /** The checkpoints that belong to the chunks; undefined when they can't be read. */
  readonly checkpoints: readonly Checkpoint[] | undefined
}

export const NOTHING: Salvage = { entries: 0, lostChunks: 0, checkpoints: undefined }

/** Numbers looked up at most: the last one may be damaged too, and be astronomic. */
const MAX_LOOK_UPS = 2_000_000

/**
 * Reads what can be read and gives every sound chunk that is not known to be acknowledged to `keep`, oldest first. Row by
 * row: one bad page must not hide the good ones. Throws only what `keep` throws.
 */
export function salvage(path: string, acked: Acked | undefined, keep: (row: ChunkRow) => void): Salvage {
  const db = attempt(() => openForReading(path))
  if (!db) return NOTHING
  try {
    const byId = attempt(() => db.prepare('SELECT * FROM chunks WHERE seq = ?'))
    if (!byId) return NOTHING
    // The numbers of another buffer say nothing about this one.
    const afterSeq = acked !== undefined && acked.bufferId === bufferId(db) ? acked.seq : 0
    const lastSeq = lastSeqOf(db)
    let entries = 0
    let lostChunks = Math.max(0, lastSeq - afterSeq - MAX_LOOK_UPS)
    for (let seq = afterSeq + 1; seq <= Math.min(lastSeq, afterSeq + MAX_LOOK_UPS); seq++) {
      const row = attempt(() => byId.get(seq) as ChunkRow | undefined)
      if (row && isSound(row)) {
        keep(row)
        entries += row.entries
      } else lostChunks++
    }
    return { entries, lostChunks, checkpoints: attempt(() => soundCheckpoints(db)) }
  } finally {
    attempt(() => db.close())
  }
}

function bufferId(db: Connection): unknown {
  return attempt(() => db.prepare("SELECT value FROM meta WHERE key = 'buffer_id'").pluck().get())
}

/** By the newest row and by the counter: either may be damaged. */
function lastSeqOf(db: Connection): number {
  const questions = ['SELECT max(seq) FROM chunks', "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'"]
  const answers = questions.map((sql) => attempt(() => Number(db.prepare(sql).pluck().get())))
  return Math.max(0, ...answers.filter((seq): seq is number => Number.isSafeInteger(seq)))
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined // Damaged: counted as lost by the caller.
  }
}

export interface CheckpointRow {
  file_id: number
  path: string
  dev: string
  ino: string
  birth_ns: string
  head_bytes: number
  head_hash: string
  offset: number
  tail_bytes: number
  tail_hash: string
  mtime_ms: number
  state: Checkpoint['state']
}

/** All of them, or undefined when one is not what a checkpoint looks like. */
function soundCheckpoints(db: Connection): Checkpoint[] | undefined {
  const checkpoints = readCheckpoints(db)
  return checkpoints.every(isCheckpoint) ? checkpoints : undefined
}

export function readCheckpoints(db: Connection): Checkpoint[] {
  const rows = db.prepare('SELECT * FROM checkpoints ORDER BY file_id').all() as CheckpointRow[]
  return rows.map((row) => ({
    fileId: row.file_id,
    path: row.path,
    dev: row.dev,
    ino: row.ino,
    birthNs: row.birth_ns,
    headBytes: row.head_bytes,
    headHash: row.head_hash,
    offset: row.offset,
    tailBytes: row.tail_bytes,
    tailHash: row.tail_hash,
    mtimeMs: row.mtime_ms,
    state: row.state,
  }))
}
