/** Where a value in a text ends, by how it begins. */
import { isBase64Url, isBlank, isQuote, type SearchedText } from './searched-text.ts'

const BACKSLASH = 0x5c
/** Longest value in brackets that is taken whole: what follows is looked at again, so the cost stays linear. */
const MAX_NESTED_BYTES = 4096
/** Marks taken off the end of a bare value; each may cost a look at the whole of it. */
const MAX_TRIMMED = 8

export function backslashes(text: SearchedText, at: number): number {
  let i = at
  while (text.at(i) === BACKSLASH) i++
  return i - at
}

/**
 * The quote that closes: the next of its kind with no more backslashes before it than the one that opened had (`\"` closes
 * `\"`). Without one, the end of the text: it was cut off.
 */
export function quotedEnd(
  text: SearchedText,
  at: number,
  { quote, escapes }: { readonly quote: number; readonly escapes: number },
): number {
  let before = 0
  for (let i = at; i < text.end; i++) {
    const byte = text.view.getUint8(i)
    if (byte === BACKSLASH) {
      before++
      continue
    }
    // Behind a pair of backslashes a bare quote closes, too.
    if (byte === quote && (before <= escapes || (escapes === 0 && before % 2 === 0)))
      return i - Math.min(before, escapes)
    before = 0
  }
  return text.end
}

/** The position after the bracket that closes the one at `at`; −1 when it is too far. */
export function nestedEnd(text: SearchedText, at: number): number {
  const limit = Math.min(text.end, at + MAX_NESTED_BYTES)
  let depth = 0
  let isQuoted = false
  for (let i = at; i < limit; i++) {
    const byte = text.view.getUint8(i)
    if (byte === 0x22) isQuoted = !isQuoted
    else if (byte === BACKSLASH && isQuoted) i++
    else if (isQuoted) continue
    else if (byte === 0x5b || byte === 0x7b) depth++
    else if ((byte === 0x5d || byte === 0x7d) && --depth === 0) return i + 1
  }
  return -1
}

/**
 * A bare value goes to the next blank or quote, or to a separator with the next pair behind it; closing marks and dots at its
 * end are the sentence's. A quote right behind an opening parenthesis is the value's own: `Some("x")`.
 */
export function bareEnd(text: SearchedText, at: number): number {
  let i = at
  for (let byte = text.at(i); byte > 0x20; byte = text.at(++i)) {
    if (isQuote(byte)) {
      if (i === at || text.at(i - 1) !== 0x28) break
      i = quotedEnd(text, i + 1, { quote: byte, escapes: 0 })
    } else if (byte === BACKSLASH) {
      if (isQuote(text.at(i + backslashes(text, i)))) break
    } else if ((byte === 0x2c || byte === 0x3b || byte === 0x26) && endsPair(text, i + 1)) break
  }
  for (let k = 0; k < MAX_TRIMMED && i > at && isClosing(text, at, i - 1); k++) i--
  return i
}

/** A blank, the end, or `name=`, `name:`, `"name"` comes next. */
function endsPair(text: SearchedText, at: number): boolean {
  const byte = text.at(at)
  if (byte === 0 || isBlank(byte) || isQuote(byte) || byte === BACKSLASH) return true
  let i = at
  while (isBase64Url(text.at(i)) || text.at(i) === 0x2e || text.at(i) === 0x5b || text.at(i) === 0x5d) i++
  return i > at && (text.at(i) === 0x3d || text.at(i) === 0x3a)
}

/** At `index` is a `,`, `;` or `.`, or a bracket that was not opened since `at`. */
function isClosing(text: SearchedText, at: number, index: number): boolean {
  const byte = text.at(index)
  if (byte === 0x2c || byte === 0x3b || byte === 0x2e) return true
  const opening = byte === 0x29 ? 0x28 : byte === 0x5d || byte === 0x7d ? byte - 2 : 0
  if (opening === 0) return false
  for (let i = at; i < index; i++) if (text.at(i) === opening) return false
  return true
}
