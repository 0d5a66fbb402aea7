import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { BUFFER_MIGRATIONS } from './buffer-schema.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { ChunkHeader, SealedChunk } from './chunk.ts'
import { type ChunkRow, isSound } from './chunk-row.ts'
import { type OldestRow, prepareChunkStore } from './chunk-statements.ts'
import type { LedgerBooking } from './ledger.ts'
import { readCheckpoints } from './salvage.ts'
import { type Connection, migrate, named, openForWriting } from './sqlite.ts'

/** Everything that becomes true at once: the entries, how far that means the files were read, and the books. */
export interface Commit {
  /** Absent when only positions or books change. */
  readonly chunk?: SealedChunk
  readonly checkpoints: readonly Checkpoint[]
  readonly ledger: readonly LedgerBooking[]
  /** Sources whose first look round this commit completes. */
  readonly seenSources?: readonly string[]
  /** Wall time, ms. */
  readonly nowMs: number
}

/** Space that buffer.db takes, in bytes. */
export interface BufferUsage {
  /** Pages in use: what counts against `buffer.max_bytes`. */
  readonly usedBytes: number
  /** Pages that are free and can be given back to the file system. */
  readonly freeBytes: number
  /** By how much the file grows when the WAL is copied back into it. */
  readonly pendingBytes: number
}

/** What removing chunks removed. */
export interface Removed {
  readonly chunks: number
  readonly entries: number
  readonly bytes: number
}

/**
 * buffer.db as its only writer, the ingest thread, sees it: chunks come in together with the checkpoints that prove they
 * were read, and go out when retention says so.
 */
export class ChunkStore {
  /** False when the process before this one was killed. */
  readonly wasClean: boolean
  readonly #db: Connection
  readonly #sql: ReturnType<typeof prepareChunkStore>
  #id: string
  #entriesEver: number

  /** Opens, migrates, and marks the file as in use. @throws {StoreError} */
  constructor(path: string) {
    this.#db = openForWriting(path)
    try {
      migrate(this.#db, BUFFER_MIGRATIONS)
      this.#sql = named(`open ${path}`, () => prepareChunkStore(this.#db))
      const id = this.#meta('buffer_id')
      this.#id = id ?? randomUUID()
      this.wasClean = this.#meta('is_clean') !== '0'
      this.#entriesEver = Number(this.#meta('entries_ever') ?? 0)
      named(`mark ${path} as in use`, () =>
        this.#db.transaction(() => {
          if (id === undefined) this.#sql.setMeta.run('buffer_id', this.#id)
          this.#sql.setMeta.run('is_clean', '0')
        })(),
      )
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Born with the file; names every chunk together with its seq. */
  get id(): string {
    return this.#id
  }

  /** Numbers will repeat (the file went back in time): from now on chunks have another name. @throws {StoreError} */
  renewId(): void {
    const id = randomUUID()
    named('rename the buffer', () => this.#sql.setMeta.run('buffer_id', id))
    this.#id = id
  }

  /** Entries ever stored in this file, removed ones too. */
  get entriesEver(): number {
    return this.#entriesEver
  }

  /**
   * Stores a chunk, moves the checkpoints of the files it came from and books the ledger, all or nothing; returns the
   * chunk's seq, or 0 when there was none. Seqs only grow. @throws {StoreError} nothing was written.
   */
  commit(commit: Commit): number {
    return this.commitAll([commit])[0] ?? 0
  }

  /** Several commits in one transaction: one sync of the disk for all of them. @throws {StoreError} nothing was written. */
  commitAll(commits: readonly Commit[]): number[] {
    let entriesEver = this.#entriesEver
    const write = this.#db.transaction(() =>
      commits.map((commit) => {
        const seq = this.#write(commit, entriesEver)
        entriesEver += commit.chunk?.entries ?? 0
        return seq
      }),
    )
    const seqs = named('store a chunk', () => write.immediate())
    this.#entriesEver = entriesEver
    return seqs
  }

  #write({ chunk, checkpoints, ledger, seenSources, nowMs }: Commit, firstEntry: number): number {
    const { insertChunk, saveCheckpoint, book, insertSource, setMeta } = this.#sql
    for (const c of checkpoints) {
      const { fileId, path, dev, ino, birthNs, headBytes, headHash, offset, tailBytes, tailHash, state } = c
      const mtimeMs = Math.floor(c.mtimeMs)
      saveCheckpoint.run(
        ...[fileId, path, dev, ino, birthNs, headBytes, headHash, offset],
        ...[tailBytes, tailHash, mtimeMs, state, nowMs],
      )
    }
    for (const b of ledger) book.run(b.source, b.account, b.entries, b.bytes)
    for (const name of seenSources ?? []) insertSource.run(name)
    if (!chunk) return 0
    const { entries, minTimeMs, maxTimeMs, levelMask, rawBytes, encoding, header, body } = chunk
    const positions = JSON.stringify(checkpoints.map((c) => [c.fileId, c.offset]))
    setMeta.run('entries_ever', String(firstEntry + entries))
    return Number(
      insertChunk.run(
        ...[entries, firstEntry, Math.floor(minTimeMs), Math.floor(maxTimeMs), levelMask, rawBytes, nowMs],
        ...[encoding, crc32(body), positions, JSON.stringify(header), body],
      ).lastInsertRowid,
    )
  }

  checkpoints(): Checkpoint[] {
    return named('read the checkpoints', () => readCheckpoints(this.#db))
  }

  /** Forgets files that are gone or were rotated away, and were not touched since `beforeMs`. */
  forgetCheckpoints(beforeMs: number): number {
    return named('forget old checkpoints', () => this.#sql.forgetCheckpoints.run(beforeMs).changes)
  }

  /** Names of the sources that have had their first look round. */
  seenSources(): Set<string> {
    return new Set(named('read the sources', () => this.#sql.sources.all()).map((row) => row.name))
  }

  ledger(): LedgerBooking[] {
    return named('read the ledger', () => this.#sql.ledger.all())
  }

  usage(): BufferUsage {
    return named('measure the buffer', () => {
      const [pageBytes, pages, freePages] = ['page_size', 'page_count', 'freelist_count'].map((pragma) =>
        Number(this.#db.pragma(pragma, { simple: true })),
      ) as [number, number, number]
      const fileBytes = statSync(this.#db.name, { throwIfNoEntry: false })?.size ?? 0
      return {
        usedBytes: (pages - freePages) * pageBytes,
        freeBytes: freePages * pageBytes,
        pendingBytes: Math.max(0, pages * pageBytes - fileBytes),
      }
    })
  }

  /** A hard wall for the file's size, for when everything else fails. Deletes still work at the wall; inserts do not. */
  limitTo(bytes: number): void {
    const pageBytes = Number(this.#db.pragma('page_size', { simple: true }))
    this.#db.pragma(`max_page_count = ${Math.ceil(bytes / pageBytes)}`)
  }

  /**
   * Removes the oldest chunks, at most `limit`, among those with a seq up to `uptoSeq` that were stored before
   * `storedBeforeMs`. @throws {StoreError}
   */
  removeOldest({
    uptoSeq,
    storedBeforeMs,
    limit,
  }: {
    uptoSeq: number
    storedBeforeMs: number
    limit: number
  }): Removed {
    return named('remove old chunks', () =>
      this.#db
        .transaction(() => {
          const oldest = this.#sql.oldest.all(uptoSeq, storedBeforeMs, limit)
          const last = oldest.at(-1)
          if (last) this.#sql.removeUpto.run(last.seq)
          const sum = (pick: (row: OldestRow) => number): number => oldest.reduce((total, row) => total + pick(row), 0)
          return { chunks: oldest.length, entries: sum((row) => row.entries), bytes: sum((row) => row.bytes) }
        })
        .immediate(),
    )
  }

  /** The seq of the newest chunk ever stored; 0 before the first. */
  lastSeq(): number {
    return named('read the newest seq', () => this.#sql.lastSeq.get())?.seq ?? 0
  }

  /** What files were read up to, by the chunks in (`afterSeq`, `uptoSeq`]: the newest position of each file. */
  positionsBetween(afterSeq: number, uptoSeq: number): Map<number, number> {
    const positions = new Map<number, number>()
    const rows = named('read positions', () => this.#sql.positions.all(afterSeq, uptoSeq))
    for (const row of rows) {
      for (const [fileId, offset] of JSON.parse(row.positions) as [number, number][]) positions.set(fileId, offset)
    }
    return positions
  }

  /** Gives free pages back to the file system, a few at a time: 256 pages of 16 KiB are a step of some ms. */
  shrink(pages = 256): void {
    named('shrink the buffer', () => this.#db.pragma(`incremental_vacuum(${pages})`))
  }

  /** Copies the WAL back into the file as far as no reader is in the way; never waits. */
  checkpointWal(): void {
    named('checkpoint the buffer', () => this.#db.pragma('wal_checkpoint(PASSIVE)'))
  }

  /**
   * What is wrong with the file, or undefined: with its structure, or with a chunk after `afterSeq`. SQLite's own check
   * costs about 0.5 ms for each MB and does not look into the bodies. @throws {StoreError}
   */
  faultAfter(afterSeq: number): string | undefined {
    return named('check the buffer', () => {
      const found = this.#db.pragma('quick_check(1)', { simple: true })
      if (found !== 'ok') return `quick_check: ${String(found)}`
      for (const row of this.#sql.rowsAfter.iterate(afterSeq)) {
        if (!isSound(row)) return `chunk ${row.seq} is not what was stored`
      }
      return undefined
    })
  }

  /** Takes over a chunk that was salvaged of another file, under a new number. @throws {StoreError} */
  restore({ entries, encoding, body, ...row }: ChunkRow): void {
    const times = { minTimeMs: row.min_time_ms, maxTimeMs: row.max_time_ms, levelMask: row.level_mask }
    const header = JSON.parse(row.header) as ChunkHeader
    const chunk = { entries, encoding, body, ...times, rawBytes: row.raw_bytes, header }
    this.commit({ chunk, checkpoints: [], ledger: [], nowMs: row.stored_ms })
  }

  /** Ends the use of the file in an orderly way. */
  close(): void {
    if (!this.#db.open) return
    try {
      this.#sql.setMeta.run('is_clean', '1')
      // Readers are still there, so that closing alone would leave everything in the WAL.
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // No room for the mark: then the next start looks at the file, which costs time and nothing else.
    } finally {
      this.#db.close()
    }
  }

  /** Ends the use of a file that is not to be trusted: whoever opens it next looks at it first. Never throws. */
  abandon(): void {
    try {
      this.#db.close()
    } catch {
      // Closing copies the WAL back, and the file may be beyond that.
    }
  }

  #meta(key: string): string | undefined {
    return named('read the buffer', () => this.#sql.meta.get(key))?.value
  }
}
