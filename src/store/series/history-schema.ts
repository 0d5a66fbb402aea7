import type { Migrations } from '../sqlite.ts'

export const HISTORY_FILE = 'series.db'

/** series.db: written by the main thread alone, and expendable. */
export const HISTORY_MIGRATIONS: Migrations = [
  `
  -- What was flushed at once: samples in (from_ms, to_ms].
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE names (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  -- Name and labels, written once. seen_ms: when it last had samples, to within some hours.
  CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name_id INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    seen_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX series_of_name ON series (name_id);

  -- The samples of one name in one block. Blocks are written and removed in one piece, so the parts of a block lie together.
  CREATE TABLE parts (
    block_id INTEGER NOT NULL,
    name_id INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (block_id, name_id)
  ) STRICT, WITHOUT ROWID;
  `,
]
