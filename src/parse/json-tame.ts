/**
 * Makes JSON text safe for JSON.parse and JSON.stringify before either sees it, so that nothing is lost on the way through
 * JavaScript's values: numbers a double cannot hold become text as written, what lies deeper than MAX_DEPTH becomes JSON text
 * in a string (JSON.stringify recurses and dies at some thousand levels), and members doubled in one object are noticed.
 * The text need not be JSON: then it comes out as something JSON.parse refuses.
 */
import { MAX_DEPTH } from './json-scan.ts'

export interface Tamed {
  readonly text: string
  /** Some object has a key twice; JSON.parse keeps the last. */
  readonly hasDuplicates: boolean
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** `quotes` says which members of the outermost object are to keep the very text of their number. */
export function tameJson(text: string, quotes: (key: string) => boolean): Tamed {
  const pieces: string[] = []
  /** Keys of the open objects, undefined for arrays. */
  const open: (Set<string> | undefined)[] = []
  let copied = 0
  let hasDuplicates = false
  let isKeyDue = false
  let key = ''
  let i = 0
  while (i < text.length) {
    const keys = open.at(-1)
    switch (text.charCodeAt(i)) {
      case 0x22: {
        const end = stringEnd(text, i)
        if (isKeyDue && keys) {
          key = textOfKey(text.slice(i, end))
          if (keys.has(key)) hasDuplicates = true
          keys.add(key)
          isKeyDue = false
        }
        i = end
        break
      }
      case 0x7b:
      case 0x5b: {
        const isObject = text.charCodeAt(i) === 0x7b
        if (open.length < MAX_DEPTH) {
          open.push(isObject ? new Set() : undefined)
          isKeyDue = isObject
          i++
          break
        }
        const end = containerEnd(text, i)
        pieces.push(text.slice(copied, i), JSON.stringify(text.slice(i, end)))
        copied = i = end
        break
      }
      case 0x7d:
      case 0x5d:
        open.pop()
        isKeyDue = false
        i++
        break
      case 0x2c:
        isKeyDue = keys !== undefined
        i++
        break
      default: {
        const number = numberAt(text, i)
        if (number !== '' && ((open.length === 1 && keys && quotes(key)) || !isFaithful(number))) {
          pieces.push(text.slice(copied, i), `"${number}"`)
          copied = i + number.length
        }
        i += Math.max(number.length, 1)
      }
    }
  }
  pieces.push(text.slice(copied))
  return { text: pieces.join(''), hasDuplicates }
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

/** The number that begins at `start`, or an empty text. */
function numberAt(text: string, start: number): string {
  const code = text.charCodeAt(start)
  if (code !== 0x2d && (code < 0x30 || code > 0x39)) return ''
  NUMBER.lastIndex = start
  return NUMBER.exec(text)?.[0] ?? ''
}

/** One past the closing quote of the string at `start`, or the end of the text. */
function stringEnd(text: string, start: number): number {
  for (let quote = start; ; ) {
    quote = text.indexOf('"', quote + 1)
    if (quote < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote + 1
  }
}

/** One past the closing bracket that balances the one at `start`, or the end of the text. */
function containerEnd(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; ) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      i = stringEnd(text, i)
      continue
    }
    i++
    if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return i
  }
  return text.length
}

function textOfKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
