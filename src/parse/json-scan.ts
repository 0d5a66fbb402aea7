/**
 * Walks the bytes of JSON text (RFC 8259) and checks them, without making anything of them. A position of −1 means "not
 * JSON, or not sure": the caller then leaves the line to JSON.parse. Nothing reads past `end`.
 */
import { isHexDigit, isSame, skipBlanks, stringStop } from './json-bytes.ts'
import { JsonNumber } from './json-number.ts'
import { MAX_DEPTH } from './json-tame.ts'

/** Keys of nested objects that are open at one time; a line with more is left to JSON.parse. */
const MAX_NESTED_KEYS = 64

/** Numbers of one line that must become text; a line with more is left to JSON.parse. */
const MAX_QUOTES = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** One scanner per parser: its fields tell about the last string or object, so nothing is allocated to say so. */
export class JsonScanner {
  view: DataView = new DataView(new ArrayBuffer(0))
  end = 0

  /** The last string had escapes (valid ones). */
  hasEscapes = false
  /** Reads numbers, and tells about the last. */
  readonly number = new JsonNumber()

  /** Numbers that `value` came by and a double cannot hold: starts and ends, in turn. The line must begin with 0 of them. */
  readonly quotes = new Int32Array(MAX_QUOTES * 2)
  quoteCount = 0

  /** Keys of the nested object that `value` came by last: their starts and ends, quotes included. */
  get keyStarts(): Int32Array {
    return this.#keyStarts
  }
  get keyEnds(): Int32Array {
    return this.#keyEnds
  }
  /** How many they are, after an object. */
  keyCount = 0

  readonly #keyStarts = new Int32Array(MAX_NESTED_KEYS)
  readonly #keyEnds = new Int32Array(MAX_NESTED_KEYS)
  #keyCount = 0
  readonly #firstKeyOfDepth = new Int32Array(MAX_DEPTH)

  /** From the byte after an opening quote to the one after the closing quote. */
  string(at: number): number {
    const { view, end } = this
    this.hasEscapes = false
    let i = stringStop(view, at, end)
    while (i < end) {
      const byte = view.getUint8(i)
      if (byte === QUOTE) return i + 1
      if (byte !== BACKSLASH) return -1
      this.hasEscapes = true
      i = this.#escape(i + 1)
      if (i < 0) return -1
      i = stringStop(view, i, end)
    }
    return -1
  }

  /** Any value: from its first byte to the one after its last. `depth`: arrays and objects open around it. */
  value(at: number, depth: number): number {
    if (at >= this.end) return -1
    switch (this.view.getUint8(at)) {
      case QUOTE:
        return this.string(at + 1)
      case 0x7b:
      case 0x5b:
        return this.#nested(at, depth)
      case 0x74:
      case 0x66:
      case 0x6e:
        return this.literal(at)
      default: {
        const after = this.number.read(this.view, at, this.end)
        return this.number.isFaithful || after < 0 || this.quote(at, after) ? after : -1
      }
    }
  }

  /** The number in [start, end) must become text; false when there are too many. */
  quote(start: number, end: number): boolean {
    if (this.quoteCount === MAX_QUOTES) return false
    const at = this.quoteCount++ * 2
    this.quotes[at] = start
    this.quotes[at + 1] = end
    return true
  }

  /** `true`, `false` or `null`. */
  literal(at: number): number {
    if (at + 5 > this.end) return -1
    const word = this.view.getInt32(at, true)
    if (word === 0x65757274 || word === 0x6c6c756e) return at + 4
    return this.view.getInt32(at + 1, true) === 0x65736c61 && (word & 0xff) === 0x66 ? at + 5 : -1
  }

  /** From the byte after a backslash. Lone surrogates are left to JSON.parse; pairs (emoji, from Python) are fine. */
  #escape(at: number): number {
    const { view, end } = this
    if (at >= end) return -1
    switch (view.getUint8(at)) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f: // /
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        return at + 1
      case 0x75: {
        const half = this.#surrogateHalf(at)
        if (half === 0) return at + 5
        const isPair =
          half === 1 && at + 7 <= end && view.getUint8(at + 5) === BACKSLASH && this.#surrogateHalf(at + 6) === 2
        return isPair ? at + 11 : -1
      }
      default:
        return -1
    }
  }

  /** Of the `uXXXX` at `at`: 0 no surrogate, 1 the high, 2 the low half of a pair, −1 no such escape. */
  #surrogateHalf(at: number): number {
    const { view, end } = this
    if (at + 5 > end || view.getUint8(at) !== 0x75) return -1
    for (let i = at + 1; i < at + 5; i++) if (!isHexDigit(view.getUint8(i))) return -1
    if ((view.getUint8(at + 1) | 0x20) !== 0x64) return 0
    const second = view.getUint8(at + 2) | 0x20
    if (second < 0x38) return 0
    return second <= 0x39 || second === 0x61 || second === 0x62 ? 1 : 2
  }

  /** An array or object. Its kinds are bits of a number, so there is neither recursion nor a stack to allocate. */
  #nested(at: number, outerDepth: number): number {
    const { view, end } = this
    let i = at
    let depth = outerDepth
    let objects = 0
    this.#keyCount = 0
    for (;;) {
      const opening = i < end ? view.getUint8(i) : 0
      if (opening === 0x7b || opening === 0x5b) {
        if (++depth > MAX_DEPTH) return -1
        const bit = 1 << (depth - 1)
        objects = opening === 0x7b ? objects | bit : objects & ~bit
        this.#firstKeyOfDepth[depth - 1] = this.#keyCount
        i = skipBlanks(view, i + 1, end)
        if (i >= end) return -1
        if (view.getUint8(i) === opening + 2) {
          i++ // ] and } are two above [ and {
          this.keyCount = 0
          depth--
        } else {
          if (opening === 0x7b) i = this.#nestedKey(i, depth)
          if (i < 0) return -1
          continue
        }
      } else {
        i = this.value(i, depth)
        if (i < 0) return -1
      }
      for (;;) {
        if (depth === outerDepth) return i
        i = skipBlanks(view, i, end)
        if (i >= end) return -1
        const byte = view.getUint8(i++)
        const isObject = (objects & (1 << (depth - 1))) !== 0
        if (byte === 0x2c) {
          i = skipBlanks(view, i, end)
          if (isObject) i = this.#nestedKey(i, depth)
          if (i < 0) return -1
          break
        }
        if (byte !== (isObject ? 0x7d : 0x5d)) return -1
        this.keyCount = this.#keyCount
        this.#keyCount = this.#firstKeyOfDepth[depth - 1] ?? 0
        depth--
      }
    }
  }

  /** A key, its colon and blanks; −1 also when its object had the key before, for JSON.parse would keep one value of two. */
  #nestedKey(at: number, depth: number): number {
    const { view, end } = this
    if (at >= end || view.getUint8(at) !== QUOTE) return -1
    const after = this.string(at + 1)
    if (after < 0 || this.hasEscapes || this.#keyCount >= MAX_NESTED_KEYS) return -1
    for (let k = this.#firstKeyOfDepth[depth - 1] ?? 0; k < this.#keyCount; k++) {
      const start = this.#keyStarts[k] ?? 0
      if (after - at === (this.#keyEnds[k] ?? 0) - start && isSame(view, start, at, after - at)) return -1
    }
    this.#keyStarts[this.#keyCount] = at
    this.#keyEnds[this.#keyCount++] = after
    const colon = skipBlanks(view, after, end)
    if (colon >= end || view.getUint8(colon) !== 0x3a) return -1
    return skipBlanks(view, colon + 1, end)
  }
}
