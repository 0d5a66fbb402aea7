import type { ChunkRow } from './chunk-row.ts'
import type { LedgerBooking } from './ledger.ts'
import type { Connection, Statement } from './sqlite.ts'

/** A chunk as retention sees it. */
export interface OldestRow {
  seq: number
  entries: number
  bytes: number
}

/** The statements of `ChunkStore`, prepared once. */
export function prepareChunkStore(db: Connection) {
  const rows = <Row>(sql: string): Statement<Row> => db.prepare(sql) as Statement<Row>
  return {
    meta: rows<{ value: string }>('SELECT value FROM meta WHERE key = ?'),
    setMeta: rows('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    insertChunk: rows(
      `INSERT INTO chunks (entries, first_entry, min_time_ms, max_time_ms, level_mask, raw_bytes, stored_ms, encoding,
         crc32, positions, header, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    saveCheckpoint: rows(
      `INSERT OR REPLACE INTO checkpoints (file_id, path, dev, ino, birth_ns, head_bytes, head_hash, offset, tail_bytes,
         tail_hash, mtime_ms, state, updated_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    forgetCheckpoints: rows("DELETE FROM checkpoints WHERE state <> 'live' AND updated_ms < ?"),
    book: rows(
      `INSERT INTO ledger (source, account, entries, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (source, account) DO UPDATE SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes`,
    ),
    ledger: rows<LedgerBooking>('SELECT source, account, entries, bytes FROM ledger'),
    insertSource: rows('INSERT OR IGNORE INTO sources (name) VALUES (?)'),
    sources: rows<{ name: string }>('SELECT name FROM sources'),
    // From sqlite_sequence, not from the rows: they may all have been delivered and removed.
    lastSeq: rows<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'"),
    oldest: rows<OldestRow>(
      `SELECT seq, entries, length(body) AS bytes FROM chunks WHERE seq <= ? AND stored_ms < ? ORDER BY seq LIMIT ?`,
    ),
    rowsAfter: rows<ChunkRow>('SELECT * FROM chunks WHERE seq > ? ORDER BY seq'),
    removeUpto: rows('DELETE FROM chunks WHERE seq <= ?'),
    positions: rows<{ positions: string }>('SELECT positions FROM chunks WHERE seq > ? AND seq <= ? ORDER BY seq'),
  }
}
