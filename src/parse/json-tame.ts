/**
 * Makes JSON text safe for JSON.parse and JSON.stringify before either sees it, so that nothing is lost on the way through
 * JavaScript's values: numbers a double cannot hold, NaN and Infinity among them, become text as written, what lies deeper than MAX_DEPTH becomes JSON text
 * in a string (JSON.stringify recurses and dies at some thousand levels), and members are counted, so that one that was there
 * twice is missed afterwards. The text need not be JSON: then it comes out as something JSON.parse refuses.
 */
import { stringStop } from './json-bytes.ts'
import type { RecordBytes } from './record.ts'

/** Deepest nesting of arrays and objects, the line's own object included, that stays structure. */
export const MAX_DEPTH = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const WORD = /^(?:NaN|Infinity)(?![A-Za-z0-9_])/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/

export interface Tamed {
  readonly text: string
  /** Members of all objects in `text`; JSON.parse keeps the last of those that have one name. */
  readonly memberCount: number
}

/** `quotes` says which members of the outermost object are to keep the very text of their number. */
export function tameJson(record: RecordBytes, quotes: (key: string) => boolean): Tamed {
  const { view, start, end } = record
  const pieces: string[] = []
  let copied = start
  let memberCount = 0
  /** The kinds of what is open, as bits: 1 for an object. */
  let objects = 0
  let depth = 0
  let isKeyDue = false
  let keyStart = start
  let keyEnd = start
  let i = start
  while (i < end) {
    const byte = view.getUint8(i)
    switch (byte) {
      case QUOTE: {
        const after = stringEnd(view, i + 1, end)
        if (isKeyDue) {
          keyStart = i
          keyEnd = after
          memberCount++
          isKeyDue = false
        }
        i = after
        break
      }
      case 0x7b:
      case 0x5b: {
        if (depth < MAX_DEPTH) {
          isKeyDue = byte === 0x7b
          objects = isKeyDue ? objects | (1 << depth) : objects & ~(1 << depth)
          depth++
          i++
          break
        }
        const after = containerEnd(view, i, end)
        pieces.push(record.text(copied, i), JSON.stringify(record.text(i, after)))
        copied = i = after
        break
      }
      case 0x7d:
      case 0x5d:
        if (depth > 0) depth--
        isKeyDue = false
        i++
        break
      case 0x2c:
        isKeyDue = depth > 0 && (objects & (1 << (depth - 1))) !== 0
        i++
        break
      case 0x4e: // N
      case 0x49: {
        // Python's NaN and Infinity are no JSON.
        const word = WORD.exec(record.text(i, Math.min(i + 9, end)))?.[0] ?? ''
        if (word !== '') {
          const from = i > copied && view.getUint8(i - 1) === MINUS ? i - 1 : i
          pieces.push(record.text(copied, from), `"${record.text(from, i + word.length)}"`)
          copied = i + word.length
        }
        i += Math.max(word.length, 1)
        break
      }
      default: {
        if (byte !== MINUS && (byte < ZERO || byte > 0x39)) {
          i++
          break
        }
        const after = numberEnd(view, i, end)
        // Up to 15 digits and points that are not a minus zero need no second look.
        const isSimple = after - i <= 15 && isDigits(view, i, after)
        const isKept = depth === 1 && (objects & 1) === 1 && quotes(textOfKey(record.text(keyStart, keyEnd)))
        const number = isSimple && !isKept ? '' : (NUMBER.exec(record.text(i, after))?.[0] ?? '')
        if (number !== '' && (isKept || !isFaithful(number))) {
          pieces.push(record.text(copied, i), `"${number}"`)
          copied = i + number.length
        }
        // When the number ends before, the text is no JSON; going back to its end would be quadratic in `0000…`.
        i = after
      }
    }
  }
  const rest = record.text(copied, end)
  return { text: pieces.length === 0 ? rest : pieces.join('') + rest, memberCount }
}

/** Members of all objects in what JSON.parse made. It is at most MAX_DEPTH deep. */
export function countMembers(value: object): number {
  const members = Object.values(value)
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) if (typeof member === 'object' && member !== null) count += countMembers(member)
  return count
}

/** A double holds the number of this JSON text without loss that would matter: 17 digits are all a double ever needs. */
export function isFaithful(number: string): boolean {
  const value = Number(number)
  if (!Number.isFinite(value)) return false
  const mantissa = number.replace(/[eE].*$/, '')
  if (value === 0) return !number.startsWith('-') && !/[1-9]/.test(mantissa)
  if (mantissa === number && !number.includes('.')) return Number.isSafeInteger(value)
  return mantissa.replace(/^-?0?\.?0*|\./g, '').length <= 17
}

/** One past the closing quote of the string whose inside begins at `at`, or `end`. */
function stringEnd(view: DataView, at: number, end: number): number {
  let i = stringStop(view, at, end)
  while (i < end) {
    const byte = view.getUint8(i)
    if (byte === QUOTE) return i + 1
    i = stringStop(view, byte === BACKSLASH ? Math.min(i + 2, end) : i + 1, end)
  }
  return end
}

/** One past the closing bracket that balances the one at `start`, or `end`. */
function containerEnd(view: DataView, start: number, end: number): number {
  let depth = 0
  for (let i = start; i < end; ) {
    const byte = view.getUint8(i++)
    if (byte === QUOTE) i = stringEnd(view, i, end)
    else if (byte === 0x7b || byte === 0x5b) depth++
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return i
  }
  return end
}

/** One past the last byte that may belong to the number at `start`: digits, signs, points and exponents. */
function numberEnd(view: DataView, start: number, end: number): number {
  let i = start + 1
  for (; i < end; i++) {
    const byte = view.getUint8(i)
    const isPart = (byte >= ZERO && byte <= 0x39) || byte === 0x2e || byte === 0x2b || byte === MINUS
    if (!isPart && (byte | 0x20) !== 0x65) break
  }
  return i
}

function isDigits(view: DataView, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = view.getUint8(i)
    if ((byte < ZERO || byte > 0x39) && byte !== POINT) return false
  }
  return true
}

function textOfKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
