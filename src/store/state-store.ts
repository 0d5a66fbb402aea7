import type { Cursor, CursorStore, DeadLetter } from './deliveries.ts'
import { PROBE_TABLES, ProbeRecords } from './probe-records.ts'
import {
  type Connection,
  type Migrations,
  migrate,
  named,
  openForReading,
  openForWriting,
  type Statement,
} from './sqlite.ts'

export const STATE_FILE = 'state.db'

/** state.db: written by the main thread alone. */
export const STATE_MIGRATIONS: Migrations = [
  `
  CREATE TABLE cursors (
    output TEXT PRIMARY KEY,
    buffer_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    born_entries INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    expired INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Entries that a destination refused for good, with its answer.
  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    output TEXT NOT NULL,
    key TEXT NOT NULL,
    entry TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL
  ) STRICT;
  `,
  PROBE_TABLES,
]

interface CursorRow {
  output: string
  buffer_id: string
  seq: number
  born_entries: number
  delivered: number
  dead: number
  expired: number
}

const CURSORS = 'SELECT output, buffer_id, seq, born_entries, delivered, dead, expired FROM cursors'

const cursorOf = (row: CursorRow): Cursor => ({
  output: row.output,
  bufferId: row.buffer_id,
  seq: row.seq,
  bornEntries: row.born_entries,
  delivered: row.delivered,
  dead: row.dead,
  expired: row.expired,
})

/** state.db as its only writer sees it: how far each output is, what it refused, and what probes found. */
export class StateStore implements CursorStore {
  readonly probes: ProbeRecords
  readonly #db: Connection
  readonly #sql: ReturnType<typeof prepare>

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#db = openForWriting(path)
    try {
      migrate(this.#db, STATE_MIGRATIONS)
      this.#sql = named(`open ${path}`, () => prepare(this.#db))
      this.probes = named(`open ${path}`, () => new ProbeRecords(this.#db))
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  cursor(output: string): Cursor | undefined {
    const row = named('read a cursor', () => this.#sql.cursor.get(output))
    return row && cursorOf(row)
  }

  moveCursor(cursor: Cursor, deadLetters: readonly DeadLetter[]): void {
    named('move a cursor', () =>
      this.#db
        .transaction(() => {
          const { output, bufferId, seq, bornEntries, delivered, dead, expired } = cursor
          for (const d of deadLetters) this.#sql.insertDead.run(d.output, d.key, d.entry, d.status, d.answer)
          this.#sql.saveCursor.run(output, bufferId, seq, bornEntries, delivered, dead, expired)
        })
        .immediate(),
    )
  }

  deadLetters(output: string, limit: number): DeadLetter[] {
    return named('read dead letters', () => this.#sql.deadLetters.all(output, limit))
  }

  deadLetterCount(output: string): number {
    return named('count dead letters', () => this.#sql.countDead.get(output))?.count ?? 0
  }

  /** What SQLite finds wrong with the file, or undefined. @throws {StoreError} */
  quickCheck(): string | undefined {
    const found = named('check state.db', () => this.#db.pragma('quick_check(1)', { simple: true }))
    return found === 'ok' ? undefined : `quick_check: ${String(found)}`
  }

  close(): void {
    this.#db.close()
  }
}

/** state.db as the ingest thread sees it: what it may remove. */
export class CursorReader {
  readonly #db: Connection
  readonly #cursors: Statement<CursorRow>

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#db = openForReading(path)
    try {
      this.#cursors = named(`read ${path}`, () => this.#db.prepare(CURSORS) as Statement<CursorRow>)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /**
   * The seq up to which every one of `outputs` has settled its chunks of buffer `bufferId`; 0 while one has settled none,
   * Infinity without outputs: then nobody waits for anything.
   */
  settledSeq(outputs: readonly string[], bufferId: string): number {
    const cursors = named('read the cursors', () => this.#cursors.all()).map(cursorOf)
    let settled = Number.POSITIVE_INFINITY
    for (const output of outputs) {
      const cursor = cursors.find((c) => c.output === output && c.bufferId === bufferId)
      settled = Math.min(settled, cursor?.seq ?? 0)
    }
    return settled
  }

  /** The highest seq of buffer `bufferId` that any output has settled; 0 when none has. */
  highestSeq(bufferId: string): number {
    const rows = named('read the cursors', () => this.#cursors.all())
    return Math.max(0, ...rows.filter((row) => row.buffer_id === bufferId).map((row) => row.seq))
  }

  close(): void {
    this.#db.close()
  }
}

function prepare(db: Connection) {
  const rows = <Row>(sql: string): Statement<Row> => db.prepare(sql) as Statement<Row>
  return {
    cursor: rows<CursorRow>(`${CURSORS} WHERE output = ?`),
    saveCursor: rows('INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?, ?, ?)'),
    insertDead: rows('INSERT INTO dead_letters (output, key, entry, status, answer) VALUES (?, ?, ?, ?, ?)'),
    deadLetters: rows<DeadLetter>(
      'SELECT output, key, entry, status, answer FROM dead_letters WHERE output = ? ORDER BY id LIMIT ?',
    ),
    countDead: rows<{ count: number }>('SELECT count(*) AS count FROM dead_letters WHERE output = ?'),
  }
}
