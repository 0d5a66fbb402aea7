import { crc32 } from 'node:zlib'
import type { ChunkEncoding, ChunkHeader } from './chunk.ts'
import type { ChunkSource } from './deliveries.ts'
import type { LedgerBooking } from './ledger.ts'
import { type Connection, named, openForReading, type Statement } from './sqlite.ts'

interface ChunkRow {
  seq: number
  entries: number
  first_entry: number
  raw_bytes: number
  stored_ms: number
  encoding: ChunkEncoding
  crc32: number
  body: Buffer
}

/** buffer.db as main sees it: read only, beside the ingest thread that writes it. */
export class ChunkReader implements ChunkSource {
  readonly bufferId: string
  readonly #db: Connection
  readonly #sql: ReturnType<typeof prepare>

  /** The file must have been made by the ingest thread. @throws {StoreError} */
  constructor(path: string) {
    this.#db = openForReading(path)
    try {
      this.#sql = named(`read ${path}`, () => prepare(this.#db))
      this.bufferId = this.#meta('buffer_id') ?? ''
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  chunkAfter(seq: number): ReturnType<ChunkSource['chunkAfter']> {
    const row = named('read a chunk', () => this.#sql.chunkAfter.get(seq))
    if (!row) return undefined
    return {
      seq: row.seq,
      entries: row.entries,
      firstEntry: row.first_entry,
      rawBytes: row.raw_bytes,
      encoding: row.encoding,
      body: row.body,
      storedMs: row.stored_ms,
      isCorrupt: crc32(row.body) !== row.crc32,
    }
  }

  totals(): { entries: number; lastSeq: number } {
    return named('read the totals', () => ({
      entries: Number(this.#meta('entries_ever') ?? 0),
      lastSeq: this.#sql.lastSeq.get()?.seq ?? 0,
    }))
  }

  oldestMsAfter(seq: number): number | undefined {
    return named('read the oldest chunk', () => this.#sql.oldestAfter.get(seq))?.stored_ms
  }

  /** Headers of the chunks after `seq`, oldest first, at most `limit`. */
  headersAfter(seq: number, limit: number): { seq: number; header: ChunkHeader }[] {
    const rows = named('read headers', () => this.#sql.headersAfter.all(seq, limit))
    return rows.map((row) => ({ seq: row.seq, header: JSON.parse(row.header) as ChunkHeader }))
  }

  /** Entries ever stored in chunks up to `seq`, removed ones too. */
  entriesUpto(seq: number): number {
    const next = named('count entries', () => this.#sql.nextFirstEntry.get(seq))
    return next?.first_entry ?? this.totals().entries
  }

  /** Entries in the chunks that are here, and when the oldest was stored, wall time in ms. */
  held(): { entries: number; oldestMs: number | undefined } {
    return { entries: this.totals().entries - this.entriesUpto(0), oldestMs: this.oldestMsAfter(0) }
  }

  ledger(): LedgerBooking[] {
    return named('read the ledger', () => this.#sql.ledger.all())
  }

  close(): void {
    this.#db.close()
  }

  #meta(key: string): string | undefined {
    return named('read the buffer', () => this.#sql.meta.get(key))?.value
  }
}

function prepare(db: Connection) {
  const rows = <Row>(sql: string): Statement<Row> => db.prepare(sql) as Statement<Row>
  return {
    meta: rows<{ value: string }>('SELECT value FROM meta WHERE key = ?'),
    chunkAfter: rows<ChunkRow>(
      `SELECT seq, entries, first_entry, raw_bytes, stored_ms, encoding, crc32, body
       FROM chunks WHERE seq > ? ORDER BY seq LIMIT 1`,
    ),
    // From sqlite_sequence, not from the rows: they may all have been delivered and removed.
    lastSeq: rows<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'"),
    oldestAfter: rows<{ stored_ms: number }>('SELECT stored_ms FROM chunks WHERE seq > ? ORDER BY seq LIMIT 1'),
    nextFirstEntry: rows<{ first_entry: number }>('SELECT first_entry FROM chunks WHERE seq > ? ORDER BY seq LIMIT 1'),
    headersAfter: rows<{ seq: number; header: string }>(
      'SELECT seq, header FROM chunks WHERE seq > ? ORDER BY seq LIMIT ?',
    ),
    ledger: rows<LedgerBooking>('SELECT source, account, entries, bytes FROM ledger'),
  }
}
