import fc from 'fast-check'
import t from 'tap'
import type { LineSink } from '../../src/tail/line-sink.ts'
import { LineSplitter, sniffEncoding } from '../../src/tail/line-splitter.ts'
import { decodeUtf16, splitUtf16, utf16LineEnd } from '../../src/tail/utf16.ts'
import { LINE_BY_LINE } from './plain-sink.ts'
import { createRig } from './tail-rig.ts'

interface Taken {
  readonly hex: string
  readonly offset: number
  readonly isTruncated: boolean
}

/** Splits as a reader does: in blocks, keeping what is no whole line for the next. */
function splitInBlocks(
  text: Buffer,
  { blockBytes, room }: { blockBytes: number; room: number },
): { taken: Taken[]; booked: number } {
  const splitter = new LineSplitter()
  const taken: Taken[] = []
  let booked = 0
  let roomLines = room
  const sink: LineSink = {
    ...LINE_BY_LINE,
    accept: (line, consumedBytes) => {
      const { bytes, start, end, offset, isTruncated } = line
      taken.push({ hex: bytes.toString('hex', start, end), offset, isTruncated })
      booked += consumedBytes
      return --roomLines > 0
    },
    drop: (_reason, _entries, bytes) => {
      booked += bytes
    },
  }
  let offset = 0
  let end = 0
  while (end < text.length) {
    end = Math.min(text.length, end + blockBytes)
    for (let consumed = 1; consumed > 0; ) {
      roomLines = room
      const window = { bytes: text, start: offset, end, offset, readMs: 0 }
      consumed = splitter.split(window, sink, { maxLineBytes: 16, isContinued: false })
      offset += consumed
    }
  }
  return { taken, booked: booked + text.length - offset }
}

/** Bytes in which everything that matters is frequent. */
const bytes = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('\n', '\r\n', '\r', ' ', '\t', '\0', 'é', '€', '😀').map((s) => Buffer.from(s)),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array)) },
      { weight: 2, arbitrary: fc.string({ maxLength: 24 }).map((s) => Buffer.from(s)) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts))

t.test('any split of any bytes into blocks, and any room, gives the same lines, and books every byte', async (t) => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 }), (text, blockBytes, room) => {
      const whole = splitInBlocks(text, { blockBytes: text.length + 1, room: Number.POSITIVE_INFINITY })
      const pieces = splitInBlocks(text, { blockBytes, room })
      if (JSON.stringify(whole.taken) !== JSON.stringify(pieces.taken)) return false
      return whole.booked === text.length && pieces.booked === text.length
    }),
    { numRuns: 3000 },
  )
  t.pass('no counterexample')
})

t.test('the lines are those a plain split finds', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 10 })), (texts) => {
      const wanted = texts.map((text) => text.replaceAll(/[\n\r\0]/g, '_')).filter((text) => text.trim() !== '')
      const { taken } = splitInBlocks(Buffer.from(wanted.map((text) => `${text}\n`).join('')), {
        blockBytes: 7,
        room: 2,
      })
      const found = taken.filter(({ isTruncated }) => !isTruncated).map(({ hex }) => Buffer.from(hex, 'hex').toString())
      const short = wanted.filter((text) => Buffer.byteLength(text) <= 16)
      return JSON.stringify(found) === JSON.stringify(short)
    }),
  )
  t.pass('no counterexample')
})

t.test('a file read in any appended pieces gives the same lines, whatever bytes it holds', async (t) => {
  const rig = createRig(t)
  let n = 0
  await fc.assert(
    fc.asyncProperty(bytes, fc.array(fc.nat(60), { maxLength: 4 }), async (text, cuts) => {
      const ends = [...cuts.map((cut) => Math.min(cut, text.length)), text.length].sort((a, b) => a - b)
      const [whole, pieces] = [`${++n}.log`, `${n}-pieces.log`]
      rig.write(whole, text)
      let from = 0
      for (const end of ends) {
        rig.write(pieces, text.subarray(from, end))
        from = end
        await rig.step()
      }
      rig.commit()
      const of = (name: string): unknown =>
        rig.stored.filter(({ file }) => file === rig.path(name)).map((line) => ({ ...line, file: '' }))
      const isSame = JSON.stringify(of(whole)) === JSON.stringify(of(pieces))
      rig.stored = []
      for (const name of [whole, pieces]) rig.remove(name)
      await rig.step()
      rig.clock.advance(61_000)
      rig.look()
      rig.pending = []
      return isSame
    }),
    { numRuns: 60 },
  )
  t.pass('no counterexample')
})

t.test('a byte-order mark says which encoding follows', async (t) => {
  for (const [hex, encoding, markBytes] of [
    ['fffe6100', 'utf16le', 2],
    ['feff0061', 'utf16be', 2],
    ['efbbbf61', 'utf8', 3],
    ['6162', 'utf8', 0],
    ['', 'utf8', 0],
    ['ff', 'utf8', 0],
  ] as const) {
    t.same(sniffEncoding(Buffer.from(hex, 'hex')), { encoding, markBytes }, hex)
  }
})

t.test('UTF-16 is split at whole units, its offsets stay those of the file', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.boolean(), (texts, isLittle) => {
      const text = texts.map((one) => `${one.replaceAll(/[\n\r]/g, 'Ċ')}\n`).join('')
      const bytes = Buffer.from(text, 'utf16le')
      if (!isLittle) bytes.swap16()
      const encoding = isLittle ? 'utf16le' : 'utf16be'
      const taken: string[] = []
      let areRight = true
      const sink: LineSink = {
        ...LINE_BY_LINE,
        accept: (line) => {
          taken.push(line.bytes.toString('utf8', line.start, line.end))
          areRight &&= decodeUtf16(bytes.subarray(line.offset), encoding).startsWith(taken.at(-1) ?? '')
          return true
        },
        drop() {},
      }
      const window = { bytes, start: 0, end: bytes.length, offset: 0, readMs: 0 }
      const consumed = splitUtf16(window, encoding, { sink, splitter: new LineSplitter(), maxLineBytes: 1000 })
      const wanted = text.split('\n').filter((line) => line.trim() !== '')
      const first = utf16LineEnd(bytes, encoding)
      const firstWanted = text.indexOf('\n') < 0 ? -1 : 2 * (text.indexOf('\n') + 1)
      return areRight && first === firstWanted && consumed === bytes.length && taken.join('\n') === wanted.join('\n')
    }),
  )
  t.pass('no counterexample')
})
