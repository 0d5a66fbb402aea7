import fc from 'fast-check'
import t from 'tap'
import { isZone, Zone } from '../../src/parse/zone.ts'

/** The moment of `local`, as text. */
function utc(zone: string, local: string): string {
  return new Date(new Zone(zone).utcMs(Date.parse(`${local}Z`))).toISOString().replace('.000Z', 'Z')
}

t.test('zone moves skipped times forward and takes the first of those shown twice', async (t) => {
  const cases: readonly (readonly [zone: string, local: string, expected: string])[] = [
    ['Europe/Berlin', '2024-03-31T01:59:59', '2024-03-31T00:59:59Z'],
    ['Europe/Berlin', '2024-03-31T02:30:00', '2024-03-31T01:30:00Z'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00Z'],
    ['Europe/Berlin', '2024-10-27T01:59:59', '2024-10-26T23:59:59Z'],
    ['Europe/Berlin', '2024-10-27T02:30:00', '2024-10-27T00:30:00Z'],
    ['Europe/Berlin', '2024-10-27T03:00:00', '2024-10-27T02:00:00Z'],
    ['Europe/London', '2024-03-31T01:30:00', '2024-03-31T01:30:00Z'],
    ['Europe/London', '2024-10-27T01:30:00', '2024-10-27T00:30:00Z'],
    ['America/New_York', '2024-03-10T02:30:00', '2024-03-10T07:30:00Z'],
    ['America/New_York', '2024-11-03T01:30:00', '2024-11-03T05:30:00Z'],
    ['America/Los_Angeles', '2024-03-10T02:00:00', '2024-03-10T10:00:00Z'],
    ['America/St_Johns', '2024-11-03T01:30:00', '2024-11-03T04:00:00Z'],
    ['America/St_Johns', '2010-11-07T00:00:30', '2010-11-07T02:30:30Z'],
    ['Australia/Lord_Howe', '2024-10-06T02:15:00', '2024-10-05T15:45:00Z'],
    ['Australia/Lord_Howe', '2024-04-07T01:45:00', '2024-04-06T14:45:00Z'],
    ['Australia/Sydney', '2024-10-06T02:30:00', '2024-10-05T16:30:00Z'],
    ['Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T22:00:00Z'],
    ['Asia/Kolkata', '2024-01-01T00:00:00', '2023-12-31T18:30:00Z'],
    ['Asia/Kathmandu', '2024-01-01T00:00:00', '2023-12-31T18:15:00Z'],
    ['America/Sao_Paulo', '2018-11-04T00:30:00', '2018-11-04T03:30:00Z'],
    ['Africa/Casablanca', '2024-03-10T02:30:00', '2024-03-10T01:30:00Z'],
    ['Pacific/Kiritimati', '2024-01-01T13:59:59', '2023-12-31T23:59:59Z'],
    ['Pacific/Pago_Pago', '2023-12-31T13:00:00', '2024-01-01T00:00:00Z'],
    ['+05:30', '2024-01-01T00:00:00', '2023-12-31T18:30:00Z'],
    ['UTC', '2024-01-01T00:00:00', '2024-01-01T00:00:00Z'],
  ]
  for (const [zone, local, expected] of cases) t.equal(utc(zone, local), expected, `${local} in ${zone}`)
})

t.test('zone agrees with Intl on every minute near every change, and anywhere else', async (t) => {
  const names = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Asia/Gaza',
    'Pacific/Apia',
    'Africa/Cairo',
  ]
  const zones = names.map((name) => ({ zone: new Zone(name), clock: wallClock(name) }))
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      // Clocks are changed at night, in spring and in autumn.
      fc.oneof(
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2035, 0, 1) }),
        fc
          .record({
            year: fc.integer({ min: 1990, max: 2035 }),
            month: fc.constantFrom(2, 3, 8, 9, 10),
            minute: fc.nat(31 * 1440),
          })
          .map(({ year, month, minute }) => Date.UTC(year, month, 1, 0, minute)),
      ),
      ({ zone, clock }, ms) => {
        const localMs = Math.floor(ms / 1000) * 1000
        const shown = clock(zone.utcMs(localMs))
        // In a gap the clock shows later; a gap was never longer than the day Samoa left out.
        if (shown !== localMs) return shown > localMs && shown - localMs <= 86_400_000 && isSkipped(clock, localMs)
        return clock(zone.utcMs(localMs) - 3_600_000) !== localMs
      },
    ),
    { numRuns: 3000 },
  )
  t.pass('the property holds')
})

t.test('zone names are those of the zone database', async (t) => {
  for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', '+02:00']) t.ok(isZone(name), name)
  for (const name of ['', 'Berlin', 'Europe/berlin!', 'CEST?']) t.notOk(isZone(name), name)
})

/** No moment within a day and a half shows this time. */
function isSkipped(clock: (utcMs: number) => number, localMs: number): boolean {
  for (let quarter = -60; quarter <= 60; quarter++) if (clock(localMs + quarter * 900_000) === localMs) return false
  return true
}

/** What a clock in the zone shows at a moment, as if it were UTC. */
function wallClock(timeZone: string): (utcMs: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return (utcMs) => Date.parse(`${format.format(utcMs).replace(' ', 'T')}Z`)
}
