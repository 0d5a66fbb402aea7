import { join } from 'node:path'
import t, { type Test } from 'tap'
import { AckedPositions } from '../../src/ingest/acked-positions.ts'
import { loadAcked, saveAcked } from '../../src/store/acked-file.ts'
import type { Checkpoint } from '../../src/store/checkpoint.ts'
import { ChunkStore } from '../../src/store/chunk-store.ts'
import { BUFFER_FILE } from '../../src/store/open-buffer.ts'
import { checkpointAt, chunkOf, NOW_MS, tempDir } from '../store/buffer-fixture.ts'

interface Stage {
  readonly dir: string
  readonly store: ChunkStore
  /** Stores a chunk that moves these files. */
  readonly commit: (...checkpoints: Checkpoint[]) => number
  readonly saved: () => unknown
}

function setUp(t: Test): Stage {
  const dir = tempDir(t)
  const store = new ChunkStore(join(dir, BUFFER_FILE))
  t.teardown(() => store.close())
  return {
    ...{ dir, store },
    commit: (...checkpoints) => store.commit({ chunk: chunkOf(['x']), checkpoints, ledger: [], nowMs: NOW_MS }),
    saved: () => loadAcked(dir)?.checkpoints.map(({ fileId, offset, state }) => [fileId, offset, state]),
  }
}

const a = (offset: number, about: Partial<Checkpoint> = {}) => checkpointAt(offset, { fileId: 1, ino: '11', ...about })
const b = (offset: number, about: Partial<Checkpoint> = {}) => checkpointAt(offset, { fileId: 2, ino: '22', ...about })

t.test('acknowledged positions follow what is settled, file by file', async (t) => {
  const { dir, store, commit, saved } = setUp(t)
  commit(a(10))
  commit(a(20), b(5))
  commit(b(8))
  const acked = new AckedPositions(dir, store)
  t.notOk(acked.follow(0))
  t.ok(acked.follow(1))
  acked.save(store.checkpoints())
  t.same(saved(), [[1, 10, 'live']], 'a file that nobody has a word of is read from its beginning')
  t.ok(acked.follow(2))
  acked.save(store.checkpoints())
  t.same(saved(), [
    [1, 20, 'live'],
    [2, 5, 'live'],
  ])
  t.ok(acked.follow(Number.POSITIVE_INFINITY), 'without outputs all is settled')
  t.equal(acked.seq, 3)
  t.notOk(acked.follow(2), 'an output that came later changes nothing')
  acked.save(store.checkpoints())
  t.same(saved(), [
    [1, 20, 'live'],
    [2, 8, 'live'],
  ])
})

t.test('acknowledged positions go on after a restart', async (t) => {
  const { dir, store, commit, saved } = setUp(t)
  commit(a(10))
  const first = new AckedPositions(dir, store)
  first.follow(1)
  first.save(store.checkpoints())
  commit(b(5))
  commit(b(9))
  store.removeOldest({ uptoSeq: 1, storedBeforeMs: NOW_MS + 1, limit: 1 })
  const second = new AckedPositions(dir, store)
  t.equal(second.seq, 1)
  second.follow(2)
  second.save(store.checkpoints())
  t.same(saved(), [
    [1, 10, 'live'],
    [2, 5, 'live'],
  ])
})

t.test(
  'acknowledged positions of a file that begins at its end are safe as soon as nothing is under way',
  async (t) => {
    const { dir, store, commit, saved } = setUp(t)
    store.commit({ checkpoints: [a(1_000_000)], ledger: [], nowMs: NOW_MS })
    commit(b(5))
    const acked = new AckedPositions(dir, store)
    acked.follow(1)
    acked.save(store.checkpoints())
    t.same(saved(), [
      [1, 1_000_000, 'live'],
      [2, 5, 'live'],
    ])
  },
)

t.test('acknowledged positions of a file that ended say that its rest is to be looked for', async (t) => {
  const { dir, store, commit, saved } = setUp(t)
  commit(a(10))
  commit(a(20, { state: 'gone' }))
  const acked = new AckedPositions(dir, store)
  acked.follow(1)
  acked.save(store.checkpoints())
  t.same(saved(), [[1, 10, 'rotated']])
  acked.follow(2)
  acked.save(store.checkpoints())
  t.same(saved(), [[1, 20, 'gone']])
})

t.test('acknowledged positions survive a rebuilt buffer, its numbers do not', async (t) => {
  const { dir, store, commit, saved } = setUp(t)
  saveAcked(dir, { bufferId: 'the one before', seq: 500, checkpoints: [a(70), b(90)] })
  store.commit({ checkpoints: [a(70), b(90)], ledger: [], nowMs: NOW_MS })
  commit(a(80))
  const acked = new AckedPositions(dir, store)
  t.equal(acked.seq, 0)
  commit(a(85))
  acked.follow(1)
  acked.save(store.checkpoints())
  t.same(
    saved(),
    [
      [1, 80, 'live'],
      [2, 90, 'live'],
    ],
    'the quiet file is not forgotten',
  )
})

t.test('acknowledged positions of a file are not taken for those of another with its number', async (t) => {
  const { dir, store, commit, saved } = setUp(t)
  saveAcked(dir, { bufferId: 'the one before', seq: 500, checkpoints: [a(70, { ino: '99' }), b(90)] })
  commit(a(5), b(30))
  commit(a(6))
  const acked = new AckedPositions(dir, store)
  acked.save(store.checkpoints())
  t.same(saved(), [[2, 30, 'live']], 'nor are they ahead of what was read')
})
