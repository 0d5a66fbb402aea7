import fc from 'fast-check'
import t from 'tap'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { createPlainParser } from '../../src/parse/plain.ts'
import { goldens } from './goldens.ts'
import { context, entryIn, lineOf, newFacts, OWN, parse, READ_AT, READ_MS } from './harness.ts'

const plain = createPlainParser(context)

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
    hasTimeFallback: false,
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
    ['2025-06-01T10:00:00Z Error reading x', '2025-06-01T10:00:00Z', 'ERROR'],
    ['[01/Jun/2025:10:00:00 +0000] x', '2025-06-01T10:00:00Z', 'INFO'],
    ['Sun Jun  1 10:00:00 2025 warning: x', '2025-06-01T10:00:00Z', 'WARNING'],
    ['2025/06/01 10:00:00 [crit] 12#12: x', '2025-06-01T10:00:00Z', 'CRITICAL'],
    ['2025-06-01 10:00:00,123 - ERROR - x', '2025-06-01T10:00:00.123Z', 'ERROR'],
    ['2025-06-01 10:00:00, Info CBS x', '2025-06-01T10:00:00Z', 'INFO'],
    ['2025-06-01T10:00:00.123+0000 E STORAGE  [initandlisten] x', '2025-06-01T10:00:00.123Z', 'ERROR'],
    ['2025-06-01T10:00:00Z W! [outputs.x] y', '2025-06-01T10:00:00Z', 'WARNING'],
    ['2025-06-01T10:00:00Z A man came', '2025-06-01T10:00:00Z', 'INFO'],
    ['2025.06.01 10:00:00.123456 [ 123 ] {abc-def} <Error> executeQuery: x', '2025-06-01T10:00:00.123456Z', 'ERROR'],
    ['2025-06-01T10:00:00.123Z pid=1 tid=abc WARN: x', '2025-06-01T10:00:00.123Z', 'WARNING'],
    ['[01-Jun-2025 10:00:00 UTC] PHP Fatal error:  Uncaught x', '2025-06-01T10:00:00Z', 'CRITICAL'],
    ['PHP Warning:  x in /a.php on line 1', READ_AT, 'WARNING'],
    ['PHP Warning systems', READ_AT, 'INFO'],
    ['1748772000.123     57 10.0.0.1 TCP_MISS/200 1234 GET http://x/', '2025-06-01T10:00:00.123Z', 'INFO'],
    ['1748772000.1 57', READ_AT, 'INFO'],
    ['2025-06-01 10:00:00 148 1234 ERROR x', '2025-06-01T10:00:00Z', 'ERROR'],
    ['2025-06-01 10:00:00 [main] [x y] WARN x', '2025-06-01T10:00:00Z', 'WARNING'],
    ['2025-06-01 10:00:00 [main] warn of it', '2025-06-01T10:00:00Z', 'INFO'],
    ['2025-06-01 10:00:00 no ERROR found', '2025-06-01T10:00:00Z', 'INFO'],
    ['[2025-06-01T10:00:00Z ERROR app::db] x', '2025-06-01T10:00:00Z', 'ERROR'],
    ['01-Jun-2025 10:00:00.123 general: error: x', '2025-06-01T10:00:00.123Z', 'ERROR'],
    ['ld: warning: x', READ_AT, 'WARNING'],
    ['a.c:3:1: error: x', READ_AT, 'ERROR'],
    ['app[12]: ERROR x', READ_AT, 'INFO'],
    ['see: the error: x', READ_AT, 'INFO'],
    ['148 ERROR x', READ_AT, 'INFO'],
    ['<error> x', READ_AT, 'ERROR'],
    ['fail: App.Startup[0]', READ_AT, 'ERROR'],
    ['level=error x', READ_AT, 'INFO'],
    ['\u001b[31merror\u001b[0m: x', READ_AT, 'ERROR'],
    ['\u001b[31mERROR\u001b[0m x', READ_AT, 'ERROR'],
    ['\u001b[2m2025-06-01T10:00:00.5Z\u001b[0m \u001b[38;5;196mERROR\u001b[m x', '2025-06-01T10:00:00.500Z', 'ERROR'],
    ['[\u001b[90m2025-06-01T10:00:00Z\u001b[0m] \u001b[33mWARN\u001b[0m x', '2025-06-01T10:00:00Z', 'WARNING'],
    ['\u001b[31', READ_AT, 'INFO'],
    ['\u001b[', READ_AT, 'INFO'],
    ['\u001b', READ_AT, 'INFO'],
    ['192.168.1.1 10:00:00 x', READ_AT, 'INFO'],
    ['', READ_AT, 'INFO'],
    ['[', READ_AT, 'INFO'],
  ]
  for (const [line, timestamp, level] of cases) {
    const { entry, facts } = parse(plain, lineOf(line))
    t.match(entry, { timestamp, level, message: line }, line)
    t.equal(facts.timeMs, Date.parse(timestamp), line)
  }
})

t.test('plain parser keeps an absurd time beside that of reading', async (t) => {
  const { entry, facts } = parse(plain, lineOf('1970-01-01T00:00:00Z error: x'))
  t.match(entry, { timestamp: READ_AT, metadata: { timestamp_raw: '1970-01-01T00:00:00Z' } })
  t.equal(facts.hasTimeFallback, true)
})

t.test('plain parser takes the time of the envelope when the line has none', async (t) => {
  const envelope = {
    timeMs: Date.UTC(2025, 5, 1),
    time: Buffer.from('2025-06-01T00:00:00.000000001Z'),
    members: Buffer.from('"stream":"stderr"'),
  }
  t.match(parse(plain, lineOf('x', { envelope })).entry, {
    timestamp: '2025-06-01T00:00:00.000000001Z',
    metadata: { stream: 'stderr' },
  })
  t.match(parse(plain, lineOf('2025-05-01T00:00:00Z x', { envelope })).entry, { timestamp: '2025-05-01T00:00:00Z' })
})

t.test('plain parser reads times in the zone of the source, and in its layout', async (t) => {
  const zoned = createPlainParser({ ...context, times: { zone: 'Europe/Berlin', layout: '%d|%m|%Y|%H:%M:%S' } })
  t.match(parse(zoned, lineOf('2025-06-01 10:00:00 x')).entry, { timestamp: '2025-06-01T08:00:00Z' })
  t.match(parse(zoned, lineOf('01|06|2025|10:00:00 ERROR x')).entry, {
    timestamp: '2025-06-01T08:00:00Z',
    level: 'ERROR',
  })
})

t.test('plain parser fits every line', async (t) => {
  const out = new NdjsonBuffer(8)
  t.equal(plain.tryParse(lineOf('{'), out, newFacts()), undefined)
  t.match(entryIn(out, 0), { message: '{' })
})

goldens(t, 'plain', createPlainParser)

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
