import type { ProbeResult, ProbeStatus } from '../model/probe-result.ts'
import { type Connection, named, type Statement } from './sqlite.ts'

/** A step of state.db's migrations. Results are kept by number, changes of a probe's state for longer. */
export const PROBE_TABLES = `
  CREATE TABLE probe_results (
    probe TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    is_change INTEGER NOT NULL,
    PRIMARY KEY (probe, at_ms)
  ) STRICT, WITHOUT ROWID;

  -- The last call that came in for a probe that waits for calls.
  CREATE TABLE probe_calls (
    probe TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`

export interface SavedResult extends ProbeResult {
  readonly probe: string
  /** The state of the probe changed with it. */
  readonly isChange: boolean
}

export interface SavedCall {
  readonly atMs: number
  readonly status: ProbeStatus
  readonly message: string
}

interface ResultRow {
  at_ms: number
  status: ProbeStatus
  message: string
  seconds: number
}

/** Changes of state that are kept of each probe, beyond its last results. */
const KEPT_CHANGES = 1000

/** What state.db remembers of probes. */
export class ProbeRecords {
  readonly #db: Connection
  readonly #sql: ReturnType<typeof prepare>

  constructor(db: Connection) {
    this.#db = db
    this.#sql = prepare(db)
  }

  /** The last `limit` results of a probe, oldest first. */
  results(probe: string, limit: number): ProbeResult[] {
    const rows = named('read results of a probe', () => this.#sql.results.all(probe, limit))
    return rows.map(({ at_ms, status, message, seconds }) => ({ atMs: at_ms, status, message, seconds })).reverse()
  }

  /** Adds results, and forgets all but the last `keepCount` of their probes, changes apart. @throws {StoreError} nothing was written. */
  save(results: readonly SavedResult[], keepCount: number): void {
    const probes = new Set(results.map(({ probe }) => probe))
    named('save results of probes', () =>
      this.#db
        .transaction(() => {
          for (const { probe, atMs, status, message, seconds, isChange } of results) {
            this.#sql.insert.run(probe, Math.round(atMs), status, message, seconds, Number(isChange))
          }
          for (const probe of probes) {
            this.#sql.trim.run(probe, probe, keepCount - 1)
            this.#sql.trimChanges.run(probe, probe, KEPT_CHANGES - 1)
          }
        })
        .immediate(),
    )
  }

  calls(): Record<string, SavedCall> {
    const rows = named('read calls', () => this.#sql.calls.all())
    return Object.fromEntries(
      rows.map(({ probe, at_ms, status, message }) => [probe, { atMs: at_ms, status, message }]),
    )
  }

  /** @throws {StoreError} */
  saveCall(probe: string, { atMs, status, message }: SavedCall): void {
    named('save a call', () => this.#sql.saveCall.run(probe, Math.round(atMs), status, message))
  }
}

function prepare(db: Connection) {
  const rows = <Row>(sql: string): Statement<Row> => db.prepare(sql) as Statement<Row>
  return {
    results: rows<ResultRow>(
      'SELECT at_ms, status, message, seconds FROM probe_results WHERE probe = ? ORDER BY at_ms DESC LIMIT ?',
    ),
    insert: rows('INSERT OR REPLACE INTO probe_results VALUES (?, ?, ?, ?, ?, ?)'),
    trim: rows(
      `DELETE FROM probe_results WHERE probe = ? AND is_change = 0 AND at_ms <
        (SELECT at_ms FROM probe_results WHERE probe = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?)`,
    ),
    trimChanges: rows(
      `DELETE FROM probe_results WHERE probe = ? AND is_change = 1 AND at_ms <
        (SELECT at_ms FROM probe_results WHERE probe = ? AND is_change = 1 ORDER BY at_ms DESC LIMIT 1 OFFSET ?)`,
    ),
    calls: rows<SavedCall & { probe: string; at_ms: number }>('SELECT probe, at_ms, status, message FROM probe_calls'),
    saveCall: rows('INSERT OR REPLACE INTO probe_calls VALUES (?, ?, ?, ?)'),
  }
}
