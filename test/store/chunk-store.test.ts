import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { ChunkReader } from '../../src/store/chunk-reader.ts'
import { ChunkStore } from '../../src/store/chunk-store.ts'
import { BUFFER_FILE } from '../../src/store/open-buffer.ts'
import { migrate, openForReading, openForWriting } from '../../src/store/sqlite.ts'
import { checkpointAt, chunkOf, commitOf, NOW_MS, tempDir } from './buffer-fixture.ts'
import { flipBodyByte } from './damage.ts'

function openStore(t: Test): { dir: string; path: string; store: ChunkStore } {
  const dir = tempDir(t)
  const path = join(dir, BUFFER_FILE)
  const store = new ChunkStore(path)
  t.teardown(() => store.close())
  return { dir, path, store }
}

const ALL = { uptoSeq: Number.MAX_SAFE_INTEGER, storedBeforeMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 }

t.test('a commit stores the chunk, the checkpoints, the ledger and the seen sources together', async (t) => {
  const { path, store } = openStore(t)
  t.equal(store.commit({ ...commitOf(0), seenSources: ['app'] }), 1)
  t.equal(store.commit(commitOf(10)), 2)
  t.same(store.checkpoints(), [checkpointAt(20)])
  t.same([...store.seenSources()], ['app'])
  t.same(
    store.ledger().map(({ account, entries }) => [account, entries]),
    [
      ['read', 20],
      ['stored', 20],
    ],
  )
  t.equal(store.entriesEver, 20)
  const reader = new ChunkReader(path)
  t.teardown(() => reader.close())
  t.equal(reader.bufferId, store.id)
  t.match(reader.chunkAfter(1), {
    seq: 2,
    entries: 10,
    firstEntry: 10,
    encoding: 'zstd',
    isCorrupt: false,
    storedMs: NOW_MS,
  })
  t.same(reader.totals(), { entries: 20, lastSeq: 2 })
  t.equal(reader.entriesUpto(1), 10)
})

t.test('a commit that fails leaves nothing behind: no chunk, no checkpoint, no booking, no number', async (t) => {
  const { path, store } = openStore(t)
  store.commit(commitOf(0))
  const before = { checkpoints: store.checkpoints(), ledger: store.ledger(), entries: store.entriesEver }
  const other = new Database(path)
  // The last thing that is written refuses: everything before it must be undone.
  other.exec("CREATE TRIGGER refuse BEFORE INSERT ON chunks BEGIN SELECT raise(ABORT, 'refused'); END")
  t.throws(() => store.commit({ ...commitOf(10), seenSources: ['app'] }), /refused/)
  t.same({ checkpoints: store.checkpoints(), ledger: store.ledger(), entries: store.entriesEver }, before)
  t.same([...store.seenSources()], [])
  other.exec('DROP TRIGGER refuse')
  other.close()
  t.equal(store.commit(commitOf(10)), 2, 'the next one is stored as if nothing had been')
  t.equal(store.entriesEver, 20)
})

t.test('a commit at the wall of max_page_count is refused as full, and removing chunks makes room', async (t) => {
  const { store } = openStore(t)
  store.limitTo(20 * 16_384)
  const fill = () =>
    store.commit({ chunk: chunkOf(['x'], 30_000), checkpoints: [checkpointAt(1)], ledger: [], nowMs: NOW_MS })
  t.throws(
    () => {
      for (let i = 0; i < 100; i++) fill()
    },
    { name: 'StoreError', code: 'full' },
  )
  const stored = store.entriesEver
  t.ok(stored > 3 && stored < 20)
  t.equal(store.removeOldest({ ...ALL, limit: 3 }).chunks, 3)
  t.equal(fill(), stored + 1)
})

t.test('a seq is never given out again, even after every chunk was removed and the file was opened anew', async (t) => {
  const { path, store } = openStore(t)
  for (let i = 0; i < 3; i++) store.commit(commitOf(i * 10))
  t.same(store.removeOldest(ALL).chunks, 3)
  t.equal(store.commit(commitOf(30)), 4)
  store.removeOldest(ALL)
  store.close()
  const again = new ChunkStore(path)
  t.teardown(() => again.close())
  t.equal(again.lastSeq(), 4)
  t.equal(again.entriesEver, 40)
  t.equal(again.commit(commitOf(40)), 5)
  t.equal(again.entriesEver, 50)
})

t.test('a store that was closed is clean, one that was not is not', async (t) => {
  const { path, store } = openStore(t)
  t.ok(store.wasClean, 'a new one')
  store.close()
  const second = new ChunkStore(path)
  t.ok(second.wasClean)
  second.abandon()
  const third = new ChunkStore(path)
  t.notOk(third.wasClean)
  third.close()
  t.doesNotThrow(() => third.close(), 'twice is once')
})

t.test('a store that is closed while others read leaves nothing in the WAL', async (t) => {
  const { path, store } = openStore(t)
  store.commit(commitOf(0))
  const reader = new ChunkReader(path)
  t.teardown(() => reader.close())
  t.ok(reader.chunkAfter(0))
  t.ok(statSync(`${path}-wal`).size > 0)
  store.close()
  t.equal(statSync(`${path}-wal`).size, 0)
})

t.test('pragmas of a database that is written are really set', async (t) => {
  const path = join(tempDir(t), 'x.db')
  const db = openForWriting(path)
  t.teardown(() => db.close())
  db.exec('CREATE TABLE x (y)')
  const found = [
    'journal_mode',
    'synchronous',
    'auto_vacuum',
    'trusted_schema',
    'page_size',
    'busy_timeout',
    'journal_size_limit',
  ]
  t.same(Object.fromEntries(found.map((name) => [name, db.pragma(name, { simple: true })])), {
    journal_mode: 'wal',
    synchronous: 2, // FULL
    auto_vacuum: 2, // INCREMENTAL
    trusted_schema: 0,
    page_size: 16_384,
    busy_timeout: 250,
    journal_size_limit: 16_777_216,
  })
  t.ok(`${db.prepare('SELECT sqlite_version()').pluck().get()}` >= '3.51.3', 'a SQLite without the WAL-reset bug')
})

t.test('a database that is read cannot be written', async (t) => {
  const path = join(tempDir(t), 'x.db')
  openForWriting(path).exec('CREATE TABLE x (y)').close()
  const db = openForReading(path)
  t.teardown(() => db.close())
  t.throws(() => db.exec('INSERT INTO x VALUES (1)'), { code: 'SQLITE_READONLY' })
})

t.test('migrations bring any older schema up to date, all or nothing', async (t) => {
  const steps = ['CREATE TABLE a (x)', 'ALTER TABLE a ADD COLUMN y', 'CREATE TABLE b (z); INSERT INTO b VALUES (7)']
  for (let from = 0; from <= steps.length; from++) {
    const db = openForWriting(join(tempDir(t), 'x.db'))
    migrate(db, steps.slice(0, from))
    t.equal(db.pragma('user_version', { simple: true }), from)
    migrate(db, steps)
    migrate(db, steps)
    t.equal(db.pragma('user_version', { simple: true }), 3)
    t.same(db.prepare('SELECT z FROM b').pluck().all(), [7])
    db.close()
  }
  const db = openForWriting(join(tempDir(t), 'x.db'))
  t.teardown(() => db.close())
  t.throws(() => migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE broken (']), { code: 'SQLITE_ERROR' })
  t.equal(db.pragma('user_version', { simple: true }), 0)
  t.same(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get(), 0)
})

t.test('a buffer that a newer agent wrote is refused in clear words, and not touched', async (t) => {
  const { path, store } = openStore(t)
  store.commit(commitOf(0))
  store.close()
  const db = new Database(path)
  db.pragma('user_version = 99')
  db.close()
  const expected = {
    name: 'StoreError',
    code: 'newer_schema',
    message: /schema is version 99, this agent knows versions up to \d+/,
  }
  t.throws(() => new ChunkStore(path), expected)
  t.equal(new Database(path).pragma('user_version', { simple: true }), 99)
})

t.test('a chunk with a flipped byte is handed out as corrupt, its neighbours as sound', async (t) => {
  const { path, store } = openStore(t)
  for (let i = 0; i < 3; i++) store.commit(commitOf(i * 10))
  store.close()
  flipBodyByte(path, 2)
  const reader = new ChunkReader(path)
  t.teardown(() => reader.close())
  t.same(
    [0, 1, 2].map((seq) => reader.chunkAfter(seq)?.isCorrupt),
    [false, true, false],
  )
})

t.test('positions are those of the newest chunk of each file in the range', async (t) => {
  const { store } = openStore(t)
  const [a, b] = [{ fileId: 1 }, { fileId: 2, ino: '9' }]
  const at = (checkpoints: ReturnType<typeof checkpointAt>[]) =>
    store.commit({ chunk: chunkOf(['x']), checkpoints, ledger: [], nowMs: NOW_MS })
  at([checkpointAt(10, a)])
  at([checkpointAt(20, a), checkpointAt(5, b)])
  at([checkpointAt(8, b)])
  t.same(
    [...store.positionsBetween(0, 3)],
    [
      [1, 20],
      [2, 8],
    ],
  )
  t.same(
    [...store.positionsBetween(0, 2)],
    [
      [1, 20],
      [2, 5],
    ],
  )
  t.same([...store.positionsBetween(2, 3)], [[2, 8]])
  t.same([...store.positionsBetween(3, 3)], [])
})

t.test('checkpoints of ended files are forgotten in time, those of live ones never', async (t) => {
  const { store } = openStore(t)
  const old = NOW_MS - 10_000
  const states = (['live', 'rotated', 'gone'] as const).map((state, i) => checkpointAt(1, { fileId: i + 1, state }))
  store.commit({ checkpoints: states, ledger: [], nowMs: old })
  store.commit({ checkpoints: [checkpointAt(1, { fileId: 4, state: 'gone' })], ledger: [], nowMs: NOW_MS })
  t.equal(store.forgetCheckpoints(NOW_MS - 5000), 2)
  t.same(
    store.checkpoints().map(({ fileId }) => fileId),
    [1, 4],
  )
})

t.test('a file that was filled and emptied gives its pages back', async (t) => {
  const { path, store } = openStore(t)
  for (let i = 0; i < 200; i++)
    store.commit({ chunk: chunkOf(['x'], 200_000), checkpoints: [], ledger: [], nowMs: NOW_MS })
  store.checkpointWal()
  const fullBytes = statSync(path).size
  t.ok(fullBytes > 40e6)
  store.removeOldest(ALL)
  const { freeBytes } = store.usage()
  t.ok(freeBytes > 40e6)
  const beganMs = performance.now()
  store.shrink(256)
  t.ok(performance.now() - beganMs < 1000, 'one step is short')
  t.equal(freeBytes - store.usage().freeBytes, 256 * 16_384, 'and as long as it was asked to be')
  for (let i = 0; i < 12; i++) store.shrink()
  store.checkpointWal()
  t.ok(statSync(path).size < fullBytes / 10, `${statSync(path).size} of ${fullBytes} bytes`)
})

t.test('what SQLite refuses has a name the agent decides by', async (t) => {
  const { path, store } = openStore(t)
  const other = new Database(path, { timeout: 0 })
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const beganMs = performance.now()
  t.throws(() => store.commit(commitOf(0)), { name: 'StoreError', code: 'busy' })
  t.ok(performance.now() - beganMs < 2000, 'nobody waits for long')
  other.exec('ROLLBACK')
  t.equal(store.commit(commitOf(0)), 1)
})
