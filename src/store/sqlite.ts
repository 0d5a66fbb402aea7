import Database from 'better-sqlite3'
import { codeOf, messageOf } from '../errors.ts'

export type Connection = Database.Database
export type Statement<Row = unknown> = Database.Statement<unknown[], Row>

export type StoreErrorCode = 'full' | 'busy' | 'read_only' | 'corrupt' | 'io' | 'newer_schema' | 'locked'

/** Why the store refused. `full`, `busy`, `read_only` and `io` may pass: nothing was written, try again later. */
export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}

const CODES: readonly [prefix: string, code: StoreErrorCode][] = [
  ['SQLITE_FULL', 'full'],
  // Seen on a full disk: the wal index can not be mapped (promises §3.5).
  ['SQLITE_IOERR_SHMSIZE', 'full'],
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_LOCKED', 'busy'],
  ['SQLITE_READONLY', 'read_only'],
  ['SQLITE_CANTOPEN', 'io'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_IOERR', 'io'],
]

/** Runs `work` and gives SQLite's refusals the names the rest of the agent decides by; other errors pass as they are. */
export function named<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const code = codeOf(error)
    const known = CODES.find(([prefix]) => code.startsWith(prefix))
    if (!known) throw error
    throw new StoreError(known[1], `Cannot ${what}: ${messageOf(error)} (${code})`, { cause: error })
  }
}

/** 16 KiB: a chunk of 70–150 KB is a chain of few pages. */
const PAGE_BYTES = 16_384
/** Pages in the WAL before it is copied back: 8 MiB. */
const WAL_PAGES = 512

/** How a database is written whose newest rows may be lost in a power cut. */
export const EXPENDABLE: WritingOptions = { synchronous: 'NORMAL', busyMs: 50, walPages: 128 }

export interface WritingOptions {
  /** FULL: a commit is on the disk when it returns. NORMAL: a power cut may undo the newest ones, and leaves the file whole. */
  readonly synchronous: 'FULL' | 'NORMAL'
  /** How long to wait for a lock that another process holds. */
  readonly busyMs: number
  /** Pages in the WAL before it is copied back. */
  readonly walPages: number
}

const LASTING: WritingOptions = { synchronous: 'FULL', busyMs: 250, walPages: WAL_PAGES }

/**
 * Opens a database this thread alone writes. FULL: a chunk that was sent must never be undone by a power cut, or its number
 * would be given out twice. `auto_vacuum` and `page_size` only take effect before the first table. @throws {StoreError}
 */
export function openForWriting(path: string, options: WritingOptions = LASTING): Connection {
  return named(`open ${path}`, () => {
    const db = new Database(path, { timeout: options.busyMs })
    try {
      db.pragma(`page_size = ${PAGE_BYTES}`)
      db.pragma('auto_vacuum = INCREMENTAL')
      db.pragma('journal_mode = WAL')
      db.pragma(`synchronous = ${options.synchronous}`)
      db.pragma(`wal_autocheckpoint = ${options.walPages}`)
      db.pragma('journal_size_limit = 16777216')
      db.pragma('trusted_schema = OFF')
      db.pragma('cache_size = -4096')
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/** Opens a database that another thread writes. @throws {StoreError} */
export function openForReading(path: string): Connection {
  return named(`open ${path}`, () => {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 250 })
    db.pragma('trusted_schema = OFF')
    db.pragma('query_only = ON')
    db.pragma('cache_size = -2048')
    return db
  })
}

/** Opens a database whose only use is to be locked. */
export function openForLock(path: string): Connection {
  return new Database(path, { timeout: 0 })
}

/** For an operator who went back to an older agent. */
export const NEWER_SCHEMA_HINT = 'install the newer agent again, or give this one another data_dir'

/** Numbered steps, oldest first; step `i` takes a database from version `i` to `i + 1`. Steps are never edited, only added. */
export type Migrations = readonly string[]

/** Brings the schema up to date, all or nothing. @throws {StoreError} `newer_schema` when a newer agent wrote the file. */
export function migrate(db: Connection, migrations: Migrations): void {
  named(`migrate ${db.name}`, () => {
    const version = db.pragma('user_version', { simple: true }) as number
    if (version > migrations.length) {
      throw new StoreError(
        'newer_schema',
        `Cannot use ${db.name}: its schema is version ${version}, this agent knows versions up to ${migrations.length}`,
      )
    }
    if (version === migrations.length) return
    db.transaction(() => {
      for (const step of migrations.slice(version)) db.exec(step)
      db.pragma(`user_version = ${migrations.length}`)
    }).immediate()
  })
}
