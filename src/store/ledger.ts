/** Why entries were not stored. The list is closed, so that every drop has a reason and every reason a series. */
export const DROP_REASONS = [
  'buffer_full',
  'blank_line',
  'rotate_wait_exceeded',
  'line_too_long',
  'nul_bytes',
  'vanished',
  'filtered',
  'sampled',
  'rate_limited',
  'deduplicated',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

export type LedgerAccount = 'read' | 'stored' | `dropped:${DropReason}`

/** An amount booked to an account of a source. `line_too_long` and `nul_bytes` book bytes of lines whose rest was stored. */
export interface LedgerBooking {
  readonly source: string
  readonly account: LedgerAccount
  readonly entries: number
  readonly bytes: number
}

export interface Amount {
  entries: number
  bytes: number
}

/** Bookings gathered in memory until the transaction that makes them true. */
export class Ledger {
  readonly #accounts = new Map<string, Map<LedgerAccount, Amount>>()

  book(source: string, account: LedgerAccount, entries: number, bytes: number): void {
    const accounts = this.#accounts.get(source) ?? new Map<LedgerAccount, Amount>()
    this.#accounts.set(source, accounts)
    const amount = accounts.get(account)
    if (amount) {
      amount.entries += entries
      amount.bytes += bytes
    } else accounts.set(account, { entries, bytes })
  }

  bookings(): LedgerBooking[] {
    const bookings: LedgerBooking[] = []
    for (const [source, accounts] of this.#accounts) {
      for (const [account, amount] of accounts) bookings.push({ source, account, ...amount })
    }
    return bookings
  }

  isEmpty(): boolean {
    return this.#accounts.size === 0
  }

  clear(): void {
    this.#accounts.clear()
  }
}

/** `read - stored - dropped`, in entries and bytes: zero, or something was lost or counted twice. */
export function imbalanceOf(bookings: readonly LedgerBooking[]): Amount {
  const sum = { entries: 0, bytes: 0 }
  for (const { account, entries, bytes } of bookings) {
    const sign = account === 'read' ? 1 : -1
    sum.entries += sign * entries
    sum.bytes += sign * bytes
  }
  return sum
}
