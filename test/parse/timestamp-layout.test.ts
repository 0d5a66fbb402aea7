import t from 'tap'
import { layoutProblem } from '../../src/parse/time-layout.ts'
import { TimestampReader } from '../../src/parse/timestamp.ts'

const READ_MS = Date.UTC(2024, 0, 16, 12)

function find(layout: string, text: string): string | undefined {
  const reader = new TimestampReader({ zone: 'UTC', layout })
  reader.readMs = READ_MS
  const bytes = Buffer.from(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const after = reader.readAny(view, 0, bytes.length)
  if (after < 0) return undefined
  const written = Buffer.alloc(40)
  return written.toString('latin1', 0, reader.write(written, 0)) + bytes.toString('utf8', after)
}

t.test('layout reads what strftime wrote', async (t) => {
  const cases: readonly (readonly [layout: string, text: string, expected: string])[] = [
    ['%d.%m.%Y um %H:%M:%S', '15.01.2024 um 08:00:00 x', '2024-01-15T08:00:00Z x'],
    ['%d/%m/%Y %T', '03/04/2023 08:00:00', '2023-04-03T08:00:00Z'],
    ['%D %T', '04/03/23 08:00:00', '2023-04-03T08:00:00Z'],
    ['%FT%T%z', '2024-01-15T08:00:00+0200', '2024-01-15T06:00:00Z'],
    ['%F %T %Z', '2024-01-15 08:00:00 CET', '2024-01-15T07:00:00Z'],
    ['%F %T %Z', '2024-01-15 08:00:00 QQQT', '2024-01-15T08:00:00Z'],
    ['%Y%m%d%H%M%S%L', '20240115080000123', '2024-01-15T08:00:00.123Z'],
    ['%F %T,%f', '2024-01-15 08:00:00,123456', '2024-01-15T08:00:00.123456Z'],
    ['%F %T.%N', '2024-01-15 08:00:00,123456789', '2024-01-15T08:00:00.123456789Z'],
    ['%F %T.%f', '2024-01-15 08:00:00 x', '2024-01-15T08:00:00Z x'],
    ['@%s', '@1705305600 x', '2024-01-15T08:00:00Z x'],
    ['@%s', '@1705305600.25 x', '2024-01-15T08:00:00.250Z x'],
    ['%e. %B %Y, %I:%M %p', ' 5. January 2024, 08:00 PM', '2024-01-05T20:00:00Z'],
    ['%a %b %e %H:%M:%S %Y', 'Mon Jan  5 08:00:00 2024', '2024-01-05T08:00:00Z'],
    ['%A, %d%b%y %T', 'Friday, 05Jan24 08:00:00', '2024-01-05T08:00:00Z'],
    ['%Y/%j %T', '2024/366 08:00:00', '2024-12-31T08:00:00Z'],
    ['%j %T', '350 08:00:00', '2023-12-16T08:00:00Z'],
    ['%b %d %T', 'Dec 31 08:00:00.5', '2023-12-31T08:00:00.500Z'],
    ['%H:%M:%S', '23:30:00,250 x', '2024-01-15T23:30:00.250Z x'],
    ['%H:%M:%S', '12:30:00', '2024-01-16T12:30:00Z'],
    ['100%% %F', '100% 2024-01-15', '2024-01-15T00:00:00Z'],
    ['%-d.%-m.%Y %_H:%M', '5.1.2024  8:05', '2024-01-05T08:05:00Z'],
    ['heure d’été %F', 'heure d’été 2024-01-15', '2024-01-15T00:00:00Z'],
  ]
  for (const [layout, text, expected] of cases) {
    t.equal(layoutProblem(layout), undefined, layout)
    t.equal(find(layout, text), expected, `${layout}: ${text}`)
  }
})

t.test('layout leaves what it does not fit to the forms that are known', async (t) => {
  t.equal(find('%d.%m.%Y %T', '2024-01-15T08:00:00Z'), '2024-01-15T08:00:00Z')
  for (const [layout, text] of [
    ['%H:%M:%S', '24:00:00'],
    ['%H:%M:%S', '08:00:000'],
    ['%I:%M %p', '13:00 PM'],
    ['@%d|%m|%Y', '@30|02|2024'],
    ['@%Y/%j', '@2023/366'],
    ['@%b', '@Foo'],
    ['@%Y %H', '@2024'],
  ] as const)
    t.equal(find(layout, text), undefined, `${layout}: ${text}`)
})

t.test('layout problems are told in words', async (t) => {
  for (const [layout, problem] of [
    ['', /empty/],
    ['%F %', /single %/],
    ['%Q', /%Q, which is not known/],
    ['%F %I:%M', /%I without %p/],
    ['%H %p', /%p without %I/],
    ['at', /neither a day nor an hour/],
    ['%Y-%m %H', /no day/],
    ['%d %H', /without a month/],
  ] as const)
    t.match(layoutProblem(layout), problem, layout)
})
