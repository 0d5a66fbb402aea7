import { type Clock, yieldToLoop } from '../run/clock.ts'

/** Longest that the search goes on before others have their turn; one line may take longer, by what its pattern costs. */
const TURN_MS = 5

export interface LineSearch {
  readonly pattern: RegExp
  /** How much of a line is looked at: what `matchedChars` says of the pattern. */
  readonly maxChars: number
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly signal: AbortSignal
}

/** Whether one of the lines matches: as grep(1) does, so that ^ and $ are the ends of a line. */
export async function findLine(text: string, { pattern, maxChars, clock, signal }: LineSearch): Promise<boolean> {
  let turnMs = clock.monotonicMs()
  if (text === '') return false
  for (const line of text.replace(/\r?\n$/, '').split(/\r?\n/)) {
    if (pattern.test(line.slice(0, maxChars))) return true
    if (clock.monotonicMs() - turnMs < TURN_MS) continue
    await yieldToLoop()
    signal.throwIfAborted()
    turnMs = clock.monotonicMs()
  }
  return false
}
