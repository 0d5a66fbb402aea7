import { compilePattern, matchedChars } from '../../config/pattern.ts'
import { yieldToLoop } from '../../run/clock.ts'

/**
 * A regular expression looked for in a text of any length. A match costs time by the length of the text, so a long text is looked at in pieces that
 * overlap by half, and everything else has its turn between two of them. In a text that needs more than one, `^` and `$` are the ends of a piece, and
 * a match longer than half a piece may be missed.
 */
export class TextPattern {
  readonly source: string
  readonly #pattern: RegExp
  readonly #pieceChars: number

  /** `source`: one that `patternProblem` has nothing against. */
  constructor(source: string) {
    this.source = source
    this.#pattern = compilePattern(source)
    this.#pieceChars = matchedChars(source)
  }

  /** Of a text that is looked at as far as one piece goes, at once. */
  matchesStart(text: string): boolean {
    return this.#pattern.test(text.slice(0, this.#pieceChars))
  }

  /** Rejects with the reason of `signal` when it aborts. */
  async isIn(text: string, signal: AbortSignal): Promise<boolean> {
    const step = Math.ceil(this.#pieceChars / 2)
    for (let at = 0; ; at += step) {
      if (this.#pattern.test(text.slice(at, at + this.#pieceChars))) return true
      if (at + this.#pieceChars >= text.length) return false
      await yieldToLoop()
      signal.throwIfAborted()
    }
  }
}
