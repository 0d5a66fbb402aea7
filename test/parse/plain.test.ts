import fc from 'fast-check'
import t from 'tap'
import { createLineParser } from '../../src/parse/parser.ts'
import { context, lineOf, OWN, parse, READ_AT, READ_MS } from './harness.ts'

const plain = createLineParser('plain', context)
const auto = createLineParser('auto', context)

t.test('plain parser keeps the line as message and adds what the line does not say', async (t) => {
  const { entry, facts } = parse(plain, lineOf('hello "world" \\ \t\u0000é'))
  t.strictSame(entry, {
    timestamp: READ_AT,
    level: 'INFO',
    message: 'hello "world" \\ \t\u0000é',
    service: 'checkout',
    version: '1.4.2',
    environment: 'production',
    ...OWN,
  })
  t.strictSame(facts, {
    timeMs: READ_MS,
    level: 1,
    service: 'checkout',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasInvalidUtf8: false,
  })
})

t.test('plain parser finds a time and a level at the beginning', async (t) => {
  const cases: [string, string, string][] = [
    ['ERROR: disk', READ_AT, 'ERROR'],
    ['error: disk', READ_AT, 'ERROR'],
    ['[WARN] disk', READ_AT, 'WARNING'],
    ['[ warn ] disk', READ_AT, 'WARNING'],
    ['FATAL disk', READ_AT, 'CRITICAL'],
    ['Error reading the disk', READ_AT, 'INFO'],
    ['Information about it', READ_AT, 'INFO'],
    ['errors: none', READ_AT, 'INFO'],
    ['2025-06-01T10:00:00Z disk', '2025-06-01T10:00:00Z', 'INFO'],
    ['2025-06-01T10:00:00.5+02:00 error disk', '2025-06-01T08:00:00.500Z', 'ERROR'],
    ['[2025-06-01 10:00:00,123] [DEBUG] x', '2025-06-01T10:00:00.123Z', 'DEBUG'],
    ['2025-06-01 10:00:00.123 INFO  [http-nio-3] c.e.S - x', '2025-06-01T10:00:00.123Z', 'INFO'],
    ['2025-06-01 10:00:00 | WARNING | x', '2025-06-01T10:00:00Z', 'WARNING'],
    ['2025-06-01T10:00:00Zulu', READ_AT, 'INFO'],
    ['[2025-06-01T10:00:00Z disk', READ_AT, 'INFO'],
    ['1970-01-01T00:00:00Z error: x', READ_AT, 'ERROR'],
    ['2025-02-30T00:00:00Z x', READ_AT, 'INFO'],
    ['', READ_AT, 'INFO'],
    ['[', READ_AT, 'INFO'],
  ]
  for (const [line, timestamp, level] of cases) {
    const { entry, facts } = parse(plain, lineOf(line))
    t.match(entry, { timestamp, level, message: line }, line)
    t.equal(facts.timeMs, Date.parse(timestamp), line)
  }
})

t.test('plain parser marks cut and unfinished lines', async (t) => {
  t.strictSame(parse(plain, lineOf('x', { isTruncated: true })).entry.metadata, { truncated: true })
  t.strictSame(parse(plain, lineOf('x', { isPartial: true })).entry.metadata, { partial: true })
  t.strictSame(parse(plain, lineOf('x', { isContinued: true })).entry.metadata, { continued: true })
  t.strictSame(parse(plain, lineOf('x', { isTruncated: true, isPartial: true })).entry.metadata, {
    truncated: true,
    partial: true,
  })
})

t.test('plain parser keeps any bytes as text, and says when they were none', async (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bytes, fc.boolean(), (raw, isUtf8) => {
      if (raw.includes(10)) return true
      const text = raw.toString()
      const isText = Buffer.from(text).equals(raw)
      const { entry, facts } = parse(plain, lineOf(raw, { isUtf8: isUtf8 && isText }))
      return entry.message === text && facts.hasInvalidUtf8 === !isText
    }),
    { numRuns: 5000 },
  )
  t.pass('the property holds')
})

t.test('auto parser chooses line by line', async (t) => {
  t.match(parse(auto, lineOf('{"msg":"m"}')).entry, { message: 'm' })
  t.match(parse(auto, lineOf(' \t{"level":"loud","msg":"m"}')).entry, { message: 'm', metadata: { level_raw: 'loud' } })
  for (const line of ['{"msg":', '{not json}', '{}x', '[1]', 'text']) {
    const { entry, facts } = parse(auto, lineOf(line))
    t.equal(entry.message, line)
    t.equal(entry.metadata, undefined)
    t.equal(facts.hasParseError, false)
  }
  t.strictSame(parse(auto, lineOf('{"msg":"cu', { isTruncated: true })).entry.metadata, { truncated: true })
})
