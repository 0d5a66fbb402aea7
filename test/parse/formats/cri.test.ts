import fc from 'fast-check'
import t from 'tap'
import { newUnwrapped } from '../../../src/parse/envelope.ts'
import { createCriReader } from '../../../src/parse/envelopes/cri.ts'
import { lineOf, READ_AT, READ_MS } from '../harness.ts'

const reader = createCriReader()

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
    members: envelope.members.toString(),
  }
}

const TIME = '2025-01-15T08:00:00.123456789Z'
const MS = Date.UTC(2025, 0, 15, 8, 0, 0, 123)

t.test('CRI reader takes the frame off', (t) => {
  const out = { stream: 'stdout', time: TIME, timeMs: MS, members: '"stream":"stdout"' }
  const cases: [string, Record<string, unknown>][] = [
    [`${TIME} stdout F hello world`, { ...out, text: 'hello world', isPartial: false }],
    [`${TIME} stdout P hello `, { ...out, text: 'hello ', isPartial: true }],
    [`${TIME} stderr F  x`, { text: ' x', stream: 'stderr', members: '"stream":"stderr"' }],
    [`${TIME} stdout F `, { ...out, text: '' }],
    [`${TIME} stdout F`, { ...out, text: '' }],
    [`${TIME} stdout P:a:b x`, { ...out, text: 'x', isPartial: true, members: '"stream":"stdout","tags":"P:a:b"' }],
    [`${TIME} stderr F:a:b x`, { text: 'x', isPartial: false, members: '"stream":"stderr","tags":"F:a:b"' }],
    ['2025-01-15T09:00:00.123456789+01:00 stdout F x', { ...out, text: 'x' }],
    ['2025-01-15T08:00:00Z stdout F x', { text: 'x', time: '2025-01-15T08:00:00Z' }],
    ['2025-01-15T08:00:00.1234Z stdout F x', { text: 'x', time: '2025-01-15T08:00:00.1234Z' }],
  ]
  for (const [line, wanted] of cases) t.match(read(line), wanted, line)
  t.end()
})

t.test('CRI reader leaves other lines alone', (t) => {
  const lines = [
    '',
    'hello',
    TIME,
    `${TIME} `,
    `${TIME} stdout`,
    `${TIME} stdout `,
    `${TIME} stdout Fx y`,
    `${TIME} stdout X y`,
    `${TIME} stdout hello F`,
    `${TIME} stdin F x`,
    `${TIME}  stdout F x`,
    ` ${TIME} stdout F x`,
    '2025-13-15T08:00:00.123456789Z stdout F x',
    'yesterday-yesterday-yesterday stdout F x',
  ]
  for (const line of lines) t.equal(read(line), undefined, line)
  t.end()
})

t.test('CRI reader gives back any bytes', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
        const into = newUnwrapped()
        reader.read(lineOf(Buffer.from(payload)), into)
        const isFramed = reader.read(lineOf(Buffer.concat([Buffer.from(`${TIME} stderr P `), payload])), into)
        return isFramed && into.bytes.subarray(into.start, into.end).equals(payload)
      }),
    ),
  )
  const line = `${TIME} stdout F x`
  for (let end = 0; end < line.length - 2; end++) t.equal(read(line.slice(0, end)), undefined)
  t.end()
})

t.test('CRI reader takes the time of the read for one that is absurd, and keeps it', (t) => {
  for (const time of ['1970-01-01T00:00:05.5Z', '3025-01-15T08:00:00.123456789+01:00']) {
    const wanted = { time: READ_AT, timeMs: READ_MS, text: 'x', members: `"stream":"stdout","frame_time":"${time}"` }
    t.match(read(`${time} stdout F x`), wanted)
  }
  t.match(read(`${TIME} stdout F x`), { time: TIME, members: '"stream":"stdout"' })
  t.end()
})
