import fc from 'fast-check'
import t from 'tap'
import { SPELLINGS } from '../../src/parse/fields.ts'
import { JsonParser } from '../../src/parse/json.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts, OWN, parse, READ_AT, READ_MS } from './harness.ts'

const json = new JsonParser(context)
const defaults = { service: 'checkout', version: '1.4.2', environment: 'production', ...OWN }

t.test('json parser maps members onto fields', async (t) => {
  const base = { timestamp: READ_AT, level: 'INFO', message: 'm', ...defaults }
  const cases: [string, Record<string, unknown>][] = [
    ['"msg":"m"', {}],
    [
      '"message":"m","service":"cart","version":1.10,"env":"dev"',
      { service: 'cart', version: '1.10', environment: 'dev' },
    ],
    ['"message":"m","user_id":123,"userId":"x"', { user_id: '123', metadata: { userId: 'x' } }],
    ['"msg":"first","message":"m"', { metadata: { msg: 'first' } }],
    ['"message":"m","status_code":"200","duration":"1.5"', { status_code: 200, duration: 1.5 }],
    ['"message":"m","duration_ms":12.3', { duration: 0.0123 }],
    ['"message":"m","elapsed_ms":1e-7', { duration: 1e-10 }],
    ['"message":"m","duration":-1,"status":"ok"', { metadata: { duration: -1, status: 'ok' } }],
    ['"message":"m","trace_id":null,"metadata":null,"x":null', { metadata: { x: null } }],
    [
      '"message":"m","host":"h","source":"s","file":"f","offset":1',
      { metadata: { host: 'h', source: 's', file: 'f', offset: 1 } },
    ],
    ['"message":"m","metadata":{"a":1},"a":2,"a_":3', { metadata: { a: 1, a_: 2, a__: 3 } }],
    ['"message":"m","metadata":[1]', { metadata: { metadata: [1] } }],
    ['"message":"m","level":"loud"', { metadata: { level_raw: 'loud' } }],
    ['"message":"m","level":"fatal"', { level: 'CRITICAL' }],
    ['"message":"m","level":40', { level: 'WARNING' }],
    ['"message":"m","level":3', { metadata: { level_raw: 3 } }],
    ['"message":"m","PRIORITY":"3"', { level: 'ERROR' }],
    ['"message":"m","time":"yesterday"', { metadata: { timestamp_raw: 'yesterday' } }],
    ['"message":"m","time":"1980-01-01T00:00:00Z"', { metadata: { timestamp_raw: '1980-01-01T00:00:00Z' } }],
    ['"message":"m","time":"2026-03-03T00:00:00Z"', { metadata: { timestamp_raw: '2026-03-03T00:00:00Z' } }],
    ['"message":"m","time":1.7356896e9', { timestamp: '2025-01-01T00:00:00.000Z' }],
    ['"message":"m","a":1,"a":2', { metadata: { a: 2, raw: '{"message":"m","a":1,"a":2}' } }],
    ['"message":"m","a":12345678901234567890,"b":1e400', { metadata: { a: '12345678901234567890', b: '1e400' } }],
    ['"message":"m","a":"\\ud800\\\\ud800"', { metadata: { a: '\ufffd\\ud800' } }],
    ['"message":"m","err":{"stack":"s"},"error":"boom"', { error_message: 'boom', stack_trace: 's' }],
  ]
  for (const [members, expected] of cases) {
    const { entry, facts } = parse(json, lineOf(`{${members}}`))
    t.strictSame(entry, { ...base, ...expected }, members)
    t.equal(facts.hasParseError, false)
    t.equal(facts.timeMs, Date.parse(String(entry.timestamp)), 'the facts have the time of the entry')
  }
})

t.test('json parser tells the facts', async (t) => {
  const line =
    '{"timestamp":"2025-01-15T08:00:00.003Z","level":"error","message":"m","service":"cart","status_code":503,"duration":0.25}'
  const { facts } = parse(json, lineOf(line))
  t.strictSame(facts, {
    timeMs: Date.UTC(2025, 0, 15, 8, 0, 0, 3),
    level: 3,
    service: 'cart',
    statusCode: 503,
    durationSeconds: 0.25,
    hasParseError: false,
    hasTimeFallback: false,
    hasInvalidUtf8: false,
  })
  const silent = parse(json, lineOf('{"message":"m"}')).facts
  t.match(silent, { timeMs: READ_MS, level: 1, service: 'checkout', statusCode: 0, durationSeconds: -1 })
})

t.test('json parser knows other spellings, units, and objects with members that are fields', async (t) => {
  const base = { timestamp: READ_AT, level: 'INFO', message: 'm', ...defaults }
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const span = 'b7ad6b7169203331'
  const cases: [string, Record<string, unknown>][] = [
    ['"message":"m","took":"12ms"', { duration: 0.012 }],
    ['"message":"m","elapsed":"1m3.5s"', { duration: 63.5 }],
    ['"message":"m","latency":"350 µs"', { duration: 0.00035 }],
    ['"message":"m","dur":12', { metadata: { dur: 12 } }],
    ['"message":"m","latency":"soon"', { metadata: { latency: 'soon' } }],
    ['"message":"m","duration_us":1500,"duration_ns":1', { duration: 0.0015, metadata: { duration_ns: 1 } }],
    ['"message":"m","duration_ns":"120000"', { duration: 0.00012 }],
    ['"message":"m","event":"e","log":"l"', { metadata: { event: 'e', log: 'l' } }],
    ['"event":"m","log":"l"', { metadata: { log: 'l' } }],
    ['"message":"m","log":{"level":"loud"}', { metadata: { log: { level: 'loud' }, level_raw: 'loud' } }],
    ['"message":"m","level":"loud","severity":"error"', { level: 'ERROR', metadata: { level: 'loud' } }],
    [
      '"message":"m","timestamp":"no","time":"2025-01-01T00:00:00Z"',
      { timestamp: '2025-01-01T00:00:00Z', metadata: { timestamp: 'no' } },
    ],
    [
      '"message":"m","err":{"message":"e","stack":"s","code":7,"type":"T"}',
      { error_message: 'e', stack_trace: 's', error_code: '7', metadata: { err: { type: 'T' } } },
    ],
    ['"message":"m","err":{},"log":{"level":"error"}', { level: 'ERROR', metadata: { err: {} } }],
    [
      '"message":"m","err":{"__proto__":1,"stack":"s"}',
      { stack_trace: 's', metadata: { err: JSON.parse('{"__proto__":1}') } },
    ],
    ['"message":"m","error":"e","err":{"message":"f"}', { error_message: 'e', metadata: { err: { message: 'f' } } }],
    [
      `"message":"m","traceparent":"00-${trace}-${span}-01"`,
      { trace_id: trace, span_id: span, metadata: { traceparent: `00-${trace}-${span}-01` } },
    ],
    [
      `"message":"m","traceparent":"00-${trace}-${span}-01","trace_id":"t"`,
      { trace_id: 't', metadata: { traceparent: `00-${trace}-${span}-01` } },
    ],
    ['"message":"m","b3":"0"', { metadata: { b3: '0' } }],
    ['"message":"m","status":503', { status_code: 503 }],
    ['"message":"m","status":503,"uri":"/"', { level: 'ERROR', status_code: 503, path: '/' }],
    ['"message":"m","status":404,"method":"GET"', { level: 'WARNING', status_code: 404, method: 'GET' }],
    ['"message":"m","status":404,"method":"GET","level":"info"', { status_code: 404, method: 'GET' }],
    ['"message":"m","a":NaN,"b":[-Infinity]', { metadata: { a: 'NaN', b: ['-Infinity'] } }],
  ]
  for (const [members, expected] of cases) {
    t.strictSame(parse(json, lineOf(`{${members}}`)).entry, { ...base, ...expected }, members)
  }
})

t.test('json parser takes from the envelope what the record does not say', async (t) => {
  const envelope = {
    timeMs: Date.UTC(2026, 1, 1),
    time: Buffer.from('2026-02-01T00:00:00.000000123Z'),
    members: Buffer.from('"stream":"stderr"'),
  }
  const timestamp = '2026-02-01T00:00:00.000000123Z'
  const cases: [string, Record<string, unknown>][] = [
    ['{"message":"m"}', { timestamp, metadata: { stream: 'stderr' } }],
    ['{"message":"m","err":{"code":1}}', { timestamp, metadata: { stream: 'stderr' } }],
    [
      '{"message":"m","time":"2025-01-01T00:00:00Z"}',
      { timestamp: '2025-01-01T00:00:00Z', metadata: { stream: 'stderr' } },
    ],
    ['{"message":"m","stream":"s"}', { metadata: { stream: 's', stream_: 'stderr' } }],
    ['{"message":"m","metadata":{"stream":"s"}}', { metadata: { stream: 's', stream_: 'stderr' } }],
    ['{"message":"m","time":"no"}', { timestamp, metadata: { stream: 'stderr', timestamp_raw: 'no' } }],
    ['no JSON', { timestamp, message: 'no JSON', metadata: { stream: 'stderr', parse_error: 'not a JSON object' } }],
  ]
  for (const [line, expected] of cases) {
    const { entry, facts } = parse(json, lineOf(line, { envelope }))
    t.match(entry, expected, line)
    t.equal(facts.timeMs, Date.parse(String(entry.timestamp)))
    t.equal(facts.hasTimeFallback, line.includes('"no"'))
  }
})

t.test('json parser tells of times it could not use', async (t) => {
  for (const [members, isFallback] of [
    ['"time":"no"', true],
    ['"time":0', true],
    ['"log":1,"instant":{"epochSecond":1}', true],
    ['"@timestamp":"2099-01-01T00:00:00Z","level":"loud"', true],
    ['"a":1', false],
  ] as const)
    t.equal(parse(json, lineOf(`{${members}}`)).facts.hasTimeFallback, isFallback, members)
})

t.test('json parser says why a record is not JSON, and leaves no bytes', async (t) => {
  for (const line of ['', 'text', '[1]', '{"a":', ' {']) {
    const out = new NdjsonBuffer(8)
    t.match(json.tryParse(lineOf(line), out, newFacts()), /^not (a JSON object|JSON: .+)$/)
    t.equal(out.length, 0)
  }
})

t.test('json parser keeps an object without message as its own message', async (t) => {
  for (const line of ['{}', '{"a":"\\"\\\\"}', ' {"a":\t1} ', '{"message":{"a":1}}'])
    t.equal(parse(json, lineOf(line)).entry.message, line)
})

t.test('json parser keeps a line that is no object whole', async (t) => {
  for (const line of [
    '',
    'text',
    '[1]',
    '"a"',
    '{"a":',
    '{"a":01}',
    '{"a":"\u0001"}',
    '{"user_id":1.10.2}',
    'nul',
    '\u0000',
  ]) {
    const { entry, facts } = parse(json, lineOf(line))
    t.equal(entry.message, line)
    t.equal(entry.level, 'INFO')
    t.equal(facts.hasParseError, true)
    t.match(entry.metadata, { parse_error: /^not (a JSON object|JSON: .{1,80})$/ })
  }
})

t.test('json parser marks cut and unfinished lines, and replaces bytes that are not UTF-8', async (t) => {
  const cut = parse(json, lineOf('{"message":"lo', { isTruncated: true }))
  t.match(cut.entry, { message: '{"message":"lo', metadata: { truncated: true, parse_error: /not JSON/ } })
  const partial = parse(json, lineOf('{"message":"m"}', { isPartial: true }))
  t.match(partial.entry, { message: 'm', metadata: { partial: true } })
  t.equal(partial.facts.hasParseError, false)
  t.match(parse(json, lineOf('{"message":"m"}', { isContinued: true })).entry, { metadata: { continued: true } })
  const invalid = parse(json, lineOf(Buffer.from('{"message":"caf\xe9"}', 'latin1')))
  t.equal(invalid.entry.message, 'caf\ufffd')
  t.equal(invalid.facts.hasInvalidUtf8, true)
})

t.test('json parser survives depth and loses none of it', async (t) => {
  for (const depth of [1, 31, 32, 33, 100, 10_000, 1_000_000]) {
    const line = `{"message":"m","a":${'['.repeat(depth)}7${']'.repeat(depth)}}`
    const startedMs = performance.now()
    let value: unknown = Object(parse(json, lineOf(line)).entry.metadata).a
    t.ok(performance.now() - startedMs < 2000, `${depth} levels in time`)
    let levels = 0
    for (; Array.isArray(value); levels++) value = value[0]
    t.equal(levels, Math.min(depth, 31))
    t.equal(value, depth <= 31 ? 7 : line.slice(19 + 31, -1 - 31), `${depth} levels`)
  }
})

t.test('json parser caps keys and loses none of them', async (t) => {
  const members = Array.from({ length: 10_000 }, (_, i): [string, number] => [`k${i}`, i])
  const { entry } = parse(json, lineOf(JSON.stringify({ message: 'm', ...Object.fromEntries(members) })))
  const { more_fields: more, ...metadata } = Object(entry.metadata)
  t.equal(Object.keys(metadata).length, 512)
  t.strictSame({ ...metadata, ...JSON.parse(more) }, Object.fromEntries(members))
})

t.test('json parser leaves Object.prototype alone', async (t) => {
  const line =
    '{"message":"m","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"metadata":{"__proto__":{"polluted":1}},"toString":1}'
  const { entry } = parse(json, lineOf(line))
  t.equal(Object(entry).polluted, undefined)
  t.equal(Object.keys(Object.prototype).length, 0)
  t.strictSame(Object.keys(Object(entry.metadata)), ['__proto__', '__proto___', 'constructor', 'toString'])
})

t.test('json parser puts everything without a field into metadata, unchanged', async (t) => {
  const key = fc.string({ unit: 'binary' }).filter((text) => !SPELLINGS.has(text.toWellFormed()))
  const object = fc.dictionary(key, fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }), { maxKeys: 8 })
  const plainly = new JsonParser(context)
  fc.assert(
    fc.property(object, (members) => {
      const line = JSON.stringify(members).replace(/\\u[dD][89a-fA-F]../g, 'x')
      const expected = JSON.parse(line)
      const out = new NdjsonBuffer(16)
      if (plainly.parsePlainly(lineOf(line), out, newFacts()) !== undefined) return false
      const { metadata = {}, message } = entryIn(out, 0)
      const { raw, ...rest } = Object(metadata)
      return message === line && (raw !== undefined || same(rest, expected))
    }),
    { numRuns: 3000 },
  )
  t.pass('the property holds')
})

t.test('json parser never throws, and keeps the bytes of what it cannot read', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.json().map((text) => Buffer.from(text.slice(1))),
      ),
      (bytes) => {
        if (bytes.includes(10)) return
        const { entry, facts } = parse(json, lineOf(bytes))
        if (facts.hasParseError && entry.message !== bytes.toString()) throw new Error('lost')
      },
    ),
    { numRuns: 5000 },
  )
  t.pass('the property holds')
})

/** Equal as JSON, whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: unknown): string {
  // Whole numbers beyond 2^53 come back as text.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return canonical(String(value))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
    .join()}}`
}
