/**
 * From the time a wall clock shows in a zone to UTC, by the zone data that Intl has. Asking Intl costs microseconds and makes
 * garbage, so offsets are kept: one for a whole day where no clock is changed nearby, else one for a minute.
 *
 * A time that a clock showed twice (autumn) is taken for the first one. One that it skipped (spring) is moved forward by the
 * gap: 02:30 becomes 03:30. Both mean that the offset before the change is the one that counts.
 */
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Days of offsets kept: a file that jumps back and forth between more is not worth more. */
const DAYS_KEPT = 64

/** Whether the name is one of the zone database's (`Europe/Berlin`), or `UTC`, or an offset (`+02:00`). */
export function isZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined
  } catch {
    return false
  }
}

export class Zone {
  /** Undefined: UTC. */
  readonly #format: Intl.DateTimeFormat | undefined
  /** Days since 1970, and the offset in ms that holds on the whole of each; by the day's last bits. */
  readonly #days = new Float64Array(DAYS_KEPT).fill(Number.NaN)
  readonly #dayOffsets = new Float64Array(DAYS_KEPT)
  /** The minute looked up last on a day that has a change nearby. */
  #minute = Number.NaN
  #minuteOffset = 0

  /** @throws {RangeError} for a name that `isZone` refuses. */
  constructor(name: string) {
    this.#format = name === 'UTC' ? undefined : formatOf(name)
  }

  /** The moment at which clocks in the zone show `localMs` (the ms since 1970 of that time, were it one in UTC). */
  utcMs(localMs: number): number {
    if (this.#format === undefined) return localMs
    const day = Math.floor(localMs / DAY_MS)
    const slot = day & (DAYS_KEPT - 1)
    if (this.#days[slot] === day) return localMs - (this.#dayOffsets[slot] ?? 0)
    const minute = Math.floor(localMs / MINUTE_MS)
    return localMs - (minute === this.#minute ? this.#minuteOffset : this.#lookUp(day, minute))
  }

  #lookUp(day: number, minute: number): number {
    // A day and a half beyond either end: zones are up to 14 hours away from UTC. No zone changes its clocks twice so soon.
    const before = this.#offsetAt((day - 1.5) * DAY_MS)
    if (before === this.#offsetAt((day + 2.5) * DAY_MS)) {
      const slot = day & (DAYS_KEPT - 1)
      this.#days[slot] = day
      this.#dayOffsets[slot] = before
      return before
    }
    this.#minute = minute
    this.#minuteOffset = this.#offsetNearChange(minute * MINUTE_MS)
    return this.#minuteOffset
  }

  #offsetNearChange(localMs: number): number {
    const before = this.#offsetAt(localMs - 1.5 * DAY_MS)
    const after = this.#offsetAt(localMs + 1.5 * DAY_MS)
    if (this.#offsetAt(localMs - before) === before) return before
    return this.#offsetAt(localMs - after) === after ? after : before
  }

  /** What clocks in the zone show beyond UTC at `utcMs`, ms. */
  #offsetAt(utcMs: number): number {
    // What Intl cannot show (a year beyond its calendar) is no time of a log; it is found implausible later.
    if (this.#format === undefined || !(Math.abs(utcMs) < 8e15)) return 0
    let year = 0
    let month = 0
    let day = 0
    let hour = 0
    let minute = 0
    let second = 0
    for (const { type, value } of this.#format.formatToParts(utcMs)) {
      if (type === 'year') year = Number(value)
      else if (type === 'month') month = Number(value)
      else if (type === 'day') day = Number(value)
      else if (type === 'hour') hour = Number(value)
      else if (type === 'minute') minute = Number(value)
      else if (type === 'second') second = Number(value)
    }
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000
  }
}

function formatOf(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}
