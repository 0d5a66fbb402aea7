import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { createJournalExportParser } from '../../../src/parse/formats/journal-export.ts'
import { NdjsonBuffer } from '../../../src/parse/line.ts'
import { goldens } from '../goldens.ts'
import { context, entryIn, lineOf, newFacts } from '../harness.ts'

goldens(t, 'journal-export', createJournalExportParser)

const parser = createJournalExportParser(context)

/** The entry, or why there is none. */
function parse(text: string | Buffer): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const reason = parser.tryParse(lineOf(text), out, newFacts())
  if (reason === undefined) return entryIn(out, 0)
  if (out.length > 0) throw new Error('Cannot take back what was appended')
  return reason
}

/** A field with its length, as the format has it for values of several lines. */
function binary(key: string, value: string | Buffer, length = Buffer.byteLength(value)): Buffer {
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(length))
  return Buffer.concat([Buffer.from(`${key}\n`), head, Buffer.from(value), Buffer.from('\n')])
}

const CURSOR = '__CURSOR=s=1;i=2\n'

t.test('journal parser turns fields into those of an entry', (t) => {
  const entry = parse(
    `${CURSOR}__REALTIME_TIMESTAMP=1736928000123456\n_SOURCE_REALTIME_TIMESTAMP=1736928000123000\nPRIORITY=3\n` +
      'SYSLOG_IDENTIFIER=app\n_PID=77\n_HOSTNAME=web-1\n_SYSTEMD_UNIT=app.service\n_UID=0\nMESSAGE=a=b',
  )
  t.match(entry, { timestamp: '2025-01-15T08:00:00.123Z', level: 'ERROR', message: 'a=b' })
  t.same(typeof entry === 'string' ? entry : entry.metadata, {
    __CURSOR: 's=1;i=2',
    app_name: 'app',
    pid: 77,
    hostname: 'web-1',
    unit: 'app.service',
    _UID: '0',
    __REALTIME_TIMESTAMP: '1736928000123456',
  })
  t.end()
})

t.test('journal parser reads values by their length', (t) => {
  const record = (...fields: Buffer[]) => Buffer.concat([Buffer.from(CURSOR), ...fields])
  const x200 = 'x'.repeat(200)
  const cases: [string, Buffer, unknown][] = [
    ['two lines', record(binary('MESSAGE', 'a\nb'), Buffer.from('X=1')), { message: 'a\nb', metadata: { X: '1' } }],
    [
      'lines that look like fields',
      record(binary('MESSAGE', 'a\nPRIORITY=0\nb')),
      { message: 'a\nPRIORITY=0\nb', level: 'INFO' },
    ],
    [
      'a length that is no UTF-8',
      record(binary('MESSAGE', x200), Buffer.from('X=ü')),
      { message: x200, metadata: { X: 'ü' } },
    ],
    ['bytes that are no UTF-8', record(binary('MESSAGE', Buffer.from([0x61, 0xff, 0x0a]))), { message: 'a\ufffd\n' }],
    [
      'a length that is not met',
      record(binary('MESSAGE', 'a\nb', 9), Buffer.from('X=1')),
      { message: 'a\nb', metadata: { X: '1' } },
    ],
    ['a length beyond the record', record(binary('MESSAGE', 'a\nb', 2 ** 40)), { message: 'a\nb\n' }],
    ['an empty value', record(binary('X', ''), Buffer.from('MESSAGE=m')), { message: 'm', metadata: { X: '' } }],
  ]
  for (const [name, bytes, wanted] of cases) t.match(parse(bytes), wanted, name)
  t.end()
})

t.test('journal parser tells records and other text apart', (t) => {
  for (const [text, begins] of [
    ['__CURSOR=x', true],
    ['__CURSOR', false],
    ['MESSAGE=x', false],
    ['', false],
  ] as const)
    t.equal(parser.startsRecord?.(lineOf(text)), begins, text)
  for (const text of ['', 'a=b', 'PATH=/bin', 'ERROR', '=x', 'MESSAGE', '__CURSOR=x\nno field', '1A=x\nMESSAGE=y'])
    t.type(parse(text), 'string', text)
  t.match(parse('MESSAGE=x\nPRIORITY=4'), { message: 'x', level: 'WARNING' }, 'the rest of a record')
  t.end()
})

t.test('journal parser gives back any values, and takes any bytes', (t) => {
  const key = fc.stringMatching(/^X[A-Z0-9_]{0,9}$/)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, fc.string({ unit: 'binary', maxLength: 30 })), { selector: ([name]) => name }),
        (fields) => {
          const bytes = Buffer.concat([
            Buffer.from(`${CURSOR}MESSAGE=m\n`),
            ...fields.map(([name, value]) => binary(name, value)),
          ])
          const wanted = Object.fromEntries(fields.map(([name, value]) => [name, value.toWellFormed()]))
          const entry = parse(bytes)
          return typeof entry !== 'string' && isDeepStrictEqual(entry.metadata, { __CURSOR: 's=1;i=2', ...wanted })
        },
      ),
    ),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('', '__CURSOR=', `${CURSOR}MESSAGE\n`, 'MESSAGE=x\nA\n'),
      fc.uint8Array({ maxLength: 40 }),
      (head, bytes) => {
        const found = parse(Buffer.concat([Buffer.from(head), bytes]))
        return typeof found === 'string' || typeof found.timestamp === 'string'
      },
    ),
    { numRuns: 2000 },
  )
  t.end()
})
