import type { Migrations } from './sqlite.ts'

/** buffer.db: written by the ingest thread alone. */
export const BUFFER_MIGRATIONS: Migrations = [
  `
  -- One row a fact: buffer_id, entries_ever, is_clean.
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT: a seq is never given out again, even after the newest rows were removed.
  -- The body stands last, so that reading the columns before it touches no overflow page.
  CREATE TABLE chunks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    entries INTEGER NOT NULL,
    first_entry INTEGER NOT NULL,
    min_time_ms INTEGER NOT NULL,
    max_time_ms INTEGER NOT NULL,
    level_mask INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    crc32 INTEGER NOT NULL,
    positions TEXT NOT NULL,
    header TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  -- How far each file was read, and what proves that it is that file.
  CREATE TABLE checkpoints (
    file_id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    dev TEXT NOT NULL,
    ino TEXT NOT NULL,
    birth_ns TEXT NOT NULL,
    head_bytes INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    offset INTEGER NOT NULL,
    tail BLOB NOT NULL,
    mtime_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    updated_ms INTEGER NOT NULL
  ) STRICT;

  -- Sources that have had their first look round: start_at applies to that look only.
  CREATE TABLE sources (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- read = stored + dropped{reason}, for every source. account: read, stored, or dropped:<reason>.
  CREATE TABLE ledger (
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (source, account)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The bytes before the offset are not kept any more, only their hash: they are log text that nobody redacted. A file known
  -- from before is proved by its head alone until it is read again.
  ALTER TABLE checkpoints DROP COLUMN tail;
  ALTER TABLE checkpoints ADD COLUMN tail_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE checkpoints ADD COLUMN tail_hash TEXT NOT NULL DEFAULT '';
  `,
]
