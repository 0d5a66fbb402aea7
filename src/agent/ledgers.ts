import type { Cursor } from '../store/deliveries.ts'
import { imbalanceOf, type LedgerBooking } from '../store/ledger.ts'
import type { OutputAccounts } from './metrics-bridge.ts'

/** `read - stored - dropped` of every source, in entries: all zero, or something was lost or counted twice. */
export function sourceImbalances(bookings: readonly LedgerBooking[]): Map<string, number> {
  const bySource = Map.groupBy(bookings, ({ source }) => source)
  return new Map([...bySource].map(([source, own]) => [source, imbalanceOf(own).entries]))
}

/** What an output has had of all that was stored since it exists, `storedEntries` being everything ever stored. */
export function outputAccounts(cursor: Cursor, storedEntries: number): OutputAccounts {
  const { output, bornEntries, delivered, dead, expired } = cursor
  const stored = storedEntries - bornEntries
  return { output, stored, delivered, dead, expired, waiting: stored - delivered - dead - expired }
}

/** How far a cursor's counts are from the number of entries stored up to its seq. */
export function outputImbalance(cursor: Cursor, entriesUptoSeq: number): number {
  return cursor.bornEntries + cursor.delivered + cursor.dead + cursor.expired - entriesUptoSeq
}
