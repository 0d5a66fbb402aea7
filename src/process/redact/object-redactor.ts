/**
 * The plain way: the entry as an object, each of its texts as bytes through the same scanner, own patterns besides. It settles
 * what EntryRedactor is not sure of, and tests hold both against each other.
 */
import { NdjsonBuffer } from '../../parse/line.ts'
import { isMask } from './mask-text.ts'
import type { Masks } from './masks.ts'
import type { OwnPattern } from './own-pattern.ts'
import { REQUIRED, ROLE, roleOf } from './roles.ts'
import { SearchedText } from './searched-text.ts'
import { NAMES } from './secret-names.ts'
import type { SecretScanner } from './secret-scanner.ts'

/** Nothing is left of a value. */
const GONE = Symbol('gone')
const MASK = /\[[\w-]+(?::[0-9a-f]{12})?\]/g

export class ObjectRedactor {
  readonly #scanner: SecretScanner
  readonly #masks: Masks
  readonly #counts: Int32Array
  readonly #patterns: readonly OwnPattern[]
  readonly #own: readonly (Buffer | undefined)[]
  readonly #text = new SearchedText()
  readonly #out = new NdjsonBuffer(1024)

  constructor({
    scanner,
    masks,
    counts,
    patterns,
    own,
  }: {
    readonly scanner: SecretScanner
    readonly masks: Masks
    readonly counts: Int32Array
    readonly patterns: readonly OwnPattern[]
    readonly own: readonly (Buffer | undefined)[]
  }) {
    this.#scanner = scanner
    this.#masks = masks
    this.#counts = counts
    this.#patterns = patterns
    this.#own = own
  }

  /** The members that change, GONE ones as undefined; none when nothing was found. */
  changes(entry: Readonly<Record<string, unknown>>): Map<string, unknown> {
    const changes = new Map<string, unknown>()
    for (const [key, value] of Object.entries(entry)) {
      const role = roleOf(key)
      if (role === ROLE.skipped) continue
      const own = this.#own[role]
      if (own !== undefined && own.toString() === JSON.stringify(value).slice(1, -1)) continue
      const redacted = this.#value(value, 0)
      if (redacted === value) continue
      changes.set(key, redacted !== GONE ? redacted : REQUIRED.has(key) ? '' : undefined)
    }
    return changes
  }

  #value(value: unknown, names: number): unknown {
    if (typeof value === 'string') return this.#string(value, names)
    if (typeof value === 'number') {
      const text = String(value)
      const redacted = this.#string(text, names)
      return redacted === text ? value : redacted
    }
    if (typeof value !== 'object' || value === null) return value
    if (names & NAMES.password) return this.#whole(JSON.stringify(value), names)
    return Array.isArray(value) ? this.#array(value, names) : this.#object(value)
  }

  /** Elements keep their places, so one of which nothing is left is an empty text. */
  #array(values: readonly unknown[], names: number): unknown {
    const redacted = values.map((value) => {
      const after = this.#value(value, names)
      return after === GONE ? '' : after
    })
    return redacted.every((value, i) => value === values[i]) ? values : redacted
  }

  #object(object: object): unknown {
    const members = new Map<string, unknown>()
    let isChanged = false
    for (const [key, value] of Object.entries(object)) {
      const redactedKey = this.#string(key, 0)
      const after = this.#value(value, this.#namesIn(key))
      if (redactedKey !== key || after !== value) isChanged = true
      if (after === GONE) continue
      let name = typeof redactedKey === 'string' ? redactedKey : '_'
      while (members.has(name) || (name !== key && Object.hasOwn(object, name))) name += '_'
      members.set(name, after)
    }
    if (!isChanged) return object
    return members.size === 0 ? GONE : Object.fromEntries(members)
  }

  #namesIn(key: string): number {
    this.#take(key)
    return this.#scanner.namesIn(this.#text)
  }

  #string(text: string, names: number): unknown {
    this.#take(text)
    this.#scanner.scan(this.#text)
    if (names !== 0) this.#scanner.addNamed(this.#text, names)
    if (this.#patterns.length > 0) this.#matchOwn(text)
    return this.#scanner.hits.count === 0 ? text : this.#redacted()
  }

  #whole(text: string, names: number): unknown {
    this.#take(text)
    this.#scanner.hits.clear()
    this.#scanner.addNamed(this.#text, names)
    return this.#redacted()
  }

  #take(text: string): void {
    const bytes = Buffer.from(text)
    this.#text.set(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
  }

  #matchOwn(text: string): void {
    const isAscii = text.length === this.#text.end
    const offset = (index: number): number => (isAscii ? index : Buffer.byteLength(text.slice(0, index)))
    const masks = [...text.matchAll(MASK)].map(({ 0: { length }, index }) => ({ start: index, end: index + length }))
    for (const pattern of this.#patterns) {
      for (const { start, end } of pattern.spansIn(text)) {
        const isInMask = masks.some(
          (mask) => start < mask.end && mask.start < end && this.#isMask(offset(mask.start), offset(mask.end)),
        )
        if (!isInMask) this.#scanner.hits.add(offset(start), offset(end), pattern.kind)
      }
    }
  }

  #isMask(start: number, end: number): boolean {
    return isMask(this.#text, start, end)
  }

  #redacted(): unknown {
    const { hits } = this.#scanner
    const { view, start, end } = this.#text
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
    hits.resolve()
    this.#out.clear()
    let from = start
    const append = (to: number): void => {
      this.#out.reserve(to - from)
      this.#out.length += bytes.copy(this.#out.bytes, this.#out.length, from, to)
    }
    for (let i = 0; i < hits.count; i++) {
      append(hits.start(i))
      const kind = hits.kind(i)
      this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
      this.#masks.append(this.#out, kind, { view, start: hits.start(i), end: hits.end(i) })
      from = hits.end(i)
    }
    append(end)
    return this.#out.length === 0 ? GONE : this.#out.bytes.toString('utf8', 0, this.#out.length)
  }
}
