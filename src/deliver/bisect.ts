/**
 * Finds the entries of a chunk that a destination will not take, by halving. Pure: it is told each answer and says what to send next.
 *
 * Parts are always nodes of the same binary tree over the chunk (halves of halves), so that a chunk that is split again after a restart is split at
 * the same places, and a part's key always names the same entries. A part that was refused although its left half was taken must hold the culprit on
 * the right, so the right half is split without being sent: one bad entry among n costs between log2 n and 2 log2 n requests.
 */

/** Entries `from` up to, not including, `to`. */
export interface Part {
  readonly from: number
  readonly to: number
}

export type PartAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'too_large' | 'refused'; readonly status: number; readonly answer: string }

export interface Culprit {
  /** The entry's index in the chunk. */
  readonly index: number
  readonly why: 'too_large' | 'refused'
  readonly status: number
  readonly answer: string
}

export interface Split {
  readonly delivered: number
  /** In the order of the entries. */
  readonly culprits: readonly Culprit[]
}

/** Yields the part to send, is resumed with the answer, and returns who was taken and who was not. The first part is the whole chunk. */
export function bisect(entries: number): Generator<Part, Split, PartAnswer> {
  return judge({ from: 0, to: entries }, undefined)
}

/** `known`: the part holds a culprit for certain, so it need not be asked about. */
function* judge(part: Part, known: PartAnswer | undefined): Generator<Part, Split, PartAnswer> {
  const { from, to } = part
  const answer = known ?? (yield part)
  if (answer.kind === 'accepted') return { delivered: to - from, culprits: [] }
  if (to - from === 1) {
    return { delivered: 0, culprits: [{ index: from, why: answer.kind, status: answer.status, answer: answer.answer }] }
  }
  const middle = (from + to) >> 1
  const left = yield* judge({ from, to: middle }, undefined)
  const isRightGuilty = answer.kind === 'refused' && left.culprits.length === 0
  // An entry that stands alone is always asked about: its dead letter carries the answer that was given to it.
  const right = yield* judge({ from: middle, to }, isRightGuilty && to - middle > 1 ? answer : undefined)
  return { delivered: left.delivered + right.delivered, culprits: [...left.culprits, ...right.culprits] }
}
