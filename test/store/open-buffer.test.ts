import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { saveAcked } from '../../src/store/acked-file.ts'
import { ChunkStore } from '../../src/store/chunk-store.ts'
import { BUFFER_FILE, openBuffer } from '../../src/store/open-buffer.ts'
import { checkpointAt, commitOf, LINES_A_CHUNK, lostLines, NOW_MS, tempDir } from './buffer-fixture.ts'
import { damages, flipBodyByte } from './damage.ts'

const CHUNKS = 30
const WRITTEN = CHUNKS * LINES_A_CHUNK
const ACKED_CHUNKS = 12

/**
 * A data_dir as a killed agent leaves it: 30 chunks, 12 of them acknowledged if `hasAcked`. Half of the chunks are in the
 * file in either case, so that a damaged WAL takes away the newest ones alone.
 */
function killedBuffer(t: Test, { rowsIn, hasAcked }: { rowsIn: 'file' | 'wal'; hasAcked: boolean }): string {
  const built = tempDir(t)
  const dir = tempDir(t)
  const store = new ChunkStore(join(built, BUFFER_FILE))
  t.teardown(() => store.abandon())
  for (let i = 0; i < CHUNKS; i++) {
    store.commit({ ...commitOf(i * LINES_A_CHUNK), seenSources: ['app'] })
    if (i === CHUNKS / 2) store.checkpointWal()
  }
  if (rowsIn === 'file') store.checkpointWal()
  const checkpoints = [checkpointAt(ACKED_CHUNKS * LINES_A_CHUNK)]
  if (hasAcked) saveAcked(dir, { bufferId: store.id, seq: ACKED_CHUNKS, checkpoints })
  // Copied while it is open: that is what a kill leaves.
  const suffixes = rowsIn === 'file' ? [''] : ['', '-wal', '-shm']
  for (const suffix of suffixes) copyFileSync(join(built, BUFFER_FILE + suffix), join(dir, BUFFER_FILE + suffix))
  return dir
}

const open = (dataDir: string, nowMs = NOW_MS) => openBuffer({ dataDir, nowMs, sources: ['app'] })

for (const hasAcked of [true, false]) {
  for (const { name, rowsIn, isFatal, inflict } of damages('chunks')) {
    const side = hasAcked ? 'with' : 'without'
    t.test(`a buffer ${side} acknowledged positions whose ${name} loses nothing`, async (t) => {
      const dir = killedBuffer(t, { rowsIn, hasAcked })
      inflict(join(dir, BUFFER_FILE))
      const { store, corruption } = open(dir)
      t.teardown(() => store.close())
      const acked = hasAcked ? ACKED_CHUNKS * LINES_A_CHUNK : 0
      t.same(lostLines(dir, store, { acked, written: WRITTEN }), [], 'lost')
      // A file that was emptied without a trace is a new one as far as anyone can tell.
      const hasTrace = hasAcked || statSync(join(dir, BUFFER_FILE)).size > 0
      const isGone = /emptied$|are removed$/.test(name)
      if (isFatal && hasTrace && !(isGone && !hasAcked)) {
        t.ok(corruption, 'it is told')
        t.same([...store.seenSources()], ['app'], 'start_at: end does not skip what was missed')
        if (corruption && !name.includes('removed')) t.ok(existsSync(corruption.quarantine), 'the damaged file is kept')
      }
      if (!isFatal) t.notOk(corruption, 'SQLite deals with it')
      const seq = store.commit(commitOf(WRITTEN))
      t.equal(seq, store.lastSeq(), 'it can be written to')
      t.notOk(store.faultAfter(0), 'nothing is wrong with it any more')
    })
  }
}

t.test('a damaged buffer is set aside together with its -wal and -shm', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'wal', hasAcked: true })
  writeFileSync(join(dir, BUFFER_FILE), 'no database at all, '.repeat(4000))
  writeFileSync(join(dir, `${BUFFER_FILE}-wal`), 'no wal')
  const { store, corruption } = open(dir)
  t.teardown(() => store.close())
  const place = dirname(corruption?.quarantine ?? '')
  t.equal(basename(place), '2026-01-02T000000.000Z')
  t.ok(existsSync(join(place, `${BUFFER_FILE}-wal`)))
  t.equal(statSync(place).mode & 0o777, 0o700)
})

t.test('the two newest of the damaged buffers are kept', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'file', hasAcked: true })
  for (let i = 0; i < 4; i++) {
    writeFileSync(join(dir, BUFFER_FILE), `no database ${i}, `.repeat(4000))
    open(dir, NOW_MS + i).store.close()
  }
  t.same(readdirSync(join(dir, 'quarantine')), ['2026-01-02T000000.002Z', '2026-01-02T000000.003Z'])
})

t.test('a chunk with a flipped byte is read again, and the others are kept', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'file', hasAcked: true })
  flipBodyByte(join(dir, BUFFER_FILE), 20)
  const { store, corruption } = open(dir)
  t.teardown(() => store.close())
  t.equal(corruption?.lostChunks, 1)
  t.equal(corruption?.salvagedEntries, (CHUNKS - ACKED_CHUNKS - 1) * LINES_A_CHUNK)
  t.same(lostLines(dir, store, { acked: ACKED_CHUNKS * LINES_A_CHUNK, written: WRITTEN }), [])
})

const rows: readonly { column: string; value: string | number | null }[] = [
  { column: 'header', value: '{"sources":' },
  { column: 'header', value: 'null' },
  { column: 'positions', value: '[[1,' },
  { column: 'encoding', value: 'lz4' },
  { column: 'entries', value: -1 },
  { column: 'crc32', value: 0 },
]
for (const { column, value } of rows) {
  t.test(`a chunk whose ${column} is ${value} is not trusted`, async (t) => {
    const dir = killedBuffer(t, { rowsIn: 'file', hasAcked: true })
    const db = new Database(join(dir, BUFFER_FILE))
    db.prepare(`UPDATE chunks SET ${column} = ? WHERE seq = 25`).run(value)
    db.close()
    const { store, corruption } = open(dir)
    t.teardown(() => store.close())
    t.equal(corruption?.lostChunks, 1)
    t.same(lostLines(dir, store, { acked: ACKED_CHUNKS * LINES_A_CHUNK, written: WRITTEN }), [])
  })
}

t.test('acknowledged numbers of another buffer do not hide the chunks of this one', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'file', hasAcked: false })
  const checkpoints = [checkpointAt(5 * LINES_A_CHUNK)]
  saveAcked(dir, { bufferId: 'the one before', seq: 1000, checkpoints })
  flipBodyByte(join(dir, BUFFER_FILE), 20)
  const { store, corruption } = open(dir)
  t.teardown(() => store.close())
  t.equal(corruption?.salvagedEntries, (CHUNKS - 1) * LINES_A_CHUNK)
  t.same(lostLines(dir, store, { acked: 5 * LINES_A_CHUNK, written: WRITTEN }), [])
})

t.test('a buffer that went back behind what was acknowledged gets another name', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'wal', hasAcked: true })
  damages('chunks')
    .find(({ name }) => name === '-wal is removed')
    ?.inflict(join(dir, BUFFER_FILE))
  const before = idIn(dir)
  const { store } = openBuffer({ dataDir: dir, nowMs: NOW_MS, settledSeq: () => CHUNKS })
  t.teardown(() => store.close())
  t.ok(store.lastSeq() < CHUNKS, 'the newest chunks are gone')
  t.not(store.id, before)
  t.equal(idIn(dir), store.id)
})

t.test('a buffer that did not go back keeps its name', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'wal', hasAcked: true })
  const before = idIn(dir)
  const { store, corruption } = openBuffer({ dataDir: dir, nowMs: NOW_MS, settledSeq: () => CHUNKS })
  t.teardown(() => store.close())
  t.notOk(corruption)
  t.notOk(store.wasClean)
  t.equal(store.id, before)
})

t.test('a rebuild that was interrupted is finished at the next start', async (t) => {
  const dir = killedBuffer(t, { rowsIn: 'file', hasAcked: true })
  const path = join(dir, BUFFER_FILE)
  copyFileSync(path, `${path}.rebuilt`)
  const { store: old } = open(dir)
  old.close()
  t.notOk(existsSync(`${path}.rebuilt`), 'a damaged file that is still there is looked at again')

  const half = killedBuffer(t, { rowsIn: 'wal', hasAcked: true })
  const complete = killedBuffer(t, { rowsIn: 'file', hasAcked: true })
  copyFileSync(join(complete, BUFFER_FILE), join(half, `${BUFFER_FILE}.rebuilt`))
  writeFileSync(join(half, `${BUFFER_FILE}.building`), 'half a file')
  mkdirSync(join(half, 'quarantine'))
  damages('chunks')
    .find(({ name }) => name === 'file is removed and its -wal left')
    ?.inflict(join(half, BUFFER_FILE))
  const { store, corruption } = open(half)
  t.teardown(() => store.close())
  t.notOk(corruption, 'the new file is in place')
  t.equal(store.lastSeq(), CHUNKS)
  t.notOk(existsSync(join(half, `${BUFFER_FILE}.building`)))
  t.same(lostLines(half, store, { acked: 0, written: WRITTEN }), [])
})

t.test('a new data_dir is no damage', async (t) => {
  const dir = tempDir(t)
  const { store, corruption } = open(dir)
  t.teardown(() => store.close())
  t.notOk(corruption)
  t.ok(store.wasClean)
  t.equal(store.lastSeq(), 0)
})

function idIn(dir: string): unknown {
  const db = new Database(join(dir, BUFFER_FILE), { readonly: true })
  try {
    return db.prepare("SELECT value FROM meta WHERE key = 'buffer_id'").pluck().get()
  } finally {
    db.close()
  }
}
