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
