import t from 'tap'
import type { Checkpoint } from '../../src/store/checkpoint.ts'
import { Roster } from '../../src/tail/roster.ts'

function checkpoint(fileId: number, about: Partial<Checkpoint> = {}): Checkpoint {
  return {
    ...{ fileId, path: `/log/${fileId}.log`, dev: '1', ino: String(100 + fileId), birthNs: '5', headBytes: 0 },
    ...{ headHash: '', offset: 0, tailBytes: 0, tailHash: '', mtimeMs: 0, state: 'live', ...about },
  }
}

const ids = (checkpoints: Iterable<Checkpoint>): number[] => [...checkpoints].map(({ fileId }) => fileId).sort()

t.test('the roster gives out no id twice, be it told of files before or later', async (t) => {
  const roster = new Roster([checkpoint(7), checkpoint(3)])
  t.equal(roster.newFileId(), 8)
  roster.remember(checkpoint(20))
  t.equal(roster.newFileId(), 21)
})

t.test('a file is found by path, folder and inode, where it is now and no more where it was', async (t) => {
  const roster = new Roster([checkpoint(1), checkpoint(2)])
  t.same(ids(roster.at(['/log/1.log', '/log/2.log', '/log/none'])), [1, 2])
  roster.remember(checkpoint(1, { path: '/other/1.log', ino: '555', offset: 9 }))
  t.same(ids(roster.at(['/log/1.log'])), [])
  t.same(ids(roster.inFolder('/log')), [2])
  t.same(roster.inFolder('/other')[0]?.offset, 9)
  t.same(ids(roster.looseByInode({ dev: '1', ino: '101', birthNs: '5' })), [])
  t.same(ids(roster.looseByInode({ dev: '1', ino: '555', birthNs: '5' })), [1])
  roster.forget(checkpoint(1, { path: '/other/1.log', ino: '555' }))
  t.same(ids(roster.all), [2])
  t.same(ids(roster.inFolder('/other')), [])
})

t.test('the same inode is the same file when it was born at the same time, or nobody knows when', async (t) => {
  const roster = new Roster([checkpoint(1, { ino: '9', birthNs: '5' }), checkpoint(2, { ino: '9', birthNs: '6' })])
  t.same(ids(roster.looseByInode({ dev: '1', ino: '9', birthNs: '6' })), [2])
  t.same(ids(roster.looseByInode({ dev: '99', ino: '9', birthNs: '6' })), [2], 'device numbers change over reboots')
  t.same(
    roster.looseByInode({ dev: '1', ino: '9', birthNs: '0' }).map(({ fileId }) => fileId),
    [2, 1],
    'the newest first',
  )
})

t.test('a file being read is taken, on its device only, until it is let go', async (t) => {
  const roster = new Roster([checkpoint(1)])
  const identity = { dev: '1', ino: '101', birthNs: '5' }
  t.equal(roster.isTaken(identity), false)
  roster.attach(1, identity)
  t.equal(roster.attachedAs(identity), 1)
  t.equal(roster.isTaken({ ...identity, dev: '2' }), false)
  t.equal(roster.isTaken({ ...identity, birthNs: '6' }), false)
  t.same(ids(roster.looseByInode(identity)), [])
  roster.detach(1)
  t.equal(roster.isTaken(identity), false)
  t.same(ids(roster.looseByInode(identity)), [1])
})
