import type { Cursor } from '../store/deliveries.ts'

/** Where an output begins, and why when that is news. */
export interface Opening {
  readonly cursor: Cursor
  readonly news?: 'new_output' | 'buffer_rebuilt' | 'buffer_went_back'
}

/** The buffer as an output finds it. `first`: the oldest chunk still there. */
export interface BufferFacts {
  readonly bufferId: string
  readonly lastSeq: number
  readonly entries: number
  readonly first: { readonly seq: number; readonly firstEntry: number } | undefined
}

/**
 * Goes on where the cursor stands. Without one that fits (a new output; a buffer that was rebuilt, or that went back in time), everything that is still
 * stored is to be sent: a repeat can be recognised by its key, a loss by nothing. Entries that are gone from the buffer by then were stored
 * before this cursor existed, so they are `bornEntries`, and the other counts begin at 0.
 */
export function openCursor(output: string, saved: Cursor | undefined, buffer: BufferFacts): Opening {
  const { bufferId, lastSeq, first } = buffer
  if (saved?.bufferId === bufferId && saved.seq <= lastSeq) return { cursor: saved }
  const seq = first === undefined ? lastSeq : first.seq - 1
  const bornEntries = first?.firstEntry ?? buffer.entries
  const cursor: Cursor = { output, bufferId, seq, bornEntries, delivered: 0, dead: 0, expired: 0 }
  if (saved === undefined) return { cursor, news: 'new_output' }
  return { cursor, news: saved.bufferId === bufferId ? 'buffer_went_back' : 'buffer_rebuilt' }
}
