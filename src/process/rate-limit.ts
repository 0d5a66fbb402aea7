/**
 * `rate_limit`: so many entries in a window of time, for each value of a field or for the source. What was refused is counted,
 * and the count is handed over as one entry when its window is over.
 *
 * Windows are told by the entries' own times, so that a backlog is treated as it would have been when it was written; an entry
 * of an earlier window counts in the present one. The wall clock only says when a count is due, and ends a window that lies in
 * the future: one entry with a wrong clock must not hold the next hour's back.
 */
import { formatDuration } from '../config/units.ts'
import { textOf } from './field-path.ts'
import { readerOf } from './predicate.ts'
import type { Step } from './step.ts'
import type { WorkingEntry } from './working-entry.ts'

/** Values of the field with a count of their own in one window; further ones share that of `_other`. */
const MAX_KEYS = 4096
const OTHER = '_other'
/** UTF-16 units of a key; what is longer is cut. */
const MAX_KEY_LENGTH = 256
/** Counts that wait for `collect`; beyond that what was refused goes on being counted in the next window. */
const MAX_OWED = 4096

interface Account {
  passed: number
  refused: number
  /** Time of the entry that was refused last, ms. */
  lastMs: number
}

export interface RateLimit {
  readonly limit: number
  readonly perMs: number
  readonly by?: string
}

export class RateLimitStep implements Step {
  readonly kind = 'rate_limit'
  readonly #config: RateLimit
  readonly #read: ((work: WorkingEntry) => unknown) | undefined
  /** Number of the present window: its times are [window, window + 1) × perMs. */
  #window = Number.NEGATIVE_INFINITY
  #accounts = new Map<string, Account>()
  #owed: Record<string, unknown>[] = []

  constructor(config: RateLimit) {
    this.#config = config
    this.#read = config.by === undefined ? undefined : readerOf(config.by)
  }

  apply(work: WorkingEntry): 'keep' | 'rate_limited' {
    const { timeMs } = work.facts
    const window = Math.floor(timeMs / this.#config.perMs)
    if (window > this.#window) this.#turnTo(window)
    const account = this.#account(this.#read === undefined ? '' : keyOf(this.#read(work)))
    if (account.passed < this.#config.limit) {
      account.passed++
      return 'keep'
    }
    account.refused++
    account.lastMs = timeMs
    return 'rate_limited'
  }

  collect(nowMs: number, give: (entry: Record<string, unknown>) => void): void {
    const { perMs } = this.#config
    const owed = this.#owed
    this.#owed = []
    for (const entry of owed) give(entry)
    // The accounts stay: entries of this window may still come, and have had their share.
    if (nowMs >= (this.#window + 1) * perMs) this.#settle(give)
    else if (this.#window * perMs > nowMs + perMs) this.#turnTo(Math.floor(nowMs / perMs))
  }

  #turnTo(window: number): void {
    this.#settle((entry) => this.#owed.push(entry), MAX_OWED - this.#owed.length)
    for (const [key, account] of this.#accounts) {
      if (account.refused === 0) this.#accounts.delete(key)
      else account.passed = 0
    }
    this.#window = window
  }

  #settle(give: (entry: Record<string, unknown>) => void, room = Number.POSITIVE_INFINITY): void {
    let left = room
    for (const [key, account] of this.#accounts) {
      if (account.refused === 0 || left-- <= 0) continue
      give(this.#entryOf(key, account))
      account.refused = 0
    }
  }

  #account(key: string): Account {
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    if (this.#accounts.size >= MAX_KEYS && key !== OTHER) return this.#account(OTHER)
    const account = { passed: 0, refused: 0, lastMs: 0 }
    this.#accounts.set(key, account)
    return account
  }

  #entryOf(key: string, { refused, lastMs }: Account): Record<string, unknown> {
    const { limit, perMs, by } = this.#config
    const per = formatDuration(perMs)
    const whose = by === undefined ? '' : ` for ${by} ${JSON.stringify(key)}`
    return {
      timestamp: new Date(lastMs).toISOString(),
      level: 'WARNING',
      message: `${refused} ${refused === 1 ? 'entry' : 'entries'} over the limit of ${limit} in ${per}${whose} ${refused === 1 ? 'was' : 'were'} refused`,
      ...(by === 'service' && key !== OTHER && { service: key }),
      metadata: { refused, limit, per, ...(by !== undefined && { by, key }) },
    }
  }
}

function keyOf(value: unknown): string {
  return (textOf(value) ?? '').slice(0, MAX_KEY_LENGTH).toWellFormed()
}
