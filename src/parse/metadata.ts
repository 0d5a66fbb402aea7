/** Members of `metadata` beyond this many go into one JSON text: databases behind the collector map every key. */
const MAX_KEYS = 512

/**
 * `metadata` of one entry under construction. Nothing overwrites anything: a name that is taken gets `_` appended. The objects
 * have no prototype, so `__proto__` is a key like any other.
 */
export class Metadata {
  readonly #members: Record<string, unknown> = Object.create(null)
  #rest: Record<string, unknown> | undefined
  #count = 0
  #isPresent = false

  /** Takes the members of a `metadata` object the line has itself; an empty one makes an empty one. */
  adopt(object: object): void {
    this.#isPresent = true
    for (const [key, value] of Object.entries(object)) this.add(key, value)
  }

  add(name: string, value: unknown): void {
    this.#isPresent = true
    if (this.#count < MAX_KEYS) {
      this.#count++
      put(this.#members, name, value)
    } else {
      this.#rest ??= Object.create(null) as Record<string, unknown>
      put(this.#rest, name, value)
    }
  }

  /** What the agent says about the line: always a member of its own. */
  note(name: string, value: unknown): void {
    this.#isPresent = true
    put(this.#members, name, value)
  }

  /** The object, or undefined when nothing was added. */
  finish(): Record<string, unknown> | undefined {
    if (this.#rest) {
      put(this.#members, 'more_fields', JSON.stringify(this.#rest))
      this.#rest = undefined
    }
    return this.#isPresent ? this.#members : undefined
  }
}

function put(target: Record<string, unknown>, name: string, value: unknown): void {
  let free = name
  while (free in target) free += '_'
  target[free] = value
}
