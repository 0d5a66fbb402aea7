/**
 * `name=value`, `name: value`, `"name":"value"`, `'name' => 'value'`, `name%3Dvalue`, in prose, logfmt, query strings and
 * JSON that stands in a text (escaped again or not). The reader is asked at the separator: it looks back for a name that
 * promises a secret, and then for where the value begins and ends.
 */
import { credentialsEnd, credentialsStart } from './authorization.ts'
import { isHashMask, isMask } from './mask-text.ts'
import { isAlnum, isBase64Url, isBlank, isHex, isQuote, type SearchedText } from './searched-text.ts'
import { NAMES, SecretNames } from './secret-names.ts'
import { backslashes, bareEnd, nestedEnd, quotedEnd } from './value-end.ts'

const EQUALS = 0x3d
const COLON = 0x3a
const SLASH = 0x2f
const BACKSLASH = 0x5c
const MAX_BLANKS = 8

export class AssignmentReader {
  /** The value found is bytes [start, end). */
  start = 0
  end = 0
  readonly #names = new SecretNames()

  /** Bits of NAMES that apply to the value after the separator at `at`; 0 when there is nothing secret. */
  read(text: SearchedText, at: number): number {
    const bits = this.#nameBefore(text, at)
    if (bits === 0) return 0
    const value = this.#valueStart(text, at)
    if (value < 0) return 0
    if (bits === NAMES.authorization) return this.#readCredentials(text, value)
    this.start = value
    this.end = this.#valueEnd(text, value)
    return this.end > this.start ? bitsFitting(text, this.start, this.end, bits) : 0
  }

  #nameBefore(text: SearchedText, at: number): number {
    let end = at
    for (let i = 0; i < MAX_BLANKS && isBlank(text.at(end - 1)); i++) end--
    if (isQuote(text.at(end - 1))) {
      end--
      while (text.at(end - 1) === BACKSLASH) end--
    }
    // Rails and PHP: user[password]=…; without a word before it, [password] would be a mask.
    const isIndex = text.at(end - 1) === 0x5d
    if (isIndex) end--
    else if (text.hasWord(end - 3, '%5d')) end -= 3
    const bits = this.#names.bitsOf(text, end)
    return bits === 0 || (isIndex && (text.at(at) === COLON || !isIndexed(text, this.#names.nameStart))) ? 0 : bits
  }

  #valueStart(text: SearchedText, at: number): number {
    let i = at + 1
    if (text.at(at) === COLON) {
      // A path, `a::b`, or the tag of a program that was called by its path.
      if (text.at(i) === COLON || text.hasExactly(i, '//') || text.at(this.#names.nameStart - 1) === SLASH) return -1
      if (isHashMask(text, at)) return -1
      if (text.at(i) === EQUALS) i++
    } else if (text.at(at) === EQUALS) {
      if (text.at(i) === EQUALS || text.at(i) === 0x3e || text.at(i) === 0x7e) i++
    } else i += 2 // %3D
    // `password= next=…` is an empty one; `password = x` is not.
    if (text.at(at) === EQUALS && i === at + 1 && !isBlank(text.at(at - 1))) return i
    while (isBlank(text.at(i))) i++
    return i
  }

  #readCredentials(text: SearchedText, value: number): number {
    let first = value
    while (text.at(first) === BACKSLASH || isQuote(text.at(first)) || text.at(first) === 0x5b) first++
    this.start = credentialsStart(text, first)
    if (this.start < 0) return 0
    this.end = credentialsEnd(text, first, this.start)
    return this.end > this.start && !isMask(text, this.start, this.end) ? NAMES.authorization : 0
  }

  /** Moves `start` behind an opening quote. */
  #valueEnd(text: SearchedText, value: number): number {
    let i = value
    // b'…' of Python, u"…"
    if (isAlnum(text.at(i)) && isQuote(text.at(i + 1))) i++
    const escapes = backslashes(text, i)
    const quote = text.at(i + escapes)
    if (isQuote(quote)) {
      this.start = i + escapes + 1
      return quotedEnd(text, this.start, { quote, escapes })
    }
    const byte = text.at(value)
    if (byte === 0x5b || byte === 0x7b) {
      const end = nestedEnd(text, value)
      if (end > 0) return end
    }
    return bareEnd(text, value)
  }
}

/** What of `bits` the value [start, end) is fit for. Literals, stars, and masks of an earlier step are nobody's secret. */
export function bitsFitting(text: SearchedText, start: number, end: number, bits: number): number {
  // `PWD=/root`: where a shell is, not what it must not say.
  let fitting = bits & NAMES.pwd && text.at(start) === SLASH ? 0 : bits
  const length = end - start
  if (length !== 40) fitting &= ~(NAMES.awsSecret | NAMES.gcpKeyId)
  for (let i = start; i < end && fitting & (NAMES.awsSecret | NAMES.gcpKeyId); i++) {
    const byte = text.at(i)
    if (!isHex(byte)) fitting &= ~NAMES.gcpKeyId
    if (!isBase64Url(byte) && byte !== 0x2b && byte !== SLASH && byte !== EQUALS) fitting &= ~NAMES.awsSecret
  }
  return length === 0 || isLiteral(text, start, end) || isMask(text, start, end) ? 0 : fitting
}

/** The brackets around the name at `at` follow upon a name, or another index. */
function isIndexed(text: SearchedText, at: number): boolean {
  let i = at
  while (isBase64Url(text.at(i - 1))) i--
  const before = text.at(i - 2)
  return text.at(i - 1) === 0x5b && (isAlnum(before) || before === 0x5d)
}

const LITERALS = ['null', 'true', 'false', 'none', 'nil', 'undefined', '(null)']

function isLiteral(text: SearchedText, start: number, end: number): boolean {
  let stars = start
  while (stars < end && text.at(stars) === 0x2a) stars++
  return stars === end || LITERALS.some((word) => word.length === end - start && text.hasWord(start, word))
}
