import fc from 'fast-check'
import t from 'tap'
import { TimestampReader } from '../../src/parse/timestamp.ts'

function read(text: string): { ms: number; text: string; isCanonical: boolean } | undefined {
  const reader = new TimestampReader()
  if (!reader.readText(text)) return undefined
  const bytes = Buffer.alloc(40)
  const { timeMs: ms, isCanonical } = reader
  return { ms, text: bytes.toString('latin1', 0, reader.write(bytes, 0)), isCanonical }
}

t.test('timestamp reader takes the usual forms', async (t) => {
  const cases: [string, string][] = [
    ['2025-01-15T08:00:00.000Z', '2025-01-15T08:00:00.000Z'],
    ['2025-01-15T08:00:00Z', '2025-01-15T08:00:00Z'],
    ['2025-01-15T08:00:00.123456789Z', '2025-01-15T08:00:00.123456789Z'],
    ['2025-01-15T08:00:00.5Z', '2025-01-15T08:00:00.500Z'],
    ['2025-01-15t08:00:00.25z', '2025-01-15T08:00:00.250Z'],
    ['2025-01-15 08:00:00,123', '2025-01-15T08:00:00.123Z'],
    ['2025-01-15 08:00:00 +0200', '2025-01-15T06:00:00Z'],
    ['2025-01-15T08:00:00+05:30', '2025-01-15T02:30:00Z'],
    ['2025-01-15T08:00:00.1-08', '2025-01-15T16:00:00.100Z'],
    ['2025-01-01T00:30:00+01:00', '2024-12-31T23:30:00Z'],
    ['2024-02-29T23:59:60Z', '2024-03-01T00:00:00Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['1735689600', '2025-01-01T00:00:00.000Z'],
    ['1735689600.5', '2025-01-01T00:00:00.500Z'],
    ['1735689600123', '2025-01-01T00:00:00.123Z'],
    ['1735689600123.25', '2025-01-01T00:00:00.12325Z'],
    ['1735689600123456', '2025-01-01T00:00:00.123456Z'],
    ['1735689600123456789', '2025-01-01T00:00:00.123456789Z'],
    ['1735689600123000000', '2025-01-01T00:00:00.123Z'],
  ]
  for (const [text, expected] of cases) {
    const result = read(text)
    t.equal(result?.text, expected, text)
    t.equal(result?.ms, Math.floor(Date.parse(expected)), text)
    t.equal(result?.isCanonical, text === expected, `${text} is kept only if it needs no change`)
  }
})

t.test('timestamp reader refuses what is no time', async (t) => {
  const texts = [
    '',
    'now',
    '2025-02-29T00:00:00Z',
    '2025-00-10T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-13-01T00:00:00Z',
  ]
  texts.push(
    '2025-01-01T24:00:00Z',
    '2025-01-01T00:60:00Z',
    '2025-01-01T00:00:61Z',
    '2025-01-01T00:00:00.Z',
    '2025-01-01',
  )
  texts.push('2025-01-01T00:00:00.1234567890Z', '2025-01-01T00:00:00Zx', '2025-01-01T00:00:00+24:00')
  texts.push('-1', '1.', '.5', '1e9', '012', '123456789012345678901', '20x5-01-01T00:00:00Z', '２025-01-01T00:00:00Z')
  for (const text of texts) t.equal(read(text), undefined, text)
})

t.test('timestamp reader agrees with Date on every day and moment, in any order', async (t) => {
  const reader = new TimestampReader()
  const bytes = Buffer.alloc(40)
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) => {
        const iso = date.toISOString()
        if (!reader.readText(iso) || reader.timeMs !== date.getTime() || !reader.isCanonical) return false
        reader.set(date.getTime())
        return bytes.toString('latin1', 0, reader.write(bytes, 0)) === iso
      },
    ),
    { numRuns: 5000 },
  )
  t.pass('the property holds')
})

t.test('timestamp reader finds 1989, and what is more than a day ahead, implausible', async (t) => {
  const reader = new TimestampReader()
  const readMs = Date.UTC(2026, 0, 1)
  for (const [text, isPlausible] of [
    ['1989-12-31T23:59:59.999Z', false],
    ['1990-01-01T00:00:00Z', true],
    ['2026-01-02T00:00:00.000Z', true],
    ['2026-01-02T00:00:00.001Z', false],
  ] as const) {
    reader.readText(text)
    t.equal(reader.isPlausible(readMs), isPlausible, text)
  }
})
