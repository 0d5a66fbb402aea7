import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadAcked, saveAcked } from '../../src/store/acked-file.ts'
import { Ballast, freeBytes } from '../../src/store/ballast.ts'
import { imbalanceOf, Ledger } from '../../src/store/ledger.ts'
import { checkpointAt, tempDir } from './buffer-fixture.ts'

t.test('acknowledged positions are read back without the bytes before them', async (t) => {
  const dir = tempDir(t)
  saveAcked(dir, { bufferId: 'b', seq: 7, checkpoints: [checkpointAt(99)] })
  t.same(loadAcked(dir), { bufferId: 'b', seq: 7, checkpoints: [checkpointAt(99, { tailBytes: 0, tailHash: '' })] })
  saveAcked(dir, { bufferId: 'b', seq: 8, checkpoints: [] })
  t.equal(loadAcked(dir)?.seq, 8)
  t.same(readdirSync(dir), ['acked.json'], 'no temporary file is left')
  t.equal(statSync(join(dir, 'acked.json')).mode & 0o777, 0o600)
})

for (const text of [
  '',
  '{',
  'null',
  '[]',
  '{"bufferId":"b"}',
  '{"bufferId":"b","seq":1,"checkpoints":[null]}',
  '\0\0\0\0',
]) {
  t.test(`an acked.json of ${JSON.stringify(text)} is as good as none`, async (t) => {
    const dir = tempDir(t)
    writeFileSync(join(dir, 'acked.json'), text)
    t.equal(loadAcked(dir), undefined)
  })
}

t.test('a torn write of acked.json leaves the one before', async (t) => {
  const dir = tempDir(t)
  saveAcked(dir, { bufferId: 'b', seq: 7, checkpoints: [] })
  writeFileSync(join(dir, 'acked.json.tmp'), '{"bufferId":')
  t.equal(loadAcked(dir)?.seq, 7)
  saveAcked(dir, { bufferId: 'b', seq: 8, checkpoints: [] })
  t.equal(loadAcked(dir)?.seq, 8)
})

t.test(
  'ballast takes blocks of the disk for real, gives them back, and keeps away from a disk that is short',
  async (t) => {
    const dir = tempDir(t)
    const ballast = new Ballast(dir, 1 << 20)
    t.notOk(ballast.isHeld())
    ballast.release()
    writeFileSync(join(dir, 'ballast'), 'a part, left by a kill', { mode: 0o600 })
    t.notOk(ballast.isHeld())
    ballast.hold(0)
    const stats = statSync(join(dir, 'ballast'))
    t.equal(stats.size, 1 << 20)
    t.ok(stats.blocks * 512 >= 1 << 20, 'not sparse')
    t.equal(stats.mode & 0o777, 0o600)
    ballast.release()
    t.notOk(ballast.isHeld())
    ballast.hold(0)
    ballast.releaseIfShort(0)
    t.ok(ballast.isHeld(), 'there is enough beside it')
    ballast.releaseIfShort(Number.MAX_SAFE_INTEGER)
    t.notOk(ballast.isHeld())
    ballast.hold(Number.MAX_SAFE_INTEGER)
    t.notOk(ballast.isHeld(), 'others need the room')
    rmSync(dir, { recursive: true })
    t.doesNotThrow(() => ballast.hold(0), 'going without is better than failing')
    t.equal(freeBytes(join(dir, 'no', 'such')), Number.POSITIVE_INFINITY)
    mkdirSync(dir)
    t.ok(freeBytes(join(dir, 'not there yet')) > 0)
  },
)

t.test('a ledger adds up what is booked, and balances when all that was read is accounted for', async (t) => {
  const ledger = new Ledger()
  t.ok(ledger.isEmpty())
  ledger.book('a', 'read', 3, 30)
  ledger.book('a', 'read', 2, 20)
  ledger.book('a', 'stored', 4, 40)
  t.same(imbalanceOf(ledger.bookings()), { entries: 1, bytes: 10 })
  ledger.book('a', 'dropped:buffer_full', 1, 10)
  t.same(imbalanceOf(ledger.bookings()), { entries: 0, bytes: 0 })
  t.equal(ledger.bookings().length, 3)
  ledger.clear()
  t.ok(ledger.isEmpty())
  t.same(ledger.bookings(), [])
})
