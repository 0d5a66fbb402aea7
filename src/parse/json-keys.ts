/**
 * The keys that one object has in the lines of one file, learned as they come. Loggers write the same keys in the same order
 * line after line, so after each key the one that followed it last time is tried first: four bytes at a time, and no hash is
 * computed. A key is looked up in the table of spellings once, when it is new.
 */
import { ByteTable } from './byte-table.ts'
import { stringStop, viewOf } from './json-bytes.ts'
import type { KeyNode } from './json-dialects.ts'
import { JsonKey } from './json-key.ts'
import type { JsonScanner } from './json-scan.ts'

/** More keys than this, in one line or over the time, and all are forgotten: they are data, not names. */
const MAX_KEYS = 512
const MAX_KEY_BYTES = 128

/** Lines are counted in 31 bits, as V8 likes its integers. */
const LAST_LINE = 2 ** 30 - 1

const NO_NODES: ReadonlyMap<string, KeyNode> = new Map()

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Of the line's own object, or (`within`) of one in it. */
export class JsonKeys {
  readonly #table = new ByteTable(MAX_KEYS)
  readonly #keys: JsonKey[] = []
  /** By the id of the key whose value they are in. */
  readonly #nests: (JsonKeys | undefined)[] = []
  readonly #nodes: ReadonlyMap<string, KeyNode>
  /** For keys with escapes. */
  readonly #scan: JsonScanner
  #line = 0
  /** Its `next` is what came first in a line the last time. */
  readonly #head = new JsonKey('"-"', undefined)
  #previous = this.#head

  /** `nodes`: what the keys mean. `scan` is over the line whenever `take` is called. */
  constructor(nodes: ReadonlyMap<string, KeyNode>, scan: JsonScanner) {
    this.#nodes = nodes
    this.#scan = scan
  }

  /** The keys of the object that is the value of `key`, whose members have a meaning. */
  within(key: JsonKey): JsonKeys {
    const known = this.#nests[key.id]
    if (known !== undefined) return known
    const keys = new JsonKeys(key.members ?? NO_NODES, this.#scan)
    this.#nests[key.id] = keys
    return keys
  }

  beginLine(): void {
    if (this.#table.isFull || this.#line === LAST_LINE) this.#forget()
    this.#line++
    this.#previous = this.#head
  }

  /** The key whose opening quote is at `at`; undefined when it is not sure, or in the line for the second time. */
  take(view: DataView, at: number, end: number): JsonKey | undefined {
    const previous = this.#previous
    let key = previous.next
    if (key === undefined || !key.isAt(view, at, end)) {
      key = this.#lookUp(view, at, end)
      if (key === undefined) return undefined
      previous.next = key
    }
    if (key.line < this.#line) key.line = this.#line
    else if (!this.#takeTwin(key)) return undefined
    this.#previous = key
    return key
  }

  /** The line under way has had the key whose bytes, quotes included, are [start, end) of `view`. */
  hasTaken(view: DataView, start: number, end: number): boolean {
    const id = this.#table.find(view, start, end)
    return id >= 0 && this.#keys[id]?.line === this.#line
  }

  #lookUp(view: DataView, at: number, end: number): JsonKey | undefined {
    if (at >= end || view.getUint8(at) !== QUOTE) return undefined
    let stop = stringStop(view, at + 1, end)
    const hasEscapes = stop < end && view.getUint8(stop) === BACKSLASH
    if (hasEscapes) {
      stop = this.#scan.string(at + 1) - 1
    }
    // Control characters and very long keys are left to JSON.parse, and so are the empty one, and `__proto__`.
    if (stop < 0 || stop + 1 >= end || view.getUint8(stop) !== QUOTE || stop - at > MAX_KEY_BYTES || stop === at + 1)
      return undefined
    const id = this.#table.find(view, at, stop + 1)
    if (id >= 0) return this.#keys[id]
    const quoted = Buffer.from(view.buffer, view.byteOffset + at, stop + 1 - at).toString()
    const text = hasEscapes ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
    if (text === '__proto__') return undefined
    const twin = hasEscapes ? this.#twinOf(text, quoted) : undefined
    if (this.#table.isFull) return undefined
    const key = this.#add(text, quoted, { view, start: at })
    if (twin !== undefined) {
      key.twin = twin
      key.line = LAST_LINE
    }
    return key
  }

  #twinOf(text: string, quoted: string): JsonKey | undefined {
    const usual = JSON.stringify(text)
    if (usual === quoted) return undefined
    const bytes = Buffer.from(usual)
    const view = viewOf(bytes)
    const id = this.#table.find(view, 0, bytes.length)
    if (id >= 0) return this.#keys[id]
    // When the table is full now, the key itself will find no place either.
    return this.#table.isFull ? undefined : this.#add(text, usual, { view, start: 0 })
  }

  /** `quoted` is at `start` in `view`. */
  #add(text: string, quoted: string, { view, start }: { readonly view: DataView; readonly start: number }): JsonKey {
    const key = new JsonKey(quoted, this.#nodes.get(text))
    key.id = this.#table.add(view, start, start + key.length)
    this.#keys[key.id] = key
    this.#nests[key.id] = undefined
    return key
  }

  /** The key has not been in the line in any of its forms. */
  #takeTwin({ twin }: JsonKey): boolean {
    if (twin === undefined || twin.line >= this.#line) return false
    twin.line = this.#line
    return true
  }

  #forget(): void {
    this.#line = 0
    this.#table.clear()
    this.#keys.length = 0
    this.#nests.length = 0
    this.#head.next = undefined
  }
}
