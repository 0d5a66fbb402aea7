import type { Cursor, DeadLetter } from '../store/deliveries.ts'

/**
 * The chunks that were taken from the buffer and are not settled in the store yet, in the order of their seqs. Chunks may be answered in any order; the
 * cursor only moves over those at the front that all are. Pure bookkeeping: the identity `born + delivered + dead + expired = entries stored up to seq`
 * holds for every cursor it gives, because each chunk adds its own entries and the gap in front of it, and nothing else does.
 */

/** Why entries were given up. `corrupt`: a chunk whose bytes are damaged; it cannot be read, so it leaves no dead letters. */
export type DeadReason = 'refused' | 'too_large' | 'corrupt'
export type DeadCounts = Readonly<Record<DeadReason, number>>

export const NONE_DEAD: DeadCounts = { refused: 0, too_large: 0, corrupt: 0 }

/** What became of a chunk's entries; `delivered` and all of `dead` are their number. */
export interface Outcome {
  readonly delivered: number
  readonly dead: DeadCounts
  readonly deadLetters: readonly DeadLetter[]
}

/** A chunk in the window. */
export interface Taken {
  readonly seq: number
  readonly entries: number
  /** Entries that were removed from the buffer between the chunk before and this one. */
  readonly gap: number
  /** Undefined while any of it waits for an answer. */
  readonly outcome: Outcome | undefined
}

export interface Advance {
  readonly cursor: Cursor
  readonly dead: DeadCounts
  readonly deadLetters: readonly DeadLetter[]
  /** How many chunks at the front the move settles. */
  readonly settled: number
}

/** The move over all answered chunks at the front; undefined when the first is not answered. */
export function advance(cursor: Cursor, window: readonly Taken[]): Advance | undefined {
  let { seq, delivered, expired } = cursor
  const dead = { ...NONE_DEAD }
  const deadLetters: DeadLetter[] = []
  let settled = 0
  for (const { seq: chunkSeq, gap, outcome } of window) {
    if (outcome === undefined) break
    seq = chunkSeq
    delivered += outcome.delivered
    dead.refused += outcome.dead.refused
    dead.too_large += outcome.dead.too_large
    dead.corrupt += outcome.dead.corrupt
    expired += gap
    deadLetters.push(...outcome.deadLetters)
    settled++
  }
  if (settled === 0) return undefined
  const moved: Cursor = { ...cursor, seq, delivered, dead: cursor.dead + totalOf(dead), expired }
  return { cursor: moved, dead, deadLetters, settled }
}

function totalOf({ refused, too_large, corrupt }: DeadCounts): number {
  return refused + too_large + corrupt
}

/** Entries ever stored up to the last chunk of the window, or up to the cursor when it is empty. */
export function entriesUpTo(cursor: Cursor, window: readonly Taken[]): number {
  let sum = cursor.bornEntries + cursor.delivered + cursor.dead + cursor.expired
  for (const { gap, entries } of window) sum += gap + entries
  return sum
}
