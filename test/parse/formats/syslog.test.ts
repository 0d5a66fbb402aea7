import fc from 'fast-check'
import t from 'tap'
import { createSyslogParser } from '../../../src/parse/formats/syslog.ts'
import { NdjsonBuffer } from '../../../src/parse/line.ts'
import { goldens } from '../goldens.ts'
import { context, entryIn, lineOf, newFacts, READ_AT } from '../harness.ts'

goldens(t, 'syslog', createSyslogParser)

/** The entry, or why there is none. */
function parse(text: string | Buffer): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const reason = createSyslogParser(context).tryParse(lineOf(text), out, newFacts())
  if (reason === undefined) return entryIn(out, 0)
  if (out.length > 0) throw new Error('Cannot take back what was appended')
  return reason
}

t.test('syslog parser finds time, level, tag and message', (t) => {
  const time = '2025-10-09T22:33:20Z'
  const cases: [string, string, string, string, Record<string, unknown>][] = [
    ['Oct  9 22:33:20 web-1 sshd[12]: hello', time, 'INFO', 'hello', { hostname: 'web-1', app_name: 'sshd', pid: 12 }],
    ['Oct 9 22:33:20 web-1 sshd[12]: hello', time, 'INFO', 'hello', { hostname: 'web-1', app_name: 'sshd', pid: 12 }],
    ['Oct  9 22:33:20 web cron: error: x', time, 'ERROR', 'error: x', { hostname: 'web', app_name: 'cron' }],
    ['Oct  9 22:33:20 web cron: Error reading', time, 'INFO', 'Error reading', { hostname: 'web', app_name: 'cron' }],
    [
      'Oct  9 22:33:20 web a/b[012]: [warn] x',
      time,
      'WARNING',
      '[warn] x',
      { hostname: 'web', app_name: 'a/b', pid: '012' },
    ],
    ['Oct  9 22:33:20 web x[1]:', time, 'INFO', '', { hostname: 'web', app_name: 'x', pid: 1 }],
    ['Oct  9 22:33:20 web x[]: y', time, 'INFO', 'y', { hostname: 'web', app_name: 'x' }],
    ['Oct  9 22:33:20 web Foo::Bar[1]: y', time, 'INFO', 'y', { hostname: 'web', app_name: 'Foo::Bar', pid: 1 }],
    [
      'Oct  9 22:33:20 web kernel: [ 12.5] ERROR x',
      time,
      'ERROR',
      '[ 12.5] ERROR x',
      { hostname: 'web', app_name: 'kernel' },
    ],
    ['Oct  9 22:33:20 web x[1] <Error>: y', time, 'ERROR', 'y', { hostname: 'web', app_name: 'x', pid: 1 }],
    ['Oct  9 22:33:20 ::1 x: y', time, 'INFO', 'y', { hostname: '::1', app_name: 'x' }],
    ['Oct  9 22:33:20 web-1 no tag', time, 'INFO', 'no tag', { hostname: 'web-1' }],
    ['<11>Oct  9 22:33:20 web no tag', time, 'ERROR', 'no tag', { facility: 'user', severity: 'err', hostname: 'web' }],
    ['<0>x', READ_AT, 'CRITICAL', 'x', { facility: 'kern', severity: 'emerg' }],
    ['<191>1 - - - - - -', READ_AT, 'DEBUG', '', { facility: 'local7', severity: 'debug' }],
    ['1 2025-10-09T22:33:20Z h a 7 - - m', time, 'INFO', 'm', { hostname: 'h', app_name: 'a', pid: 7 }],
    [
      '<14>1 2025-10-09T22:33:20Z h a 7 M [x@1 a="1" a="\\"\\\\\\]\\n" b=""][__proto__ c="ü"] \ufeffm',
      time,
      'INFO',
      'm',
      {
        facility: 'user',
        severity: 'info',
        hostname: 'h',
        app_name: 'a',
        pid: 7,
        msgid: 'M',
        structured_data: JSON.parse('{"x@1":{"a":["1","\\"\\\\]\\\\n"],"b":""},"__proto__":{"c":"ü"}}'),
      },
    ],
    [
      '<14>1 2025-10-09T22:33:20Z h a 7 M [x@1 a="1] m',
      time,
      'INFO',
      '[x@1 a="1] m',
      { facility: 'user', severity: 'info', hostname: 'h', app_name: 'a', pid: 7, msgid: 'M' },
    ],
  ]
  for (const [line, timestamp, level, message, metadata] of cases) {
    const entry = parse(line)
    t.match(entry, { timestamp, level, message }, line)
    t.same(typeof entry === 'string' ? {} : entry.metadata, metadata, line)
  }
  t.end()
})

t.test('syslog parser leaves lines of other programs alone', (t) => {
  const lines = [
    '',
    '<',
    '<13',
    '<192>x',
    '<013>x',
    '<a>x',
    'Oct  9 22:33:20',
    'Oct  9 22:33:20 ',
    'Oct  9 22:33:20 Starting up',
    'Oct  9 22:33:20 INFO main: x',
    'Oct  9 22:33:20 error: x',
    'Oct  9 22:33:20.123 [notice] Tor opening log file.',
    'Oct 32 22:33:20 web-1 x[1]: y',
    '2025-01-15T08:00:00Z INFO main: x',
    '2025-01-15T08:00:00.123Z  INFO crate::module: x',
    '2025-01-15T08:00:00.123456789Z stdout F x: y',
    '2025-01-15T08:00:00.123456Z 0 [Note] InnoDB: x',
    '2025-01-15T08:00:00.123+01:00  INFO 1234 --- [main] c.e.App : Started',
    '2025-01-15T08:00:00 host app: no zone',
    '2025-01-15 08:00:00,123 root: x',
    '2025-01-15 08:00:00 UTC [12] LOG:  x',
    'Thu Oct  9 22:33:20 2025 TLS: x',
    '1736928000.123    45 10.0.0.1 TCP_MISS/200 1 GET http://x/ - D/1 text/html',
    '<14>1 2025-01-15T08:00:00Z h  1 - m',
    '<14>1 2025-01-15T08:00:00Z h a',
    '<14>1 today h a 1 - - m',
    '127.0.0.1 - - [15/Jan/2025:08:00:00 +0000] "GET / HTTP/1.1" 200 1',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.end()
})

t.test('syslog parser loses nothing, whatever comes after a head', (t) => {
  const heads = [
    'Oct  9 22:33:20 web-1 ',
    '<13>',
    '<13>1 2025-01-15T08:00:00Z ',
    '2025-01-15T08:00:00Z h ',
    'VAPI 1131566461 2005.11.09 n Nov 9 12:01:01 ',
  ]
  const rest = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'a1[]:(<>)"\\= -./é%') }),
    fc
      .array(fc.constantFrom('app', '[12]', ': ', ' ', '-', '[a b="c"]', 'x.y', 'error', '\ud83d\ude00'), {
        maxLength: 9,
      })
      .map((parts) => parts.join('')),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.constantFrom(...heads), rest, (head, text) => {
        const entry = parse(head + text)
        if (typeof entry === 'string') return true
        const said = JSON.stringify([entry.message, entry.metadata])
        return (text.match(/[a-z0-9é\u{1f600}]+/gu) ?? []).every((word) => said.includes(word))
      }),
    ),
  )
  t.end()
})

t.test('syslog parser takes any bytes', (t) => {
  const heads = [
    '',
    '<1',
    '<13>',
    '<13>1 ',
    'Oct  9 22:33:20 ',
    'Oct  9 22:33:20 web-1 x[',
    '- 1131566461 2005.11.09 ',
    '<189>45: ',
  ]
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 40 }), (head, bytes) => {
        const found = parse(Buffer.concat([Buffer.from(head), bytes.map((byte) => (byte === 10 ? 32 : byte))]))
        return typeof found === 'string' || typeof found.timestamp === 'string'
      }),
      { numRuns: 2000 },
    ),
  )
  for (const head of heads) for (let end = 0; end < head.length; end++) parse(head.slice(0, end))
  t.end()
})
