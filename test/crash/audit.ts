import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import type { Collector, StoredEntry } from './collector.ts'

/** Who knows what must be in the store. */
export interface StoreOracle {
  /** Takes an entry out of the store. Returns what is wrong with it, or undefined. */
  store(entry: StoredEntry): string | undefined
}

interface ChunkRow {
  readonly seq: number
  readonly entries: number
  readonly first_entry: number
  readonly body: Buffer
}

interface CursorRow {
  readonly output: string
  readonly seq: number
  readonly settled: number
}

/** Reads what a stopped agent left behind, and compares it with what was written and with what came out. */
export class Audit {
  /** Entries found in the store so far. */
  entries = 0
  #seq = 0
  readonly #dataDir: string
  readonly #scratch: string
  readonly #oracle: StoreOracle
  readonly #collector: Collector

  constructor(dataDir: string, scratch: string, deps: { oracle: StoreOracle; collector: Collector }) {
    this.#dataDir = dataDir
    this.#scratch = scratch
    this.#oracle = deps.oracle
    this.#collector = deps.collector
  }

  /** What is wrong now. What was found right before is not looked at again. */
  check(): string[] {
    rmSync(this.#scratch, { recursive: true, force: true })
    mkdirSync(this.#scratch)
    const buffer = this.#open('buffer.db')
    const state = this.#open('state.db')
    try {
      if (!buffer || !has(buffer, 'chunks')) return []
      const problems = [...this.#checkChunks(buffer), ...checkSources(buffer, this.entries)]
      if (state && has(state, 'cursors')) problems.push(...this.#checkCursors(buffer, state))
      return problems
    } finally {
      buffer?.close()
      state?.close()
    }
  }

  /** A copy with its WAL: looking must not mend what the next start has to mend. */
  #open(name: string): Database.Database | undefined {
    if (!existsSync(join(this.#dataDir, name))) return undefined
    for (const file of [name, `${name}-wal`]) {
      const path = join(this.#dataDir, file)
      if (existsSync(path)) copyFileSync(path, join(this.#scratch, file))
    }
    return new Database(join(this.#scratch, name))
  }

  #checkChunks(buffer: Database.Database): string[] {
    const problems: string[] = []
    const rows = buffer.prepare('SELECT seq, entries, first_entry, body FROM chunks WHERE seq > ? ORDER BY seq')
    const last = buffer.prepare('SELECT max(seq) AS seq FROM chunks').get() as { seq: number | null }
    if ((last.seq ?? 0) < this.#seq) problems.push(`store: chunk ${this.#seq} was there and is gone`)
    for (const row of rows.all(this.#seq) as ChunkRow[]) {
      if (row.seq !== this.#seq + 1) problems.push(`store: chunk ${row.seq} follows ${this.#seq}`)
      if (row.first_entry !== this.entries) problems.push(`store: chunk ${row.seq} does not begin at ${this.entries}`)
      const lines = zstdDecompressSync(row.body).toString().split('\n').filter(Boolean)
      if (lines.length !== row.entries) problems.push(`store: chunk ${row.seq} does not hold ${row.entries} entries`)
      for (const line of lines) {
        const problem = this.#oracle.store(JSON.parse(line) as StoredEntry)
        if (problem) problems.push(`store: chunk ${row.seq}: ${problem}`)
      }
      this.#seq = row.seq
      this.entries += lines.length
    }
    return problems
  }

  #checkCursors(buffer: Database.Database, state: Database.Database): string[] {
    const problems: string[] = []
    const { value: bufferId } = buffer.prepare("SELECT value FROM meta WHERE key = 'buffer_id'").get() as {
      value: string
    }
    const cursors = state.prepare(
      'SELECT output, seq, born_entries + delivered + dead + expired AS settled FROM cursors WHERE buffer_id = ?',
    )
    const upTo = buffer.prepare('SELECT coalesce(sum(entries), 0) AS entries FROM chunks WHERE seq <= ?')
    for (const { output, seq, settled } of cursors.all(bufferId) as CursorRow[]) {
      const { entries } = upTo.get(seq) as { entries: number }
      if (settled !== entries) problems.push(`ledger: ${output} settled ${settled} of the ${entries} up to its cursor`)
      for (let taken = 1; taken <= seq; taken++) {
        if (this.#collector.takenKeys.has(`${bufferId}/${taken}`)) continue
        problems.push(`cursor: ${output} is at ${seq} and the collector never took chunk ${taken}`)
      }
    }
    return problems
  }
}

/** `read = stored + dropped` for every source, and `stored` is what is there. */
function checkSources(buffer: Database.Database, entries: number): string[] {
  const problems: string[] = []
  const sources = buffer.prepare(
    `SELECT source, sum(CASE account WHEN 'read' THEN entries ELSE -entries END) AS entries_off,
       sum(CASE account WHEN 'read' THEN bytes ELSE -bytes END) AS bytes_off
     FROM ledger GROUP BY source HAVING entries_off <> 0 OR bytes_off <> 0`,
  )
  for (const row of sources.all()) problems.push(`ledger: read and stored differ: ${JSON.stringify(row)}`)
  const sum = buffer.prepare("SELECT coalesce(sum(entries), 0) AS entries FROM ledger WHERE account = 'stored'")
  const { entries: stored } = sum.get() as { entries: number }
  if (stored !== entries) problems.push(`ledger: ${stored} entries are booked as stored, ${entries} are there`)
  const ever = buffer.prepare("SELECT value FROM meta WHERE key = 'entries_ever'").get() as
    | { value: string }
    | undefined
  if (Number(ever?.value ?? 0) !== entries) problems.push(`ledger: entries_ever is ${ever?.value}, not ${entries}`)
  return problems
}

function has(db: Database.Database, table: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !== undefined
}
