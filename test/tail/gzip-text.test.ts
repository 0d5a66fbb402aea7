import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { Checkpoint } from '../../src/store/checkpoint.ts'
import { hashOf } from '../../src/tail/fingerprint.ts'
import { GzipText } from '../../src/tail/gzip-text.ts'
import type { LineSink } from '../../src/tail/line-sink.ts'
import { LineSplitter } from '../../src/tail/line-splitter.ts'
import { LINE_BY_LINE } from './plain-sink.ts'
import { createRig, gzipInPlace, lines, texts } from './tail-rig.ts'

interface Read {
  readonly texts: string[]
  readonly flags: string[]
  readonly result: string
  readonly consumedBytes: number
  readonly checkpoint: Checkpoint
}

/** Reads a gzip file on from `offset` of `plain`, the text that was read before it was compressed. */
async function readGzip(
  t: { after(work: () => void): void },
  {
    bytes,
    plain,
    offset,
    maxLineBytes = 1000,
    room = Number.POSITIVE_INFINITY,
  }: {
    bytes: Buffer
    plain: Buffer
    offset: number
    maxLineBytes?: number
    room?: number
  },
): Promise<Read> {
  const folder = mkdtempSync(join(tmpdir(), 'gzip-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'app.log.1.gz')
  writeFileSync(path, bytes)
  const headBytes = Math.min(1024, offset)
  const checkpoint: Checkpoint = {
    ...{ fileId: 1, path: join(folder, 'app.log'), dev: '1', ino: '2', birthNs: '3', mtimeMs: 0, state: 'rotated' },
    ...{ offset, headBytes, headHash: hashOf(plain.subarray(0, headBytes)) },
    ...{ tailBytes: Math.min(64, offset), tailHash: hashOf(plain.subarray(Math.max(0, offset - 64), offset)) },
  }
  const read: { texts: string[]; flags: string[] } = { texts: [], flags: [] }
  let consumedBytes = 0
  let roomLines = room
  const sink: LineSink = {
    ...LINE_BY_LINE,
    accept: (line, consumed) => {
      read.texts.push(line.bytes.toString('utf8', line.start, line.end))
      const flags = [line.isTruncated && 'truncated', line.isPartial && 'partial', line.isContinued && 'continued']
      read.flags.push(flags.filter(Boolean).join())
      consumedBytes += consumed
      return --roomLines > 0
    },
    drop: (_reason, _entries, dropped) => {
      consumedBytes += dropped
    },
  }
  const fd = openSync(path, 'r')
  const identity = { dev: '1', ino: '9', birthNs: '9' }
  const text = new GzipText(checkpoint, { maxLineBytes }, { path, identity, mtimeMs: 0, sink, fd })
  const splitter = new LineSplitter()
  for (;;) {
    roomLines = room
    const result = await text.turn(splitter, 0)
    if (result !== 'more') {
      text.close()
      return { ...read, result, consumedBytes, checkpoint: text.checkpoint() }
    }
  }
}

const PLAIN = Buffer.from(lines('line', 5000))

t.test('a compressed text is read on from any line', async (t) => {
  for (const first of [0, 1, 100, 4999, 5000]) {
    const offset = Buffer.byteLength(lines('line', first))
    const read = await readGzip(t, { bytes: gzipSync(PLAIN), plain: PLAIN, offset, room: 7 })
    t.same(read.texts, texts('line', 5000 - first, first + 1))
    t.equal(read.result, 'end')
    t.equal(read.consumedBytes, PLAIN.length - offset)
    t.match(read.checkpoint, { offset: PLAIN.length, headBytes: 1024, headHash: hashOf(PLAIN.subarray(0, 1024)) })
    t.equal(read.checkpoint.tailHash, hashOf(PLAIN.subarray(-64)))
    t.match(read.checkpoint.path, /app\.log$/, 'it stays the file it was: that is where it is searched for')
  }
})

t.test('a text of several members is one text', async (t) => {
  const half = Buffer.byteLength(lines('line', 2500))
  const bytes = Buffer.concat([gzipSync(PLAIN.subarray(0, half - 3)), gzipSync(PLAIN.subarray(half - 3))])
  const read = await readGzip(t, { bytes, plain: PLAIN, offset: 0 })
  t.same(read.texts, texts('line', 5000))
  t.equal(read.result, 'end')
})

t.test(
  'a truncated or damaged file hands over what is whole, in order and once, and says that it is broken',
  async (t) => {
    const whole = gzipSync(PLAIN)
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, whole.length >> 1, (whole.length >> 1) + 50)
    for (const bytes of [whole.subarray(0, whole.length >> 1), whole.subarray(0, -3), whole.subarray(0, 11), damaged]) {
      const read = await readGzip(t, { bytes, plain: PLAIN, offset: 0 })
      t.equal(read.result, 'broken')
      if (bytes !== damaged) t.same(read.texts, texts('line', read.texts.length))
      t.equal(read.checkpoint.offset, read.consumedBytes)
    }
  },
)

t.test('another text, or one too short, is not mistaken for the rest', async (t) => {
  const offset = Buffer.byteLength(lines('line', 100))
  const other = Buffer.from(lines('else', 5000))
  const tailDiffers = Buffer.from(PLAIN)
  tailDiffers[offset - 2] = 0x78
  for (const text of [other, tailDiffers, PLAIN.subarray(0, offset - 1), Buffer.alloc(0)]) {
    const read = await readGzip(t, { bytes: gzipSync(text), plain: PLAIN, offset })
    t.same({ texts: read.texts, result: read.result }, { texts: [], result: 'other' })
  }
})

t.test(
  'a line without an end is handed over marked, and one that was begun before is marked as its rest',
  async (t) => {
    const plain = Buffer.from('half and the rest\nlast')
    const read = await readGzip(t, { bytes: gzipSync(plain), plain, offset: 4 })
    t.same(read.texts, [' and the rest', 'last'])
    t.same(read.flags, ['continued', 'partial'])
  },
)

t.test('a byte-order mark is no part of the first line', async (t) => {
  const plain = Buffer.from('\ufefffirst\nsecond\n')
  const read = await readGzip(t, { bytes: gzipSync(plain), plain, offset: 0 })
  t.same(read.texts, ['first', 'second'])
})

t.test('a long line is cut, wherever the blocks it is unpacked in end, and what follows is whole', async (t) => {
  for (const length of [999, 1000, 1001, 16_383, 16_384, 70_000, 3_000_000]) {
    const plain = Buffer.from(`a\n${'x'.repeat(length)}\nb\n${'y'.repeat(length)}`)
    for (const room of [1, Number.POSITIVE_INFINITY]) {
      const read = await readGzip(t, { bytes: gzipSync(plain), plain, offset: 0, room })
      const kept = Math.min(1000, length)
      t.same(
        read.texts.map((text) => `${text[0]}${text.length}`),
        ['a1', `x${kept}`, 'b1', `y${kept}`],
        `${length}`,
      )
      const cut = length > 1000 ? 'truncated' : ''
      t.same(read.flags, ['', cut, '', [cut, 'partial'].filter(Boolean).join()])
      t.equal(read.consumedBytes, plain.length)
      t.equal(read.checkpoint.offset, plain.length)
    }
  }
})

t.test('a compressed text gives the lines that the plain file gives', async (t) => {
  const piece = fc.oneof(fc.constantFrom('\n', '\r\n', ' ', '\0', 'é', 'x'.repeat(700)), fc.string({ maxLength: 30 }))
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const plain = Buffer.from(pieces.join(''))
      const read = await readGzip(t, { bytes: gzipSync(plain), plain, offset: 0 })
      const rig = createRig(t, { sources: [{ maxLineBytes: 1000 }] })
      rig.write('app.log', plain)
      await rig.step()
      rig.clock.advance(6000)
      rig.look()
      const blank = (text: string): boolean => text.replaceAll('\0', '').trim() !== ''
      const same =
        JSON.stringify(rig.pending.map(({ text }) => text).filter(blank)) === JSON.stringify(read.texts.filter(blank))
      rig.close()
      return same
    }),
    { numRuns: 40, examples: [[['\0', 'x'.repeat(700), 'x'.repeat(700)]]] },
  )
  t.pass('no counterexample')
})

t.test(
  'compressed files that a glob matches are read once, also over restarts, also those of several members',
  async (t) => {
    const rig = createRig(t, { sources: [{ include: ['*'] }] })
    rig.write('one.gz', gzipSync(lines('one', 2)))
    rig.write('many.gz', Buffer.concat([gzipSync(lines('many', 300)), gzipSync(lines('many', 2, 301))]))
    t.same((await rig.take()).sort(), [...texts('many', 302), ...texts('one', 2)].sort())
    for (let n = 0; n < 3; n++) {
      rig.write(`other${n}`, lines('other', 1, n))
      t.same(await rig.take(), [`other ${n}`])
      rig.restart()
    }
    t.same(await rig.take(), [])
  },
)

t.test('a compressed file that is being written is read when it is whole', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['*'] }] })
  const bytes = gzipSync(lines('a', 2000))
  rig.write('a.gz', bytes.subarray(0, 2000))
  const before = await rig.take()
  rig.write('a.gz', bytes.subarray(2000))
  const after = await rig.take()
  t.same([...before, ...after], texts('a', 2000))
})

t.test('a compressed file goes on where it was after a restart in its middle, also under another name', async (t) => {
  for (const glob of ['app.log', 'app.log*']) {
    const rig = createRig(t, { sources: [{ include: [glob] }] })
    rig.write('app.log', lines('a', 10))
    await rig.take()
    rig.write('app.log', lines('a', 9990, 11))
    const { renameSync } = await import('node:fs')
    renameSync(rig.path('app.log'), rig.path('app.log.1'))
    gzipInPlace(rig.path('app.log.1'))
    rig.restart()
    rig.discover()
    await rig.read(100)
    rig.commit()
    const first = rig.stored.splice(0).map(({ text }) => text)
    t.ok(first.length > 0 && first.length < 9990)
    renameSync(rig.path('app.log.1.gz'), rig.path('app.log.2.gz'))
    rig.restart()
    t.same([...first, ...(await rig.take())], texts('a', 9990, 11))
    rig.restart()
    t.same(await rig.take(), [])
  }
})
