import { appendFileSync, closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { identityOf, matchContent } from '../../src/tail/fingerprint.ts'
import type { LineSink } from '../../src/tail/line-sink.ts'
import { LineSplitter } from '../../src/tail/line-splitter.ts'
import { NOTHING_READ } from '../../src/tail/proof.ts'
import { ReadBlock } from '../../src/tail/read-block.ts'
import { TailedFile } from '../../src/tail/tailed-file.ts'

/** What the record storm found: records of a container were stored twice after a kill. */
t.test('a file is committed up to the record that is held now, in whichever read that began', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tail-held-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.log')
  appendFileSync(path, 'out 1\nerr 1\n')
  const fd = openSync(path, 'r')
  t.teardown(() => closeSync(fd))
  let heldOffset: number | undefined
  const sink: LineSink = {
    accept: () => true,
    drop: () => {},
    settle: () => {},
    finish: () => {},
    get heldOffset() {
      return heldOffset
    },
    format: 'docker: java',
  }
  const identity = identityOf(fstatSync(fd, { bigint: true }))
  const checkpoint = { ...identity, ...NOTHING_READ, fileId: 1, path, offset: 0, mtimeMs: 0, state: 'live' as const }
  const file = new TailedFile(checkpoint, { maxLineBytes: 1000 }, { sink, fd, nowMs: 0 })
  const block = new ReadBlock()
  const isCommittedAt = (offset: number, when: string): void => {
    const point = file.commitPoint()
    t.equal(point.offset, offset, when)
    t.equal(matchContent(fd, fstatSync(fd).size, point), 'same', `${when}, and proved by what is before it`)
  }

  heldOffset = 0
  file.turn(block, new LineSplitter(), 0)
  isCommittedAt(0, 'while stdout holds a record')
  appendFileSync(path, 'out 2\n')
  file.turn(block, new LineSplitter(), 0)
  heldOffset = 6
  isCommittedAt(6, 'when only that of stderr is held')
  heldOffset = 12
  isCommittedAt(12, 'when that was handed over without a further line')
  heldOffset = undefined
  isCommittedAt(18, 'when nothing is held')
})
