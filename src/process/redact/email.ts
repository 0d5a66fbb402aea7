import { isAlnum, isDigit, isLower, isUpper, type SearchedText } from './searched-text.ts'

const DOT = 0x2e
const DASH = 0x2d

/**
 * Last labels that are no domain's: units of systemd (`getty@tty1.service`) and files (`logo@2x.png`, `mod@latest.js`). None
 * of them is in the root zone but `target`, which takes no mail.
 */
const NO_TLDS =
  'service socket target mount automount timer slice scope device swap png jpg jpeg gif webp svg ico js mjs cjs css map html json xml yml yaml txt log conf gz'
    .split(' ')
    .map((word) => ({ word, length: word.length }))

/** Where the address whose `@` (or `%40`) is at `at` begins, or −1. Atoms of ASCII and Latin letters, `.`, `_`, `+`, `-`, `'`. */
export function emailStart(text: SearchedText, at: number): number {
  let start = at
  for (;;) {
    const byte = text.at(start - 1)
    if (isAlnum(byte) || byte === DOT || byte === DASH || byte === 0x5f || byte === 0x2b) start--
    else if (byte >= 0x80 && isLatin(text, start - 2)) start -= 2
    else if (byte === 0x27 && isAlnum(text.at(start)) && isAlnum(text.at(start - 2))) start--
    else break
  }
  if (text.at(start - 1) === 0x5c) start = behindEscape(text, start)
  while (start < at && (text.at(start) === DOT || text.at(start) === DASH)) start++
  return start < at && text.at(at - 1) !== DOT ? start : -1
}

/** Where the domain that begins at `at` ends, or −1: two labels or more, the last one of letters. */
export function domainEnd(text: SearchedText, at: number): number {
  let end = -1
  let labels = 0
  let i = at
  for (;;) {
    const label = i
    while (isLabelByte(text, i)) i++
    if (i === label || text.at(label) === DASH) return end
    labels++
    const stop = topLabelEnd(text, label, i)
    if (labels > 1 && isTopLabel(text, label, stop)) end = stop
    if (text.at(i - 1) === DASH || text.at(i) !== DOT) return end
    i++
  }
}

/** The escape of a text in a text (`\nfoo@bar.com`) is not a part of the name. */
function behindEscape(text: SearchedText, at: number): number {
  return at + (text.isCodeEscape(at - 1) ? 5 : text.isBehindEscape(at + 1) ? 1 : 0)
}

function isLabelByte(text: SearchedText, at: number): boolean {
  const byte = text.at(at)
  return isAlnum(byte) || byte === DASH || (byte >= 0x80 && (isLatin(text, at) || isLatin(text, at - 1)))
}

/** The last label ends at a dash, unless it is a coded one: `a@example.com-2`. */
function topLabelEnd(text: SearchedText, start: number, end: number): number {
  if (text.hasWord(start, 'xn--')) return end
  let i = start
  while (i < end && text.at(i) !== DASH) i++
  return i
}

function isTopLabel(text: SearchedText, start: number, end: number): boolean {
  if (end - start < 2) return false
  const isCoded = text.hasWord(start, 'xn--')
  for (let i = start; i < end; i++) {
    const byte = text.at(i)
    if (!isLower(byte) && !isUpper(byte) && byte < 0x80 && !(isCoded && (isDigit(byte) || byte === DASH))) return false
  }
  return !NO_TLDS.some(({ word, length }) => length === end - start && text.hasWord(start, word))
}

/** À to ɏ, two bytes each: letters, but for × and ÷. */
function isLatin(text: SearchedText, at: number): boolean {
  const lead = text.at(at)
  return lead >= 0xc3 && lead <= 0xc9 && text.at(at + 1) >= 0x80
}
