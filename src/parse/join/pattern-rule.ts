import { compilePattern } from '../../config/pattern.ts'
import type { Line } from '../line.ts'

/** How much of a line a pattern sees: what tells records apart stands at their beginning. */
const MAX_TEXT_BYTES = 1024

/** `{start: …}`, `{continue: …}` or `{until: …}` of the configuration, whose pattern has been checked there. */
export class PatternRule {
  readonly #kind: 'start' | 'continue' | 'until'
  readonly #pattern: RegExp
  /** The record before is complete. */
  #hasEnded = true

  /** @throws {Error} for a pattern that the configuration's check refuses. */
  constructor(kind: 'start' | 'continue' | 'until', pattern: string) {
    this.#kind = kind
    this.#pattern = compilePattern(pattern)
  }

  begins(line: Line): boolean {
    if (this.#kind === 'until') return this.#hasEnded
    return this.#matches(line) === (this.#kind === 'start')
  }

  ends(line: Line): boolean {
    if (this.#kind !== 'until') return false
    this.#hasEnded = this.#matches(line)
    return this.#hasEnded
  }

  #matches({ bytes, start, end }: Line): boolean {
    return this.#pattern.test(bytes.toString('utf8', start, Math.min(end, start + MAX_TEXT_BYTES)))
  }
}
