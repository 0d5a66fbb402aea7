import { type Connection, EXPENDABLE, migrate, named, openForWriting, type Statement } from '../sqlite.ts'
import { encodePart, type HistorySamples } from './history-codec.ts'
import { HISTORY_MIGRATIONS } from './history-schema.ts'
import type { Series } from './series.ts'

/** What is written at once: samples in (fromMs, toMs]. */
export interface HistoryBlock {
  readonly fromMs: number
  readonly toMs: number
  readonly sampleCount: number
  /** By name. */
  readonly series: ReadonlyMap<string, readonly BlockSeries[]>
}

export interface BlockSeries extends HistorySamples {
  readonly series: Series
}

export interface SeriesRow {
  readonly id: number
  readonly key: string
  readonly type: string
}

export interface BlockRow {
  readonly id: number
  readonly fromMs: number
  readonly toMs: number
}

/** `seen_ms` is behind by this at most, so that not every flush writes a row for every series. */
const SEEN_SLACK_MS = 6 * 3_600_000
/** Blocks removed, and pages given back, in one step: some ms each. */
const MAX_REMOVED = 32
const MAX_VACUUMED = 256

/** series.db, as SQL. All methods throw what `named` makes of SQLite's refusals. */
export class HistoryFile {
  readonly #db: Connection
  readonly #sql: ReturnType<typeof prepare>
  /** Of what is committed. */
  #ids = new WeakMap<Series, { readonly id: number; readonly seenMs: number }>()

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#db = openForWriting(path, EXPENDABLE)
    try {
      migrate(this.#db, HISTORY_MIGRATIONS)
      this.#sql = named(`open ${path}`, () => prepare(this.#db))
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Writes all of it, or nothing. */
  write(block: HistoryBlock): void {
    const write = this.#db.transaction(() => this.#writeBlock(block))
    try {
      named('store series', () => write.immediate())
    } catch (error) {
      // Numbers given out in it are not in the file.
      this.#ids = new WeakMap()
      throw error
    }
  }

  #writeBlock({ fromMs, toMs, series }: HistoryBlock): void {
    const blockId = Number(this.#sql.insertBlock.run(fromMs, toMs).lastInsertRowid)
    for (const [name, all] of series) {
      const known = this.#sql.nameId.get(name)?.id
      const nameId = known ?? Number(this.#sql.insertName.run(name).lastInsertRowid)
      const columns = all.map(({ series, times, values, isStale }) => ({
        id: this.#seriesId(series, { nameId, seenMs: toMs }),
        ...{ times, values, isStale },
      }))
      columns.sort((a, b) => a.id - b.id)
      this.#sql.insertPart.run(blockId, nameId, encodePart(columns, fromMs))
    }
  }

  #seriesId(series: Series, { nameId, seenMs }: { nameId: number; seenMs: number }): number {
    const known = this.#ids.get(series)
    if (known && seenMs - known.seenMs < SEEN_SLACK_MS) return known.id
    // It may have been removed since, with the last block that had it.
    const id = Number(this.#sql.saveSeries.get(nameId, series.key, series.type, seenMs)?.id)
    this.#ids.set(series, { id, seenMs })
    return id
  }

  /** Those with samples in (fromMs, toMs], oldest first. */
  blocks(fromMs: number, toMs: number): BlockRow[] {
    return named('read the history', () => this.#sql.blocks.all(fromMs, toMs))
  }

  /** The time of the newest sample that may be in the file; -Infinity when it is empty. */
  lastMs(): number {
    return named('read the history', () => this.#sql.lastMs.get())?.lastMs ?? Number.NEGATIVE_INFINITY
  }

  names(): { id: number; name: string }[] {
    return named('read the history', () => this.#sql.names.all())
  }

  nameId(name: string): number | undefined {
    return named('read the history', () => this.#sql.nameId.get(name))?.id
  }

  seriesOf(nameId: number): SeriesRow[] {
    return named('read the history', () => this.#sql.seriesOf.all(nameId))
  }

  part(blockId: number, nameId: number): Buffer | undefined {
    return named('read the history', () => this.#sql.part.get(blockId, nameId))?.body
  }

  /** Bytes of the file, its WAL aside. */
  sizeBytes(): number {
    return named('measure the history', () => this.#pragma('page_count') * this.#pragma('page_size'))
  }

  /** Removes blocks that end before `beforeMs`, and the oldest while more than `maxBytes` are in use; some at a time. */
  removeOld({ beforeMs, maxBytes }: { beforeMs: number; maxBytes: number }): void {
    const remove = this.#db.transaction(() => {
      let removed = 0
      for (const { id } of this.#sql.endedBefore.all(beforeMs, MAX_REMOVED)) removed += this.#removeBlock(id)
      while (removed < MAX_REMOVED && this.#usedBytes() > maxBytes) {
        const oldest = this.#sql.oldest.get()
        if (!oldest) break
        removed += this.#removeBlock(oldest.id)
      }
      if (removed > 0) {
        this.#sql.forgetSeries.run(SEEN_SLACK_MS)
        this.#sql.forgetNames.run()
      }
    })
    named('remove old series', () => {
      remove.immediate()
      if (this.#pragma('freelist_count') > 0) this.#db.pragma(`incremental_vacuum(${MAX_VACUUMED})`)
    })
  }

  #removeBlock(id: number): number {
    this.#sql.removeParts.run(id)
    return this.#sql.removeBlock.run(id).changes
  }

  #usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size')
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number
  }

  close(): void {
    this.#db.close()
  }
}

function prepare(db: Connection) {
  const rows = <Row>(sql: string): Statement<Row> => db.prepare(sql) as Statement<Row>
  return {
    insertBlock: rows('INSERT INTO blocks (from_ms, to_ms) VALUES (?, ?)'),
    insertName: rows('INSERT INTO names (name) VALUES (?)'),
    insertPart: rows('INSERT INTO parts (block_id, name_id, body) VALUES (?, ?, ?)'),
    saveSeries: rows<{ id: number }>(
      `INSERT INTO series (name_id, key, type, seen_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET name_id = excluded.name_id, type = excluded.type, seen_ms = excluded.seen_ms
       RETURNING id`,
    ),
    blocks: rows<BlockRow>(
      'SELECT id, from_ms AS fromMs, to_ms AS toMs FROM blocks WHERE to_ms > ? AND from_ms < ? ORDER BY from_ms, id',
    ),
    lastMs: rows<{ lastMs: number | null }>('SELECT max(to_ms) AS lastMs FROM blocks'),
    names: rows<{ id: number; name: string }>('SELECT id, name FROM names'),
    nameId: rows<{ id: number }>('SELECT id FROM names WHERE name = ?'),
    seriesOf: rows<SeriesRow>('SELECT id, key, type FROM series WHERE name_id = ?'),
    part: rows<{ body: Buffer }>('SELECT body FROM parts WHERE block_id = ? AND name_id = ?'),
    endedBefore: rows<{ id: number }>('SELECT id FROM blocks WHERE to_ms < ? ORDER BY id LIMIT ?'),
    oldest: rows<{ id: number }>('SELECT id FROM blocks ORDER BY id LIMIT 1'),
    removeParts: rows('DELETE FROM parts WHERE block_id = ?'),
    removeBlock: rows('DELETE FROM blocks WHERE id = ?'),
    // Without blocks nothing is forgotten: the numbers that this process remembers are good then, too.
    forgetSeries: rows('DELETE FROM series WHERE seen_ms < coalesce((SELECT min(from_ms) FROM blocks) - ?, 0)'),
    forgetNames: rows('DELETE FROM names WHERE id NOT IN (SELECT name_id FROM series)'),
  }
}
