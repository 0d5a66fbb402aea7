import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { createLogfmtParser } from '../../../src/parse/formats/logfmt.ts'
import { NdjsonBuffer } from '../../../src/parse/line.ts'
import { goldens } from '../goldens.ts'
import { context, entryIn, lineOf, newFacts } from '../harness.ts'

goldens(t, 'logfmt', createLogfmtParser)

const parser = createLogfmtParser(context)

/** The entry, or why there is none. */
function parse(text: string | Buffer, isTruncated = false): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const reason = parser.tryParse(lineOf(text, { isTruncated }), out, newFacts())
  if (reason === undefined) return entryIn(out, 0)
  if (out.length > 0) throw new Error('Cannot take back what was appended')
  return reason
}

function metadataOf(text: string): unknown {
  const entry = parse(`level=info msg=m ${text}`)
  return typeof entry === 'string' ? entry : entry.metadata
}

t.test('logfmt parser reads values', (t) => {
  const cases: [string, unknown][] = [
    ['a=1 b=-2.5 c=0 d=true e=false f= g', { a: 1, b: -2.5, c: 0, d: true, e: false, f: '', g: true }],
    [
      'a=1.10 b=007 c=1e5 d=123456789012345678 e=-0 f=1. g=.5 h=null',
      { a: '1.10', b: '007', c: '1e5', d: '123456789012345678', e: '-0', f: '1.', g: '.5', h: 'null' },
    ],
    ['a="" b="1" c="x y"', { a: '', b: '1', c: 'x y' }],
    ['a="\\"\\\\\\n\\t\\u00e9\\u20ac"', { a: '"\\\n\té€' }],
    ['a="\\a\\v\\x00\\xc3\\xa9\\U0001f600\\q"', { a: '\x07\v\0é😀\\q' }],
    ['a="\\ud83d\\ude00 \\ud83d"', { a: '😀 \ufffd' }],
    ['a="x\ty" b=ü', { a: 'x\ty', b: 'ü' }],
    ["a='x y' b='z", { a: 'x y', b: "'z" }],
    ['a=x="y" b=[1]', { a: 'x="y"', b: '[1]' }],
    ['a=1 a=2 a_=3 a=4', { a: 1, a_: 2, a__: 3, a___: 4 }],
    ['msg=n level=warn', { msg_: 'n', level_: 'warn' }],
    ['__proto__=1 metadata=x', JSON.parse('{"__proto__":1,"metadata":"x"}')],
  ]
  for (const [text, wanted] of cases) t.same(metadataOf(text), wanted, text)
  t.end()
})

t.test('logfmt parser knows keys that mean what their names do not say', (t) => {
  const cases: [string, Record<string, unknown>][] = [
    [
      't=2025-01-15T08:00:00+0100 lvl=eror msg="x y"',
      { timestamp: '2025-01-15T07:00:00Z', level: 'ERROR', message: 'x y' },
    ],
    [
      'at=error code=H12 connect=0ms service=30ms status=503',
      { level: 'ERROR', duration: 0.03, status_code: 503, service: 'checkout' },
    ],
    ['date=2025-01-15 time=08:00:00 a="b" tz="+0100" msg="x"', { timestamp: '2025-01-15T07:00:00Z', message: 'x' }],
    ['type=SYSCALL msg=audit(1364481363.243:24287): a=1', { timestamp: '2013-03-28T14:36:03.243Z' }],
    [
      'time=2025-01-15 08:00:00 level=warn msg=Starting up now port=80',
      { timestamp: '2025-01-15T08:00:00Z', level: 'WARNING', message: 'Starting up now', metadata: { port: 80 } },
    ],
    ['level=info service=api', { service: 'api' }],
  ]
  for (const [text, wanted] of cases) t.match(parse(text), wanted, text)
  t.end()
})

t.test('logfmt parser leaves other lines alone', (t) => {
  const lines = [
    '',
    '=',
    'a',
    'a=1',
    'a=1 b=2',
    'level=info',
    'a=1 b=2 c=3 word',
    'Hello there level=info msg=x',
    'level=info a b c d msg="x"',
    'level=info msg="x',
    'level=info msg="x"y',
    'level=info msg=x "y"',
    'level=info =x',
    'http://x/?level=info&msg=x a=b',
    '-Dlevel=info -Dmsg=x',
    '{"level":"info"} a=1 msg=2',
    'PATH=/usr/bin:/bin',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.match(
    parse('level=info msg="x y', true),
    { message: 'x y', metadata: { truncated: true } },
    'a line cut at max_line',
  )
  t.end()
})

t.test('logfmt parser gives back what a writer of logfmt wrote', (t) => {
  const key = fc.stringMatching(/^[a-z][a-z0-9_.]{0,12}$/).map((name) => `x_${name}`)
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...'"\\ =\n\t\u001b a') }),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 20 }), (pairs) => {
        const text = pairs.map(([name, text]) => `${name}=${JSON.stringify(text)}`).join(' ')
        const wanted = Object.fromEntries(pairs.map(([name, text]) => [name, text.toWellFormed()]))
        return isDeepStrictEqual(metadataOf(text), pairs.length === 0 ? undefined : wanted)
      }),
    ),
  )
  t.end()
})

t.test('logfmt parser takes any bytes, and many keys', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.constantFrom('', 'a=', 'a="', 'level=info msg=', 'level=info msg="', 'date=2025-01-15 time='),
        fc.uint8Array({ maxLength: 40 }),
        (head, bytes) => {
          const found = parse(Buffer.concat([Buffer.from(head), bytes.map((byte) => (byte === 10 ? 32 : byte))]))
          t.ok(typeof found === 'string' || typeof found.timestamp === 'string')
        },
      ),
      { numRuns: 2000 },
    ),
  )
  const same = parse(`level=info msg=m${' a=1'.repeat(20_000)}`)
  t.match(same, { message: 'm', metadata: { a: 1, a_: 1, a_8: 1 } }, 'one key 20,000 times')
  const other = parse(`level=info msg=m ${Array.from({ length: 20_000 }, (_, i) => `k${i}=${i}`).join(' ')}`)
  t.match(other, { message: 'm', metadata: { k0: 0 } }, '20,000 keys')
  t.end()
})
