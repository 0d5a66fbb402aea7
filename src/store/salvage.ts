import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Checkpoint } from './checkpoint.ts'
import type { ChunkRow } from './chunk-row.ts'
import { type Connection, openForReading } from './sqlite.ts'

/** Damaged databases that are kept; older ones are removed. */
const KEEP = 2

/**
 * Sets a database aside, with its -wal and -shm: a database without its WAL is another database. Returns where it lies now.
 */
export function quarantine(dataDir: string, name: string, nowMs: number): string {
  const shelf = join(dataDir, 'quarantine')
  const place = join(shelf, new Date(nowMs).toISOString().replaceAll(':', ''))
  mkdirSync(place, { recursive: true, mode: 0o700 })
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(dataDir, name + suffix)
    if (existsSync(path)) renameSync(path, join(place, name + suffix))
  }
  for (const old of readdirSync(shelf).sort().slice(0, -KEEP))
    rmSync(join(shelf, old), { recursive: true, force: true })
  return join(place, name)
}

/** What could be read of a damaged buffer. */
export interface Salvage {
  /** Chunks after `afterSeq` whose CRC is right, oldest first. */
  readonly chunks: readonly ChunkRow[]
  /** Chunks that are missing or damaged among them. */
  readonly lostChunks: number
  /** The checkpoints that belong to the chunks; undefined when they can't be read. */
  readonly checkpoints: readonly Checkpoint[] | undefined
}

const NOTHING: Salvage = { chunks: [], lostChunks: 0, checkpoints: undefined }

/** Reads what can be read; never throws. Row by row: one bad page must not hide the good ones. */
export function salvage(path: string, afterSeq: number): Salvage {
  let db: Connection
  try {
    db = openForReading(path)
  } catch {
    return NOTHING
  }
  try {
    const bounds = db.prepare('SELECT max(seq) AS last FROM chunks').get() as { last: number | null }
    const byId = db.prepare('SELECT * FROM chunks WHERE seq = ?')
    const chunks: ChunkRow[] = []
    let lostChunks = 0
    for (let seq = afterSeq + 1; seq <= (bounds.last ?? 0); seq++) {
      const row = attempt(() => byId.get(seq) as ChunkRow | undefined)
      if (row && attempt(() => crc32(row.body) === row.crc32)) chunks.push(row)
      else lostChunks++
    }
    return { chunks, lostChunks, checkpoints: attempt(() => readCheckpoints(db)) }
  } catch {
    return NOTHING
  } finally {
    db.close()
  }
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
  tail: Buffer
  mtime_ms: number
  state: Checkpoint['state']
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
    tail: row.tail,
    mtimeMs: row.mtime_ms,
    state: row.state,
  }))
}
