import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { EntryTail } from '../../src/parse/entry-tail.ts'
import { SPELLINGS } from '../../src/parse/fields.ts'
import { JsonParser } from '../../src/parse/json.ts'
import { JsonTranscoder } from '../../src/parse/json-transcoder.ts'
import { type Line, NdjsonBuffer } from '../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from './harness.ts'

const transcoder = new JsonTranscoder(context, new EntryTail(context))
const parser = new JsonParser(context)

/** Both ways on one line. `fast` is undefined when the transcoder refuses. @throws {Error} when they differ. */
function bothWays(line: Line, subject = transcoder): { isAccepted: boolean } {
  const out = new NdjsonBuffer(16)
  const facts = newFacts()
  const isAccepted = subject.transcode(line, out, facts)
  if (!isAccepted) {
    if (out.length !== 0) throw new Error('refused, but left bytes behind')
    return { isAccepted }
  }
  const plainOut = new NdjsonBuffer(16)
  const plainFacts = newFacts()
  const reason = parser.parsePlainly(line, plainOut, plainFacts)
  const text = line.bytes.toString('utf8', line.start, line.end)
  if (reason !== undefined) throw new Error(`accepted what is ${reason}: ${text}`)
  const fast = entryIn(out, 0)
  const plain = entryIn(plainOut, 0)
  if (!isDeepStrictEqual(fast, plain)) throw new Error(`differ on ${text}\n${inspect(fast)}\n${inspect(plain)}`)
  if (!isDeepStrictEqual(facts, plainFacts))
    throw new Error(`facts differ on ${text}\n${inspect(facts)}\n${inspect(plainFacts)}`)
  return { isAccepted }
}

const inspect = (value: unknown) => JSON.stringify(value)

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SPELLINGS.keys()).map(inspect) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        'a',
        'region',
        'host',
        'offset',
        'file',
        '__proto__',
        'constructor',
        'ключ',
        'stream',
        'level_raw',
        'timestamp_raw',
        'a/b',
        '',
      )
      .map(inspect),
  },
  { weight: 1, arbitrary: fc.string().map(inspect) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('"\\u0061"', '"a\\n"', '"a\\/b"', '"\\u006d\\u0073g"', '"level\\u0000"', 'a'),
  },
)

const number = fc.oneof(
  fc.integer({ min: -5, max: 700 }).map(String),
  fc.double().filter(Number.isFinite).map(String),
  fc.double({ min: 0, max: 1e4, noNaN: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc
    .integer({ min: 1_500_000_000, max: 1_770_000_000 })
    .chain((s) =>
      fc.constantFrom(`${s}`, `${s}000`, `${s}.25`, `${s}.123456`, `${s}.1234567`, `${s}000123`, `${s}123456789`),
    ),
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '-0.0',
    '1.50',
    '1.10',
    '1e3',
    '1E-7',
    '1e-400',
    '1e400',
    '12345678901234567890',
    '9007199254740993',
    '0.12345678901234568',
    '0.1234567890123456789',
    '100000000000000.5',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '0x1',
    '200.0',
    '12.30',
  ),
)

const time = fc
  .oneof(
    fc.date({ min: new Date('1985-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }).chain((date) => {
      const iso = date.toISOString()
      return fc.constantFrom(
        iso,
        iso.replace('T', ' '),
        iso.replace('.', ','),
        iso.replace('Z', '+02:00'),
        iso.replace('Z', '-0930'),
        iso.replace('Z', ''),
        iso.replace('Z', '123456Z'),
        `${iso.slice(0, 19)}Z`,
        `${iso.slice(0, 21)}Z`,
        iso.toLowerCase(),
      )
    }),
    fc.constantFrom(
      '2025-02-30T00:00:00Z',
      '2025-13-01T00:00:00.000Z',
      '2025-01-01T24:00:00Z',
      '2024-12-31T23:59:60.5Z',
      '',
      '2025-01-01',
    ),
  )
  .map(inspect)

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).map(inspect),
  fc.string({ maxLength: 12 }).map(inspect),
  fc
    .constantFrom(
      'info',
      'WARN',
      'Error',
      'INFO',
      'CRITICAL',
      'notice',
      'loud',
      'warning ',
      '200',
      '0200',
      '1.5',
      '1.5s',
      '-1',
      '6',
      '1e3',
      '1735689600',
      'INFO+2',
      '12ms',
      '1m3.5s',
      '0.12 s',
      '350µs',
      '-3ms',
      '-',
      '10.0.0.1, 10.0.0.2',
      '10.0.0.1',
      ',',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
      'projects/p/traces/0af7651916cd43dd8448eb211c80319c',
      'GET /a?b HTTP/1.1',
      'GET  HTTP/1.1',
      '[2025-01-01T00:00:00Z]',
      '10/Oct/2024:13:55:36 +0200',
    )
    .map(inspect),
  fc.constantFrom(
    '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
    '"\\u00e9"',
    '"\\ud83d\\ude00"',
    '"\\uDBFF\\udfff\\ud7ff\\ue000"',
    '"\\ud83d\\ud83d\\ude00"',
    '"\\ud83dx\\ude00"',
    '"\\ud800"',
    '"\\u00"',
    '"\\x"',
    '"\u0001"',
    '"\t"',
    '"open',
    '"é€😀"',
    '"\u007f\u2028"',
  ),
)

const blank = fc.constantFrom('', '', '', '', ' ', '  ', '\t', '\r')
const scalar = fc.oneof(number, text, time, fc.constantFrom('true', 'false', 'null', 'tru', 'nul', 'falsey', ''))
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 8, arbitrary: scalar },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(tie('value'), { maxLength: 4 }), blank)
        .map(([values, b]) => `[${b}${values.join(`,${b}`)}${b}]`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }), blank)
        .map(([members, b]) => `{${b}${members.map(([k, v]) => `${k}${b}:${b}${v}`).join(`${b},`)}}`),
    },
  ),
}))
const object = fc
  .tuple(fc.array(fc.tuple(key, value), { maxLength: 9 }), blank)
  .map(([members, b]) => `${b}{${b}${members.map(([k, v]) => `${k}${b}:${b}${v}`).join(`${b},${b}`)}${b}}${b}`)

/** Like the corpus of the benchmark: a line of a service that logs well. */
const ordinary = fc
  .record({
    ms: fc.integer({ min: 0, max: 1e9 }),
    level: fc.constantFrom('info', 'debug', 'warn', 'error'),
    message: fc.string({ unit: 'grapheme', maxLength: 80 }).map((s) => s.toWellFormed()),
    duration: fc.integer({ min: 0, max: 1e6 }),
    user: fc.nat(),
    tags: fc.array(fc.constantFrom('a', 'b')),
  })
  .map(({ ms, level, message, duration, user, tags }) =>
    JSON.stringify({
      timestamp: new Date(Date.UTC(2025, 0, 15) + ms).toISOString(),
      level,
      message: message.replace(/\p{Cc}/gu, ' '),
      service: 'payments',
      request_id: `req-${user}`,
      duration: duration / 100,
      status_code: 200,
      user_id: user,
      region: 'eu-west-1',
      tags,
    }),
  )

t.test('transcoder and plain way agree on every line the transcoder accepts', async (t) => {
  let accepted = 0
  fc.assert(
    fc.property(object, (line) => {
      if (bothWays(lineOf(line)).isAccepted) accepted++
    }),
    { numRuns: 20_000 },
  )
  t.ok(accepted > 1500, `it accepted enough of the 20,000 to mean something: ${accepted}`)
})

const envelope = {
  timeMs: Date.UTC(2026, 2, 1),
  time: Buffer.from('2026-03-01T00:00:00.000000123Z'),
  members: Buffer.from('"stream":"stderr","a":{"b":"c"}'),
}

t.test('transcoder and plain way agree on lines in an envelope', async (t) => {
  let accepted = 0
  const members = fc
    .constantFrom('"stream":"stderr","a":{"b":"c"}', '"level_raw":1', '')
    .map((text) => Buffer.from(text))
  fc.assert(
    fc.property(object, members, (line, members) => {
      if (bothWays(lineOf(line, { envelope: { ...envelope, members } })).isAccepted) accepted++
    }),
    { numRuns: 5000 },
  )
  t.ok(accepted > 300, `it accepted enough of the 5,000 to mean something: ${accepted}`)
})

t.test('transcoder and plain way agree on valid lines of odd members', async (t) => {
  const goodKey = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...SPELLINGS.keys()).map(inspect) },
    { weight: 1, arbitrary: fc.constantFrom('"a"', '"b"', '"\\u0061"', '"ключ"', '"level_raw"', '"timestamp_raw_"') },
  )
  const goodNumber = number.filter((text) => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text))
  const goodText = fc.oneof(text, time).filter((text) => {
    try {
      return typeof JSON.parse(text) === 'string'
    } catch {
      return false
    }
  })
  const nested = fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'msg', 'stack', 'level', 'level_raw', 'stream'), goodNumber), {
      selector: ([name]) => name,
      maxLength: 3,
    })
    .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join()}}`)
  const goodValue = fc.oneof(goodText, goodNumber, fc.constantFrom('null', 'true'), nested)
  const line = fc
    .uniqueArray(fc.tuple(goodKey, goodValue), { selector: ([name]) => name, maxLength: 6 })
    .chain((members) => nested.map((own): [string, string][] => [...members, ['"metadata"', own]]))
    .chain((members) => fc.shuffledSubarray(members))
    .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join()}}`)
  let accepted = 0
  fc.assert(
    fc.property(line, fc.boolean(), (line, hasEnvelope) => {
      if (bothWays(lineOf(line, { envelope: hasEnvelope ? envelope : undefined })).isAccepted) accepted++
    }),
    { numRuns: 20_000 },
  )
  t.ok(accepted > 8000, `it accepted enough of the 20,000 to mean something: ${accepted}`)
})

/** Objects whose members may be fields, flat spellings of the same fields, and what may be wrong with either. */
const nestValue = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: time },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      '[]',
      '{}',
      '["a"]',
      '[ "10.0.0.1" ]',
      '["a","b"]',
      '[1]',
      '[["a"]]',
      '["a\\u0062"]',
      '["a"',
      '[{"message":"m"}]',
      `${'['.repeat(29)}${']'.repeat(29)}`,
      `${'['.repeat(30)}${']'.repeat(30)}`,
      `${'['.repeat(31)}${']'.repeat(31)}`,
    ),
  },
)
const spelledNests = [...SPELLINGS.keys()].filter((name) => name.includes('.') && !name.includes('/'))
const nest = fc.oneof(
  // Members that lie together in the programs that write them.
  fc
    .tuple(
      fc.constantFrom(
        'err',
        'error',
        'req',
        'res',
        'request',
        'http',
        'log',
        'service',
        'trace',
        'httpRequest',
        'exception',
        'url',
        'event',
        'timestamp',
        'dd',
        'body',
        't',
      ),
      fc.array(
        fc.tuple(
          fc.constantFrom(
            ...new Set(spelledNests.flatMap((name) => name.split('.').slice(1))),
            'a',
            'type',
            '__proto__',
            'b\\u0061',
            'm\\u0065ssage',
          ),
          fc.oneof(
            { weight: 5, arbitrary: nestValue },
            {
              weight: 1,
              arbitrary: fc
                .tuple(
                  fc.constantFrom('method', 'id', 'status_code', 'level', 'name', 'user-agent', 'x-request-id', 'a'),
                  nestValue,
                )
                .map(([k, v]) => `{"${k}":${v}}`),
            },
          ),
        ),
        { maxLength: 4 },
      ),
      blank,
    )
    .map(
      ([name, members, b]) => `"${name}":${b}{${b}${members.map(([k, v]) => `"${k}"${b}:${v}`).join(`${b},${b}`)}${b}}`,
    ),
  // One path of the table, as deep as it goes, or cut somewhere.
  fc.tuple(fc.constantFrom(...spelledNests), fc.boolean(), nestValue).map(([path, isWhole, v]) => {
    const names = path.split('.')
    const parts = isWhole ? names : [names[0], names.slice(1).join('.')]
    return parts.reduceRight<string>(
      (inner, name, i) => `"${name}":${i === parts.length - 1 ? inner : `{${inner}}`}`,
      v,
    )
  }),
  fc.tuple(fc.constantFrom(...SPELLINGS.keys(), 'a', 'b', '\\u0065rr'), nestValue).map(([name, v]) => `"${name}":${v}`),
)

t.test('transcoder and plain way agree on objects whose members are fields', async (t) => {
  let accepted = 0
  let lifted = 0
  fc.assert(
    fc.property(fc.array(nest, { minLength: 1, maxLength: 5 }), fc.boolean(), (members, hasEnvelope) => {
      const line = lineOf(`{${members.join()}}`, { envelope: hasEnvelope ? envelope : undefined })
      if (!bothWays(line).isAccepted) return
      accepted++
      if (members.some((member) => member.includes('{'))) lifted++
    }),
    { numRuns: 30_000 },
  )
  t.ok(accepted > 5000, `it accepted enough of the 30,000 to mean something: ${accepted}`)
  t.ok(lifted > 3000, `with objects in enough of them: ${lifted}`)
})

t.test('transcoder and plain way agree on mutated lines', async (t) => {
  const mutation = fc.tuple(
    fc.nat(),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"\\{}[],:0-. eE\n'))),
    fc.constantFrom('set', 'delete', 'insert'),
  )
  let accepted = 0
  fc.assert(
    fc.property(ordinary, fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
      const bytes = [...Buffer.from(text)]
      for (const [at, byte, how] of mutations) {
        if (byte === 10) continue
        bytes.splice(at % bytes.length, how === 'insert' ? 0 : 1, ...(how === 'delete' ? [] : [byte]))
      }
      if (bothWays(lineOf(Buffer.from(bytes))).isAccepted) accepted++
    }),
    { numRuns: 10_000 },
  )
  t.ok(accepted > 1000, `it accepted enough of the 10,000 to mean something: ${accepted}`)
})

t.test('transcoder and plain way agree on times of one minute, and on what nearly is one', async (t) => {
  const minutes = fc.constantFrom('2025-01-15T08:00', '1989-12-31T23:59', '2026-03-01T12:00', '2026-03-02T12:00')
  const clock = fc.constantFrom(
    '00.000',
    '59.999',
    '60.000',
    '07.120',
    '1:.000',
    '0/.000',
    '00.00:',
    '00.0/0',
    '00,000',
  )
  const end = fc.constantFrom('Z"', 'Z"', 'Z"', 'z"', '"', 'Z\\u0020"', 'Z', '1Z"', '+00:00"')
  const line = fc
    .tuple(minutes, clock, end, fc.constantFrom('T', 'T', 'T', ' ', '\u0000'))
    .map(([minute, clock, end, separator]) => `{"timestamp":"${minute.replace('T', separator)}:${clock}${end},"a":1}`)
  let accepted = 0
  fc.assert(
    fc.property(fc.array(line, { minLength: 2, maxLength: 6 }), (lines) => {
      const fresh = new JsonTranscoder(context, new EntryTail(context))
      for (const line of lines) if (bothWays(lineOf(line), fresh).isAccepted) accepted++
    }),
    { numRuns: 1500 },
  )
  t.ok(accepted > 1500, `it accepted enough to mean something: ${accepted}`)
})

t.test('transcoder accepts every line of an ordinary service', async (t) => {
  fc.assert(
    fc.property(ordinary, (line) => bothWays(lineOf(line)).isAccepted),
    { numRuns: 2000 },
  )
  t.pass('the property holds')
})

t.test('transcoder takes the forms of usual loggers itself', async (t) => {
  const lines = {
    pino: '{"level":30,"time":1735689600123,"pid":7,"hostname":"h","reqId":"r-1","msg":"done"}',
    zap: '{"level":"info","ts":1735689600.123456,"caller":"a/b.go:7","msg":"done","elapsed_ms":12.25}',
    python:
      '{"asctime": "2025-01-01 10:00:00,123", "levelname": "WARNING", "message": "done", "duration": 0.12345678901234568}',
    ecs: '{"@timestamp":"2025-01-01T10:00:00.123Z","log.level":"error","message":"done","trace.id":"t","error.message":null}',
    journald: '{"PRIORITY":"3","MESSAGE":"done"}',
    access: '{"method":"GET","status":"404","uri":"/x"}',
    empty: ' { } ',
    emoji: '{"message": "caf\\u00e9 \\ud83d\\ude00"}',
    nginx:
      '{"time_local":"15/Jan/2025:08:00:00 +0000","remote_addr":"10.0.0.1","request":"GET /x HTTP/1.1","status":"404","request_time":"0.005","http_x_forwarded_for":"10.1.1.1, 10.0.0.9"}',
    structlog: '{"event": "started", "level": "info", "timestamp": "2025-01-01T10:00:00.123456Z"}',
    traced: '{"msg":"m","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    'a duration with units': '{"msg":"m","took":"12ms","dur":"1m3.5s"}',
    'a key with an escape': '{"\\u006dsg":"x","a\\/b":1}',
    'metadata and a key without a field': '{"metadata":{"b":1},"a":1}',
    'a number beyond 2^53': '{"a":9007199254740993,"b":[12345678901234567890]}',
    'a number beyond a double': '{"a":[1e400]}',
    'an unknown level': '{"level":"loud"}',
    'an unreadable time': '{"time":"yesterday"}',
    'a status that is a word': '{"status":"ok","duration":-1}',
    'a service with an escape': '{"service":"caf\\u00e9"}',
    'an error of pino':
      '{"level":50,"err":{"type":"E","message":"m","stack":"E: m\\n    at f (a.js:1:2)"},"msg":"failed"}',
    'a request of pino-http':
      '{"level":30,"req":{"id":7,"method":"GET","url":"/a","query":{},"headers":{"host":"h","user-agent":"u","x-request-id":"r"},"remoteAddress":"::1"},"res":{"statusCode":200,"headers":{}},"responseTime":3,"msg":"done"}',
    'nested ECS':
      '{"@timestamp":"2025-01-01T10:00:00.123Z","log":{"level":"warn","logger":"l"},"message":"m","http":{"request":{"method":"GET"},"response":{"status_code":404}},"url":{"path":"/"},"error":{"message":"m","stack_trace":"s"},"trace":{"id":"t"},"event":{"duration":1500000}}',
    'an access log of Caddy':
      '{"level":"info","ts":1735689600.25,"request":{"remote_ip":"10.0.0.1","method":"GET","uri":"/","headers":{"User-Agent":["curl"],"Accept":["*/*"],"X":[]}},"duration":0.001,"status":200}',
    'a request in Google Cloud':
      '{"severity":"INFO","httpRequest":{"requestMethod":"GET","status":200,"latency":"0.12s"}}',
    'an object of fields of which nothing is left': '{"a":1,"res":{"statusCode":200},"b":2}',
    'an object of fields without a field': '{"a":1,"err":{ "x" : null , "y" : [1, {"message":"m"}] },"b":2}',
    'objects of fields that are empty': '{"err":{},"req":{"headers":{ }}}',
    'nulls in objects of fields': '{"err":null,"req":{"method":null,"headers":null}}',
    'values of other types in an object of fields':
      '{"err":{"message":true,"stack":[],"code":{"a":1}},"res":{"statusCode":"x"}}',
    'a nested spelling after another': '{"method":"PUT","req":{"method":"GET"},"request":{"method":"HEAD"}}',
    'a number beyond 2^53 in an object of fields': '{"err":{"code":12345678901234567890,"x":12345678901234567890}}',
    'a trace in an object of fields':
      '{"req":{"headers":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}',
  }
  // A fresh one: the other has learned so many keys that it may be about to forget them.
  const fresh = new JsonTranscoder(context, new EntryTail(context))
  for (const [name, line] of Object.entries(lines)) t.ok(bothWays(lineOf(line), fresh).isAccepted, name)
})

t.test('transcoder refuses what only JSON.parse can be sure of', async (t) => {
  const deep = `${'['.repeat(32)}${']'.repeat(32)}`
  const lines: Record<string, string | Buffer> = {
    'a key twice': '{"a":1,"b":2,"a":3}',
    'a nested key twice': '{"a":{"b":1,"b":2}}',
    'an own name after another spelling': '{"msg":"a","message":"b"}',
    'nesting deeper than 32': `{"a":${deep}}`,
    __proto__: '{"__proto__":1}',
    'a lone surrogate': '{"a":"\\udc00"}',
    'a high surrogate without a low one': '{"a":"\\ud83d\\u0061"}',
    'a control character': '{"a":"\u0001"}',
    'a clash with its own metadata': '{"metadata":{"a":1},"a":2}',
    'a key twice, in disguise': '{"a":1,"\\u0061":2}',
    'a nested key of fields twice': '{"err":{"message":"m","message":"n"}}',
    'a nested key of fields twice, in disguise': '{"err":{"message":"m","m\\u0065ssage":"n"}}',
    'an own name after a nested spelling': '{"req":{"method":"GET"},"method":"PUT"}',
    'a nested number that JavaScript writes otherwise': '{"err":{"code":1.10}}',
    'a nested level that says nothing': '{"log":{"level":"loud"}}',
    'a time in two parts': '{"instant":{"epochSecond":1735689600,"nanoOfSecond":5}}',
    'a record of MongoDB': '{"t":{"$date":"2025-01-01T10:00:00.123Z"},"s":"I","c":"NETWORK","msg":"m"}',
    'nesting deeper than 32 in an object of fields': `{"err":{"a":${deep.slice(1, -1)}}}`,
    'an object of fields without an end': '{"err":{"message":"m"',
    'an object of fields with a trailing comma': '{"err":{"message":"m",}}',
    'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'trailing bytes': '{"a":1}x',
    'a missing end': '{"a":1',
    'a trailing comma': '{"a":1,}',
    'no object': '[1]',
  }
  for (const [name, line] of Object.entries(lines)) t.notOk(bothWays(lineOf(line)).isAccepted, name)
  const fresh = new JsonTranscoder(context, new EntryTail(context))
  t.ok(bothWays(lineOf(`{"a":${deep.slice(1, -1)}}`), fresh).isAccepted, 'while 32 levels are fine')
})

t.test(
  'transcoder notices a repeated key among keys it has just learned, and forgets keys that are data',
  async (t) => {
    const fresh = new JsonTranscoder(context, new EntryTail(context))
    const out = new NdjsonBuffer(16)
    for (let i = 0; i < 3000; i++) {
      const isAccepted = fresh.transcode(lineOf(`{"key-${i}":1,"other-${i}":2}`), out, newFacts())
      if (!isAccepted && i % 256 !== 255) t.ok(isAccepted, `line ${i}`)
    }
    t.notOk(fresh.transcode(lineOf('{"new":1,"new":2}'), out, newFacts()))
    t.ok(fresh.transcode(lineOf('{"new":1}'), out, newFacts()))
    t.ok(fresh.transcode(lineOf('{"new":1}'), out, newFacts()), 'the same key in the next line is no repetition')
  },
)

t.test('transcoder reads nothing beyond the line', async (t) => {
  for (const text of [
    '{"a":tru',
    '{"a":"b',
    '{"a":1',
    '{"timestamp":"2025-01-01T00:00:00',
    '{"a"',
    '{"level":"inf',
    '{',
  ]) {
    const bytes = Buffer.from(text)
    const line = { ...lineOf(''), bytes, start: 0, end: bytes.length }
    t.notOk(transcoder.transcode(line, new NdjsonBuffer(16), newFacts()), text)
  }
})
