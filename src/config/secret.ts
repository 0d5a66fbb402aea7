import { createHash, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const MASK = '***'

/** A text that must not be seen: printing, serialising or inspecting it gives `***`; only `reveal()` gives it away. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  /** Whether `guess` is the text; how long it takes tells nothing of how near it is. */
  is(guess: string): boolean {
    return timingSafeEqual(digest(guess), digest(this.#text))
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}

/** Digests, so that neither the length nor the first wrong character of a guess shows in the time it takes. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
