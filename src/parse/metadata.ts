/** Members of `metadata` beyond this many go into one JSON text: databases behind the collector map every key. */
export const MAX_MEMBERS = 512

/** `metadata` of one entry under construction. Nothing overwrites anything: a name that is taken gets `_` appended. */
export class Metadata {
  readonly #members: Record<string, unknown> = {}
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
    if (this.#count < MAX_MEMBERS) {
      this.#count++
      put(this.#members, name, value)
    } else {
      this.#rest ??= {}
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
  while (Object.hasOwn(target, free)) free += '_'
  set(target, free, value)
}

/** A member like any other, even when it is called `__proto__`. */
export function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true })
  else target[name] = value
}
