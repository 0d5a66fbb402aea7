/**
 * The keys the lines of one file have, learned as they come. Loggers write the same keys in the same order line after line,
 * so after each key the one that followed it last time is tried first: four bytes at a time, and no hash is computed. A key
 * is looked up in the table of spellings once, when it is new.
 */
import { ByteTable } from './byte-table.ts'
import { KIND, type Kind } from './fields.ts'
import { stringStop } from './json-bytes.ts'
import { KEYS } from './json-dialects.ts'
import { JsonScanner } from './json-scan.ts'

/** More keys than this, in one line or over the time, and all are forgotten: they are data, not names. */
const MAX_KEYS = 512
const MAX_KEY_BYTES = 128

/** Lines are counted in 31 bits, as V8 likes its integers. */
const LAST_LINE = 2 ** 30 - 1

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** A key, and what the hot path asks of it: fields of one object, not elements of five arrays. */
export class JsonKey {
  /** Bytes, quotes included. */
  readonly length: number
  readonly kind: Kind
  /** Index into FIELD_NAMES; 0 for a key without a field. */
  readonly field: number
  /** It is its field's own name. */
  readonly isOwn: boolean
  /** It counts only when no other key gave the field. */
  readonly isWeak: boolean
  /** Objects there have members that go into fields. */
  readonly isNest: boolean
  /** The number of the line that had it last; for ever LAST_LINE when it has a twin, which has it instead. */
  line = 0
  /** The same key as JSON.stringify writes it, when this one is escaped otherwise. */
  twin: JsonKey | undefined = undefined
  /** The key that came after it the last time. */
  next: JsonKey | undefined = undefined
  /** Its first twelve bytes and its last four as words, and where they are: in a short key they overlap. */
  readonly #word0: number
  readonly #word1: number
  readonly #word2: number
  readonly #last: number
  readonly #at1: number
  readonly #at2: number
  readonly #lastAt: number
  /** Hides what follows a key of a single letter, whose three bytes are less than a word. */
  readonly #mask: number
  /** The words in between, of a key longer than 16 bytes. */
  readonly #middle: Int32Array

  /** `text` is the key that lies, in its quotes, in bytes [start, end); another byte must follow. */
  constructor(text: string, view: DataView, { start, end }: { readonly start: number; readonly end: number }) {
    this.length = end - start
    const node = KEYS.get(text)
    const spelling = node?.spelling
    this.isNest = node?.members !== undefined
    // A mark whose value is an object is noticed by that.
    const isMarker = node?.dialect !== undefined && !this.isNest
    this.kind = isMarker ? KIND.marker : (spelling?.kind ?? KIND.unknown)
    this.isWeak = spelling?.isWeak ?? false
    this.field = spelling?.field ?? 0
    this.isOwn = spelling?.isOwn ?? false
    this.#lastAt = Math.max(this.length - 4, 0)
    this.#at1 = Math.min(4, this.#lastAt)
    this.#at2 = Math.min(8, this.#lastAt)
    this.#mask = this.length < 4 ? 0xffffff : -1
    this.#word0 = view.getInt32(start, true) & this.#mask
    this.#word1 = view.getInt32(start + this.#at1, true) & this.#mask
    this.#word2 = view.getInt32(start + this.#at2, true) & this.#mask
    this.#last = view.getInt32(start + this.#lastAt, true) & this.#mask
    const middle = Math.max(0, Math.ceil((this.length - 16) / 4))
    this.#middle = Int32Array.from({ length: middle }, (_, i) => view.getInt32(start + 12 + i * 4, true))
  }

  /**
   * This key is at `at`, and before `end` comes at least another byte. No loop up to 16 bytes, for one that ends somewhere
   * else for every key is mispredicted every time. Both together: 0.39 → 0.32 s of CPU per 1,000,000 lines of 17 keys.
   */
  isAt(view: DataView, at: number, end: number): boolean {
    if (at + this.length >= end) return false
    const differences =
      (view.getInt32(at, true) ^ this.#word0) |
      (view.getInt32(at + this.#at1, true) ^ this.#word1) |
      (view.getInt32(at + this.#at2, true) ^ this.#word2) |
      (view.getInt32(at + this.#lastAt, true) ^ this.#last)
    if ((differences & this.#mask) !== 0) return false
    const middle = this.#middle
    for (let i = 0; i < middle.length; i++) if (view.getInt32(at + 12 + i * 4, true) !== middle[i]) return false
    return true
  }
}

export class JsonKeys {
  readonly #table = new ByteTable(MAX_KEYS)
  readonly #keys: JsonKey[] = []
  /** For keys with escapes. */
  readonly #scan = new JsonScanner()
  #line = 0
  /** What came first in a line the last time. */
  #first: JsonKey | undefined
  #previous: JsonKey | undefined

  beginLine(): void {
    if (this.#table.isFull || this.#line === LAST_LINE) this.#forget()
    this.#line++
    this.#previous = undefined
  }

  /** The key whose opening quote is at `at`; undefined when it is not sure, or in the line for the second time. */
  take(view: DataView, at: number, end: number): JsonKey | undefined {
    const previous = this.#previous
    let key = previous === undefined ? this.#first : previous.next
    if (key === undefined || !key.isAt(view, at, end)) {
      key = this.#lookUp(view, at, end)
      if (key === undefined) return undefined
      if (previous === undefined) this.#first = key
      else previous.next = key
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
      const scan = this.#scan
      scan.view = view
      scan.end = end
      stop = scan.string(at + 1) - 1
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
    const key = this.#add(text, view, { start: at, end: stop + 1 })
    if (twin !== undefined) {
      key.twin = twin
      key.line = LAST_LINE
    }
    return key
  }

  #twinOf(text: string, quoted: string): JsonKey | undefined {
    const usual = JSON.stringify(text)
    if (usual === quoted) return undefined
    // Another byte must follow a key, whose words are read whole.
    const bytes = Buffer.from(`${usual}:`)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = bytes.length - 1
    const id = this.#table.find(view, 0, end)
    if (id >= 0) return this.#keys[id]
    // When the table is full now, the key itself will find no place either.
    return this.#table.isFull ? undefined : this.#add(text, view, { start: 0, end })
  }

  #add(text: string, view: DataView, { start, end }: { readonly start: number; readonly end: number }): JsonKey {
    const key = new JsonKey(text, view, { start, end })
    this.#keys[this.#table.add(view, start, end)] = key
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
    this.#first = undefined
  }
}
