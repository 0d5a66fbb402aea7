import fc from 'fast-check'
import t from 'tap'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { RecordBytes } from '../../src/parse/record.ts'
import { constant, refill, WordWriter } from '../../src/parse/word-writer.ts'
import { lineOf } from './harness.ts'

/** What `write` puts after `before`, into a buffer that must grow. */
function written(before: string, write: (words: WordWriter) => void): string {
  const out = new NdjsonBuffer(1)
  out.appendText(before)
  const words = new WordWriter()
  words.aim(out)
  write(words)
  words.land()
  return out.bytes.toString('utf8', 0, out.length)
}

function recordOf(text: string): RecordBytes {
  const record = new RecordBytes()
  record.take(lineOf(text))
  return record
}

t.test('word writer writes texts as JSON does, whatever their length', (t) => {
  const unit = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('"', '\\', '\x7f', '\n', 'a', 'long enough to fill words'),
  )
  fc.assert(
    fc.property(
      fc.array(
        fc.array(unit, { maxLength: 30 }).map((units) => units.join('')),
        { maxLength: 5 },
      ),
      (texts) => {
        const found = written('{', (words) => {
          for (const text of texts) {
            const record = recordOf(text)
            words.text(record, record.start, record.end)
          }
        })
        const wanted = `{${texts.map((text) => JSON.stringify(text.toWellFormed()).slice(1)).join('')}`
        if (found !== wanted) throw new Error(`Wrote ${found}, not ${wanted}`)
      },
    ),
  )
  t.pass('for all of them')
  t.end()
})

t.test('word writer keeps the bytes of plain spans, digits, constants, texts and numbers', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 90 }), fc.nat(Number.MAX_SAFE_INTEGER), (raw, number) => {
      const text = raw.toWellFormed().replace(/["\\\p{Cc}]/gu, '')
      const record = recordOf(text)
      const copied = Buffer.from(text)
      const found = written('', (words) => {
        words.plain(record, record.start, record.end)
        words.digits(record, record.start, record.end)
        if (text !== '') words.constant(constant(text))
        words.number(number)
        words.copy(copied)
        words.json(text)
      })
      if (found !== `${text}"${text}${text}${number}${text}${text}`) throw new Error(`Wrote ${found} of ${text}`)
    }),
  )
  t.pass('for all of them')
  t.end()
})

t.test('word writer writes numbers of every length', (t) => {
  for (const number of [0, 9, 10, 99, 100, 101, 204, 999, 1000, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    t.equal(
      written('', (words) => words.number(number)),
      String(number),
    )
  }
  t.end()
})

t.test('constant refilled is written with its new text', (t) => {
  const text = constant('2000-01-01T00:00:00Z')
  refill(text, Buffer.from(`xx2024-01-15T08:00:00Z${' '.repeat(64)}`), 2)
  t.equal(
    written('', (words) => words.constant(text)),
    '2024-01-15T08:00:00Z',
  )
  t.end()
})
