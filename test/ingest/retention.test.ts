import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Forwarder } from '../../src/deliver/forwarder.ts'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { Bell } from '../../src/run/bell.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'
import { ChunkReader } from '../../src/store/chunk-reader.ts'
import { imbalanceOf } from '../../src/store/ledger.ts'
import { BUFFER_FILE } from '../../src/store/open-buffer.ts'
import { STATE_FILE, StateStore } from '../../src/store/state-store.ts'
import { runBuffer } from './buffer-rig.ts'

const FOR_EVER = 10 * 365 * 86_400_000

t.test('retention removes what is too old and settled, and nothing else', async (t) => {
  const rig = runBuffer(t)
  for (let i = 0; i < 4; i++) rig.push()
  await rig.until('ok')
  rig.settledSeq = 2
  rig.retention.tidy(Date.now())
  t.equal(rig.store.positionsBetween(0, 9).size, 1)
  t.equal(countOf(rig.dir), 4, 'young ones stay, settled or not')
  rig.retention.tidy(Date.now() + FOR_EVER)
  t.equal(countOf(rig.dir), 2, 'old ones that are not settled stay')
  rig.settledSeq = Number.POSITIVE_INFINITY
  rig.retention.tidy(Date.now() + FOR_EVER)
  t.equal(countOf(rig.dir), 0, 'without outputs nobody waits for anything')
})

t.test('retention makes room at max_bytes from settled chunks, oldest first', async (t) => {
  const rig = runBuffer(t)
  rig.settledSeq = 10
  for (let i = 0; i < 40; i++) rig.push()
  await rig.until('blocked')
  t.match(rig.committer.state, { code: 'buffer_full' })
  const reader = new ChunkReader(join(rig.dir, BUFFER_FILE))
  t.teardown(() => reader.close())
  t.equal(reader.chunkAfter(0)?.seq, 11, 'the undelivered ones are all there')
  t.ok(rig.store.usage().usedBytes <= 2 * 2 ** 20)
})

t.test('when_full block stops storing, loses nothing, and goes on when an output is done', async (t) => {
  const rig = runBuffer(t, { whenFull: 'block' })
  for (let i = 0; i < 40; i++) rig.push()
  await rig.until('blocked')
  const stored = rig.store.entriesEver
  t.ok(stored > 10 && stored < 20)
  t.equal(rig.store.checkpoints()[0]?.offset, stored * 100_000, 'positions stop where entries stop')
  for (rig.settledSeq = stored; rig.store.entriesEver < 40; rig.settledSeq = rig.store.lastSeq()) {
    rig.committer.relief.ring()
    await rig.committer.moved(20, new AbortController().signal)
  }
  await rig.until('ok')
  t.equal(rig.store.entriesEver, 40)
  t.same(rig.said.filter((text) => text.startsWith('Entries can be stored again')).length > 0, true)
  t.same(imbalanceOf(rig.store.ledger()), { entries: 0, bytes: 0 })
})

t.test('when_full drop_newest counts what it does not store', async (t) => {
  const rig = runBuffer(t, { whenFull: 'drop_newest' })
  for (let i = 0; i < 40; i++) rig.push()
  await rig.until('ok')
  const accounts = Object.fromEntries(rig.store.ledger().map(({ account, entries }) => [account, entries]))
  t.equal(accounts.read, 40)
  t.equal((accounts.stored ?? 0) + (accounts['dropped:buffer_full'] ?? 0), 40)
  t.equal(accounts.stored, rig.store.entriesEver)
  t.ok((accounts['dropped:buffer_full'] ?? 0) > 20)
  t.equal(rig.store.checkpoints()[0]?.offset, 40 * 100_000, 'they are read, not waited for')
})

t.test('when_full drop_oldest keeps the newest, and the output counts the gap as expired', async (t) => {
  const rig = runBuffer(t, { whenFull: 'drop_oldest' })
  const state = new StateStore(join(rig.dir, STATE_FILE))
  const reader = new ChunkReader(join(rig.dir, BUFFER_FILE))
  let verdict: Verdict = { kind: 'retry', reason: 'http_503', status: 503 }
  const bell = new Bell()
  const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
  const forwarder = new Forwarder(
    { name: 'o', inFlightCount: 1, minMs: 1, maxMs: 1, drainMs: 5000, settleEveryMs: 0 },
    {
      ...{ source: reader, cursors: state, clock: systemClock, bell, random: () => 1, log: silent },
      destination: { send: async () => verdict, close: async () => {} },
    },
  )
  rig.push()
  await rig.until('ok')
  const stop = new AbortController()
  const running = forwarder.run(stop.signal)
  for (let i = 1; i < 60; i++) rig.push()
  await rig.until('ok')
  t.equal(rig.store.entriesEver, 60, 'all were stored')
  const held = countOf(rig.dir)
  t.ok(held < 20, 'and most of them removed')
  verdict = { kind: 'accepted', status: 200 }
  bell.ring()
  stop.abort()
  await running
  const cursor = state.cursor('o')
  t.equal(cursor?.seq, 60)
  t.equal((cursor?.delivered ?? 0) + (cursor?.expired ?? 0) + (cursor?.bornEntries ?? 0), 60)
  t.ok((cursor?.expired ?? 0) > 30, `${cursor?.expired} expired`)
  t.equal(forwarder.status().counters.expiredEntries, cursor?.expired)
  t.same(imbalanceOf(rig.store.ledger()), { entries: 0, bytes: 0 })
  state.close()
  reader.close()
})

t.test('a disk that is low stops storing, and starts again only with something to spare', async (t) => {
  const rig = runBuffer(t, { minFreeBytes: 50e6, maxBytes: 100e6 })
  rig.diskFreeBytes = 49e6
  rig.push()
  await rig.until('blocked')
  t.match(rig.committer.state, { code: 'low_disk', message: /46\.\d MiB left, and 47\.\d MiB are to be left free/ })
  rig.diskFreeBytes = 51e6
  t.equal(rig.retention.makeRoom(1).kind, 'low_disk', 'not yet: it would stop and go all the time')
  rig.diskFreeBytes = 56e6
  await rig.until('ok')
  t.equal(rig.store.entriesEver, 1)
})

t.test('a disk that is low is helped by what was delivered, before anything stops', async (t) => {
  const rig = runBuffer(t, { minFreeBytes: 3e6, maxBytes: 100e6 })
  for (let i = 0; i < 100; i++) {
    rig.push()
    if (i % 2 === 1) await rig.until('ok')
  }
  await rig.until('ok')
  rig.diskFreeBytes = 0
  rig.settledSeq = 90
  t.equal(rig.retention.makeRoom(100_000).kind, 'room')
  t.ok(countOf(rig.dir) < 100)
  rig.settledSeq = 0
  t.ok(rig.store.usage().freeBytes > 3e6)
})

t.test('a buffer that was drained gives its file back to the disk', async (t) => {
  const rig = runBuffer(t, { maxBytes: 100e6 })
  for (let i = 0; i < 200; i++) {
    rig.push()
    if (i % 2 === 1) await rig.until('ok')
  }
  await rig.until('ok')
  rig.store.checkpointWal()
  const path = join(rig.dir, BUFFER_FILE)
  const fullBytes = statSync(path).size
  rig.settledSeq = 200
  rig.retention.tidy(Date.now() + FOR_EVER)
  for (let i = 0; i < 8; i++) rig.retention.giveBack()
  t.ok(statSync(path).size < fullBytes / 3, `${statSync(path).size} of ${fullBytes} bytes`)
  const { freeBytes } = rig.store.usage()
  rig.retention.giveBack()
  t.equal(rig.store.usage().freeBytes, freeBytes, 'a few free pages are kept')
})

t.test('a store at its wall is relieved by the ballast and by what was delivered, and goes on by itself', async (t) => {
  const rig = runBuffer(t, { maxBytes: 100e6 })
  rig.ballast.hold(0)
  rig.store.limitTo(1.5e6)
  for (let i = 0; i < 30; i++) rig.push()
  await rig.until('blocked')
  t.match(rig.committer.state, { code: 'full' })
  const stored = rig.store.entriesEver
  t.ok(stored > 5 && stored < 20)
  t.equal(rig.store.checkpoints()[0]?.offset, stored * 100_000, 'positions stop where entries stop')
  t.notOk(rig.ballast.isHeld(), 'the ballast was given up')
  while (rig.store.entriesEver < 30) {
    rig.settledSeq = rig.store.lastSeq()
    rig.committer.relief.ring()
    await rig.committer.moved(20, new AbortController().signal)
  }
  await rig.until('ok')
  t.equal(rig.store.entriesEver, 30)
  rig.retention.tidy(Date.now())
  t.ok(rig.ballast.isHeld(), 'and it is taken again last')
})

function countOf(dir: string): number {
  const reader = new ChunkReader(join(dir, BUFFER_FILE))
  try {
    return reader.headersAfter(0, 1_000_000).length
  } finally {
    reader.close()
  }
}
