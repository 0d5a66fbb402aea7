import fc from 'fast-check'
import t from 'tap'
import { TimestampReader } from '../../src/parse/timestamp.ts'

const READ_MS = Date.UTC(2024, 0, 16, 12)

interface Found {
  readonly text: string
  /** What comes after the time. */
  readonly rest: string
}

type Way = 'readAny' | 'readClf' | 'readSyslog'

function find(
  text: string,
  { way = 'readAny', zone = 'UTC', readMs = READ_MS }: { way?: Way; zone?: string; readMs?: number } = {},
): Found | undefined {
  const reader = new TimestampReader({ zone })
  reader.readMs = readMs
  // Between digits and letters that would change what is read if they were.
  const bytes = Buffer.from(`20${text}00`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const after = reader[way](view, 2, bytes.length - 2)
  if (after < 0) return undefined
  const written = Buffer.alloc(40)
  return {
    text: written.toString('latin1', 0, reader.write(written, 0)),
    rest: bytes.toString('utf8', after, bytes.length - 2),
  }
}

t.test('timestamp reader takes every form that programs write', async (t) => {
  const cases: readonly (readonly [program: string, text: string, expected: string, rest: string])[] = [
    ['go log, nginx', '2006/01/02 15:04:05.000001 msg', '2006-01-02T15:04:05.000001Z', ' msg'],
    ['nginx', '2006/01/02 15:04:05 [error]', '2006-01-02T15:04:05Z', ' [error]'],
    ['apache access', '10/Oct/2000:13:55:36 -0700]', '2000-10-10T20:55:36Z', ']'],
    ['haproxy', '15/Jan/2024:08:00:00.123] fe', '2024-01-15T08:00:00.123Z', '] fe'],
    ['syslog', 'Oct  9 22:33:20 host', '2023-10-09T22:33:20Z', ' host'],
    ['syslog', 'Oct 9 22:33:20 host', '2023-10-09T22:33:20Z', ' host'],
    ['syslog', 'oct 11 22:14:15.123456 h', '2023-10-11T22:14:15.123456Z', ' h'],
    ['cisco asa', 'Oct 11 2000 22:14:15: %ASA', '2000-10-11T22:14:15Z', ': %ASA'],
    ['cisco ios', 'Oct 11 22:14:15.123 EST: %SYS', '2023-10-12T03:14:15.123Z', ': %SYS'],
    ['a host named EST', 'Oct 11 22:14:15 EST h', '2023-10-11T22:14:15Z', ' EST h'],
    ['apache error', 'Wed Oct 11 14:32:52.123456 2000] x', '2000-10-11T14:32:52.123456Z', '] x'],
    ['apache error 2.2', 'Thu Jun 09 06:07:04 2005] x', '2005-06-09T06:07:04Z', '] x'],
    ['date(1)', 'Wed Oct 11 14:32:52 CEST 2000', '2000-10-11T12:32:52Z', ''],
    ['date(1)', 'Mon 15 Jan 2024 08:00:00 PM UTC', '2024-01-15T20:00:00Z', ''],
    ['ruby', 'Wed Oct 11 14:32:52 +0200 2000', '2000-10-11T12:32:52Z', ''],
    ['git', 'Wed Oct 11 14:32:52 2000 +0200', '2000-10-11T12:32:52Z', ''],
    ['redis', '01 Jan 2024 12:00:00.000 *', '2024-01-01T12:00:00.000Z', ' *'],
    ['redis 2', '01 Jan 12:00:00.000 *', '2024-01-01T12:00:00.000Z', ' *'],
    ['ntpd', '15 Jan 08:00:00 ntpd[1]: x', '2024-01-15T08:00:00Z', ' ntpd[1]: x'],
    ['rfc 2822', 'Mon, 15 Jan 2024 08:00:00 +0100', '2024-01-15T07:00:00Z', ''],
    ['rfc 850', 'Monday, 02-Jan-06 15:04:05 MST', '2006-01-02T22:04:05Z', ''],
    ['systemctl', 'Wed 2024-01-15 08:00:00 UTC; 3 days', '2024-01-15T08:00:00Z', '; 3 days'],
    ['spark', '17/06/09 20:10:40 INFO', '2017-06-09T20:10:40Z', ' INFO'],
    ['hdfs', '081109 203615 148 INFO', '2008-11-09T20:36:15Z', ' 148 INFO'],
    ['mysql 5.5', '140115  8:00:00 [Note]', '2014-01-15T08:00:00Z', ' [Note]'],
    ['mariadb', '2024-01-15  8:00:00 0 [Note]', '2024-01-15T08:00:00Z', ' 0 [Note]'],
    ['iso basic', '20240115T080000Z', '2024-01-15T08:00:00Z', ''],
    ['packed', '20240115080000.123Z', '2024-01-15T08:00:00.123Z', ''],
    ['packed', '20240115080000123', '2024-01-15T08:00:00.123Z', ''],
    ['packed day', '20240115 08:00:00.123 x', '2024-01-15T08:00:00.123Z', ' x'],
    ['health app', '20171223-22:15:29:606|Step', '2017-12-23T22:15:29.606Z', '|Step'],
    ['health app', '20171224-0:7:20:44|Step', '2017-12-24T00:07:20.044Z', '|Step'],
    ['android', '03-17 16:13:38.811  1702', '2023-03-17T16:13:38.811Z', '  1702'],
    ['windows cbs', '2016-09-28 04:30:30, Info', '2016-09-28T04:30:30Z', ', Info'],
    ['windows dhcp', '01/15/24,08:00:00,x', '2024-01-15T08:00:00Z', ',x'],
    ['us', '01/15/2024 08:00:00 AM x', '2024-01-15T08:00:00Z', ' x'],
    ['us, midnight', '01/15/2024 12:00:00 am x', '2024-01-15T00:00:00Z', ' x'],
    ['us, noon', '1/5/2024 12:00:00 PM x', '2024-01-05T12:00:00Z', ' x'],
    ['day first, as 15 is no month', '15/01/2024 08:00:00 x', '2024-01-15T08:00:00Z', ' x'],
    ['splunkd', '01-15-2024 08:00:00.123 +0000 INFO', '2024-01-15T08:00:00.123Z', ' INFO'],
    ['german', '03.01.2024 08:00:00 x', '2024-01-03T08:00:00Z', ' x'],
    ['proxifier', '10.30 16:49:06] chrome', '2023-10-30T16:49:06Z', '] chrome'],
    ['tomcat, bind', '15-Jan-2024 08:00:00.123 x', '2024-01-15T08:00:00.123Z', ' x'],
    ['squid', '15/Jan/2024 08:00:00 x', '2024-01-15T08:00:00Z', ' x'],
    ['year first', '2024 Jan 15 08:00:00 x', '2024-01-15T08:00:00Z', ' x'],
    ['boost', '2024-Jan-15 08:00:00.123456 x', '2024-01-15T08:00:00.123456Z', ' x'],
    ['java.util.logging', 'Jan 15, 2024 8:00:00 AM com.x', '2024-01-15T08:00:00Z', ' com.x'],
    ['java 20', 'Jan 15, 2024, 8:00:00\u202fPM com.x', '2024-01-15T20:00:00Z', ' com.x'],
    ['db2, bgl', '2005-06-03-15.42.50.675872 R02', '2005-06-03T15:42:50.675872Z', ' R02'],
    ['rocksdb', '2024/01/15-08:00:00.123456 7f', '2024-01-15T08:00:00.123456Z', ' 7f'],
    ['cloudfront', '2019-12-04\t21:02:31\tLAX1', '2019-12-04T21:02:31Z', '\tLAX1'],
    ['postgres', '2024-01-15 08:00:00.123 CET [12]', '2024-01-15T07:00:00.123Z', ' [12]'],
    ['postgres', '2024-01-15 08:00:00.123 -03 [12]', '2024-01-15T11:00:00.123Z', ' [12]'],
    ['a word that is no zone', '2024-01-15 08:00:00.123 XYZ [12]', '2024-01-15T08:00:00.123Z', ' XYZ [12]'],
    ['a level', '2024-01-15 08:00:00.123 INFO x', '2024-01-15T08:00:00.123Z', ' INFO x'],
    ['go time', '2024-01-15 08:00:00.123456789 +0100 CET m=+0.1', '2024-01-15T07:00:00.123456789Z', ' m=+0.1'],
    ['am and pm', '2024-01-15 01:00:00 PM x', '2024-01-15T13:00:00Z', ' x'],
    ['a word with m', '2024-01-15 01:00:00 amber', '2024-01-15T01:00:00Z', ' amber'],
    ['pm2', '2024-01-15 08:00 +02:00: x', '2024-01-15T06:00:00Z', ': x'],
    ['colon before ms', '2024-01-15 08:00:00:123 x', '2024-01-15T08:00:00.123Z', ' x'],
    ['comma of a sentence', '2024-01-15 08:00:00, x', '2024-01-15T08:00:00Z', ', x'],
  ]
  for (const [program, text, expected, rest] of cases)
    t.same(find(text), { text: expected, rest }, `${program}: ${text}`)
})

t.test('timestamp reader takes nothing else for a time', async (t) => {
  const texts = ['', '2', 'J', 'Jan', 'Mon', 'Mon,', 'hello', '2024', '20240115', '2024-01-15', '12345678', '10 20 30']
  texts.push(
    '08:00:00.123',
    'May 10 10:30 we meet',
    'Mayday 10 08:00:00',
    'Oct 32 08:00:00',
    'Oct 11 25:00:00',
    'Oct 11 08:61:00',
  )
  texts.push(
    '123456 123456',
    '12345678901234',
    '2024-13-15 8:00:00',
    '20240230 08:00:00',
    '1/2/3 4:5:6',
    '081109 2036155 x',
  )
  texts.push(
    '1.2.3.4 - -',
    '192.168.1.1 08:00:00',
    '2024/01-15 08:00:00',
    '13:00:00 PM',
    '01/15/2024 13:00:00 PM',
    '30/Feb/2024:08:00:00',
  )
  texts.push('31/31/2024 08:00:00', '03-17 16:13', '2024 01 15', 'Sat on the 11 08:00:00', '2024-01-15 08:00:001')
  for (const text of texts) t.equal(find(text), undefined, text)
})

t.test('timestamp reader reads the Common Log Format and RFC 3164 on their own', async (t) => {
  t.same(find('10/Oct/2000:13:55:36 -0700]', { way: 'readClf' }), { text: '2000-10-10T20:55:36Z', rest: ']' })
  t.same(find('10/Oct/2000:13:55:36.5', { way: 'readClf' }), { text: '2000-10-10T13:55:36.500Z', rest: '' })
  for (const text of [
    '',
    '10/Oct/2000 13:55:36',
    '31/Apr/2000:13:55:36 +0000',
    '10/Okt/2000:13:55:36 +0000',
    '10/Oct/2000:13:55:3',
  ])
    t.equal(find(text, { way: 'readClf' }), undefined, text)
  t.same(find('Oct  9 22:33:20 2023 x', { way: 'readSyslog' }), { text: '2023-10-09T22:33:20Z', rest: ' 2023 x' })
  t.same(find('Oct 11 2000 22:14:15 x', { way: 'readSyslog' }), { text: '2000-10-11T22:14:15Z', rest: ' x' })
  t.same(find('Oct 11 22:14:15.123456789Z x', { way: 'readSyslog' }), {
    text: '2023-10-11T22:14:15.123456789Z',
    rest: ' x',
  })
  for (const text of [
    '',
    'Oct 11 22:14',
    'Okt 11 22:14:15',
    'Oct 11 22:14:15.',
    '2000-10-11T22:14:15Z',
    'Oct 11 2000',
    'Oct  11:22:33 abc',
  ])
    t.equal(find(text, { way: 'readSyslog' }), undefined, text)
})

t.test('timestamp reader infers the year from the reading', async (t) => {
  const cases: readonly (readonly [text: string, readAt: string, expected: string])[] = [
    ['Dec 31 23:59:59', '2024-01-01T00:00:05Z', '2023-12-31T23:59:59Z'],
    ['Jan  1 00:00:05', '2023-12-31T23:59:59Z', '2024-01-01T00:00:05Z'],
    ['Jan  1 23:00:00', '2023-12-31T22:00:00Z', '2023-01-01T23:00:00Z'],
    ['Mar  5 10:00:00', '2024-03-04T10:00:00Z', '2024-03-05T10:00:00Z'],
    ['Mar  5 10:00:01', '2024-03-04T10:00:00Z', '2023-03-05T10:00:01Z'],
    ['Feb 29 10:00:00', '2024-02-29T10:00:01Z', '2024-02-29T10:00:00Z'],
    ['Feb 29 10:00:00', '2027-01-01T00:00:00Z', '2024-02-29T10:00:00Z'],
    ['Feb 29 10:00:00', '2104-02-28T00:00:00Z', '2096-02-29T10:00:00Z'],
    ['12-31 23:59:59.5', '2024-01-01T00:00:05Z', '2023-12-31T23:59:59.500Z'],
  ]
  for (const [text, readAt, expected] of cases)
    t.equal(find(text, { readMs: Date.parse(readAt) })?.text, expected, `${text} read at ${readAt}`)
  const tokyo = { zone: 'Asia/Tokyo', readMs: Date.parse('2023-12-31T20:00:00Z') }
  t.equal(find('Jan  1 05:00:00', tokyo)?.text, '2023-12-31T20:00:00Z', 'it is next year there already')
  const lima = { zone: 'America/Lima', readMs: Date.parse('2024-01-01T02:00:00Z') }
  t.equal(find('Dec 31 21:00:00', lima)?.text, '2024-01-01T02:00:00Z', 'it is last year there still')
})

t.test('timestamp reader takes month or day first by what is about now', async (t) => {
  const readMs = Date.UTC(2024, 3, 3, 10)
  t.equal(find('03/04/2024 09:00:00', { readMs })?.text, '2024-04-03T09:00:00Z', 'today, the day first')
  t.equal(find('04/03/2024 09:00:00', { readMs })?.text, '2024-04-03T09:00:00Z', 'today, the month first')
  t.equal(find('05/06/2023 09:00:00', { readMs })?.text, '2023-05-06T09:00:00Z', 'long ago, the month first')
  t.equal(find('03/04/2024 09:00:00 AM', { readMs })?.text, '2024-03-04T09:00:00Z', 'AM says so')
})

t.test('timestamp reader takes the zone of its rules where none is named', async (t) => {
  const rules = { zone: 'Asia/Shanghai' }
  t.equal(find('2024-01-15 08:00:00.5 x', rules)?.text, '2024-01-15T00:00:00.500Z')
  t.equal(find('2024-01-15T08:00:00Z', rules)?.text, '2024-01-15T08:00:00Z')
  t.equal(find('15/Jan/2024:08:00:00', { ...rules, way: 'readClf' })?.text, '2024-01-15T00:00:00Z')
  t.equal(find('Jan 15 08:00:00', { ...rules, way: 'readSyslog' })?.text, '2024-01-15T00:00:00Z')
  t.equal(find('2024-01-15 08:00:00 CST', rules)?.text, '2024-01-15T00:00:00Z', 'CST is China’s there')
  t.equal(find('2024-01-15 08:00:00 CST')?.text, '2024-01-15T14:00:00Z', 'and else Chicago’s')
})

t.test('timestamp reader remembers a day for no other', async (t) => {
  const reader = new TimestampReader()
  reader.readMs = READ_MS
  t.ok(reader.readText('20240101 08:00:00'))
  for (const text of [
    '20231701 08:00:00',
    '20231233 08:00:00',
    '00/00/0000 08:00:00',
    '00-00 08:00:00',
    '20240132 08:00:00',
  ])
    t.notOk(reader.readText(text), text)
  t.ok(reader.readText('01/Jan/2024:08:00:00'))
  t.notOk(reader.readText('01/Jax/2024:08:00:00'))
})

t.test('timestamp reader reads a whole text or nothing', async (t) => {
  const reader = new TimestampReader()
  reader.readMs = READ_MS
  for (const [text, expected] of [
    ['20240115080000', '2024-01-15T08:00:00Z'],
    ['1705305600000', '2024-01-15T08:00:00Z'],
    ['Jan 15 08:00:00', '2024-01-15T08:00:00Z'],
    ['15/Jan/2024:09:00:00 +0100', '2024-01-15T08:00:00Z'],
  ] as const) {
    t.ok(reader.readText(text), text)
    t.equal(reader.timeMs, Date.parse(expected), text)
    t.notOk(reader.readText(`${text} x`), `${text} x`)
  }
})

t.test('timestamp reader never throws, and keeps within its bytes', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Jan',
      'Mon',
      '2024',
      '01',
      '15',
      ':',
      '-',
      '/',
      '.',
      ' ',
      ',',
      '+0100',
      'UTC',
      'AM',
      'T',
      'Z',
      '08:00:00',
      '123456',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const reader = new TimestampReader({ zone: 'Europe/Berlin', layout: '%b %d %H:%M:%S.%f %Y %z' })
  reader.readMs = READ_MS
  const written = Buffer.alloc(40)
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''))
      // A view of exactly these bytes: reading past their end would throw.
      const view = new DataView(new Uint8Array(bytes).buffer)
      for (const way of ['readAny', 'readClf', 'readSyslog', 'readPrefix'] as const) {
        const after = reader[way](view, 0, bytes.length)
        if (after === -1) continue
        if (!(after > 0 && after <= bytes.length) || !Number.isInteger(reader.timeMs)) return false
        if (
          reader.isPlausible(READ_MS) &&
          Date.parse(written.toString('latin1', 0, reader.write(written, 0))) !== reader.timeMs
        )
          return false
      }
      return true
    }),
    { numRuns: 20_000 },
  )
  t.pass('the property holds')
})
