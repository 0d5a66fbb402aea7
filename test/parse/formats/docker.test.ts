import fc from 'fast-check'
import t from 'tap'
import { newUnwrapped } from '../../../src/parse/envelope.ts'
import { createDockerReader } from '../../../src/parse/envelopes/docker.ts'
import { lineOf } from '../harness.ts'

const reader = createDockerReader()

function read(text: string | Buffer): Record<string, unknown> | undefined {
  const into = newUnwrapped()
  if (!reader.read(lineOf(text), into)) return undefined
  const { bytes, start, end, isPartial, stream, envelope } = into
  return {
    text: bytes.toString('utf8', start, end),
    isPartial,
    stream,
    time: envelope.time.toString(),
    timeMs: envelope.timeMs,
    members: JSON.parse(`{${envelope.members}}`),
  }
}

const TIME = '2025-01-15T08:00:00.123456789Z'
const MS = Date.UTC(2025, 0, 15, 8, 0, 0, 123)

t.test('docker reader takes the frame off', (t) => {
  const framed = (log: string) => `{"log":"${log}","stream":"stdout","time":"${TIME}"}`
  const cases: [string, Record<string, unknown>][] = [
    [
      framed('hello\\n'),
      { text: 'hello', isPartial: false, stream: 'stdout', time: TIME, timeMs: MS, members: { stream: 'stdout' } },
    ],
    [framed('hello\\r\\n'), { text: 'hello', isPartial: false }],
    [framed('hello'), { text: 'hello', isPartial: true }],
    [framed('\\n'), { text: '', isPartial: false }],
    [framed(''), { text: '', isPartial: true }],
    [framed('C:\\\\n'), { text: 'C:\\n', isPartial: true }],
    [framed('C:\\\\\\n'), { text: 'C:\\', isPartial: false }],
    [
      framed('{\\"a\\":\\"\\u003cb\\u003e \\u0026 \\\\\\" \\t\\u001b[0m\\"}\\n'),
      { text: '{"a":"<b> & \\" \t\x1b[0m"}' },
    ],
    [framed('\\ud83d\\ude00 \\ud83d \\u2028 ü\\n'), { text: '😀 \ufffd \u2028 ü' }],
    [framed('a\\nb\\n'), { text: 'a\nb' }],
    [`{"time":"${TIME}","stream":"stderr","log":"x\\n"}`, { text: 'x', stream: 'stderr', time: TIME }],
    [
      `{ "log" : "x\\n", "stream": "stderr", "time": "2025-01-15T09:00:00.5+01:00" }`,
      { text: 'x', stream: 'stderr', time: '2025-01-15T08:00:00.500Z' },
    ],
    [
      `{"log":"x\\n","stream":"stderr","attrs":{"tag":"a","env":"b"},"time":"2025-01-15T08:00:00Z"}`,
      { text: 'x', time: '2025-01-15T08:00:00Z', members: { stream: 'stderr', attrs: { tag: 'a', env: 'b' } } },
    ],
  ]
  for (const [line, wanted] of cases) t.match(read(line), wanted, line)
  t.end()
})

t.test('docker reader keeps the members of a frame when the next is read', (t) => {
  const into = newUnwrapped()
  const line = (tag: string) => lineOf(`{"log":"x\\n","stream":"stdout","attrs":{"tag":"${tag}"},"time":"${TIME}"}`)
  reader.read(line('a'), into)
  const { members, time } = into.envelope
  reader.read(line('b'), into)
  t.equal(members.toString(), '"stream":"stdout","attrs":{"tag":"a"}')
  t.equal(into.envelope.members.toString(), '"stream":"stdout","attrs":{"tag":"b"}')
  t.equal(time.toString(), TIME)
  t.end()
})

t.test('docker reader leaves other lines alone', (t) => {
  const lines = [
    '',
    '{',
    '{}',
    'hello',
    '{"log":"x"}',
    '{"log":"x","stream":"stdout"}',
    '{"log":"x","stream":"stdin","time":"2025-01-15T08:00:00Z"}',
    '{"log":1,"stream":"stdout","time":"2025-01-15T08:00:00Z"}',
    '{"log":"x","stream":"stdout","time":"yesterday"}',
    '{"log":"x","stream":"stdout","time":"2025-01-15T08:00:00Z"',
    '{"log":"x","stream":"stdout","time":"2025-01-15T08:00:00Z"}}',
    '{"log":"\\x","stream":"stdout","time":"2025-01-15T08:00:00Z"}',
    '{"time":"2025-01-15T08:00:00Z","level":"info","msg":"x"}',
  ]
  for (const line of lines) t.equal(read(line), undefined, line)
  t.end()
})

t.test('docker reader gives back what was logged', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\\"n\r\n\t u0') }))
  const escapes = fc.boolean()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(text, escapes, (log, isGo) => {
        const json = JSON.stringify(log)
        const written = isGo ? json.replaceAll('<', '\\u003c').replaceAll('\b', '\\u0008') : json
        const found = read(`{"log":${written},"stream":"stdout","time":"${TIME}"}`)
        return found?.text === log.toWellFormed().replace(/\r?\n$/, '') && found.isPartial === !log.endsWith('\n')
      }),
    ),
  )
  t.end()
})

t.test('docker reader takes any bytes', (t) => {
  const line = `{"log":"x\\u003c\\n","stream":"stdout","time":"${TIME}"}`
  for (let end = 0; end < line.length; end++) t.equal(read(line.slice(0, end)), undefined)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.nat(line.length), fc.uint8Array({ maxLength: 20 }), (at, bytes) => {
        const found = read(Buffer.concat([Buffer.from(line.slice(0, at)), bytes, Buffer.from(line.slice(at))]))
        return found === undefined || found.stream === 'stdout'
      }),
      { numRuns: 2000 },
    ),
  )
  t.end()
})
