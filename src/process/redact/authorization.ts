/** Credentials of HTTP: `Bearer <token>` and `Basic <base64>` wherever they are, and what an `Authorization` says. */
import { isMask } from './mask-text.ts'
import { isAlnum, isBase64Url, isBlank, isDigit, isQuote, isUpper, type SearchedText } from './searched-text.ts'

/** Shortest token that is believed after `Bearer` outside of a header. */
const MIN_TOKEN_BYTES = 6
/** A word of small letters alone is prose ("bearer authentication") when it is shorter. */
const MIN_PLAIN_TOKEN_BYTES = 24

/** Schemes whose credentials are several parameters. */
const LONG_SCHEMES = ['digest', 'aws4-hmac-sha256', 'hawk', 'oauth', 'signature']
const SHORT_SCHEMES = ['bearer', 'basic', 'token', 'negotiate', 'ntlm', 'apikey', 'api-key', 'key', 'jwt', 'dpop']

/** Where the token of the `Bearer` at `at` begins, or −1. */
export function bearerStart(text: SearchedText, at: number): number {
  return !text.startsWord(at) || !text.hasWord(at, 'bearer') ? -1 : afterBlanks(text, at + 6)
}

/** A token is told from prose by a digit, by a capital that is not its first letter, or by its length. */
export function bearerEnd(text: SearchedText, at: number): number {
  let isToken = false
  let i = at
  for (let byte = text.at(i); isTokenByte(byte); byte = text.at(++i)) {
    if (isDigit(byte) || (isUpper(byte) && i > at)) isToken = true
  }
  const length = i - at
  return length >= MIN_PLAIN_TOKEN_BYTES || (isToken && length >= MIN_TOKEN_BYTES) ? i : -1
}

export function basicStart(text: SearchedText, at: number): number {
  return !text.startsWord(at) || !text.hasWord(at, 'basic') ? -1 : afterBlanks(text, at + 5)
}

/** Base64 of printable bytes with a colon among them: nothing else is `user:password`, and no word of prose is that. */
export function basicEnd(text: SearchedText, at: number): number {
  let bits = 0
  let width = 0
  let hasColon = false
  let i = at
  for (let value = base64Value(text.at(i)); value >= 0; value = base64Value(text.at(++i))) {
    bits = ((bits << 6) | value) & 0xffff
    width += 6
    if (width < 8) continue
    width -= 8
    const byte = (bits >> width) & 0xff
    if (byte < 0x20) return -1
    if (byte === 0x3a) hasColon = true
  }
  if (!hasColon) return -1
  while (text.at(i) === 0x3d) i++
  return i
}

/** Where the credentials of the header value at `at` begin: after the scheme; −1 when it holds none. */
export function credentialsStart(text: SearchedText, at: number): number {
  const scheme = wordEnd(text, at)
  if (!isOneOf(text, at, scheme, SHORT_SCHEMES) && !isOneOf(text, at, scheme, LONG_SCHEMES)) {
    const isToken = bearerEnd(text, at) >= 0
    return isToken ? at : -1
  }
  return afterBlanks(text, scheme)
}

/** Where they end: `value` is where the header's value begins. */
export function credentialsEnd(text: SearchedText, value: number, at: number): number {
  const isLong = at > value && isOneOf(text, value, wordEnd(text, value), LONG_SCHEMES)
  let i = at
  for (let byte = text.at(i); byte > 0x20 || (isLong && byte >= 0x20); byte = text.at(++i)) {
    if (isQuote(byte) && !isLong) break
    if ((byte === 0x2c || byte === 0x3b) && !isLong) break
  }
  while (i > at && isClosing(text.at(i - 1)) && !isMask(text, at, i)) i--
  return i
}

function wordEnd(text: SearchedText, at: number): number {
  let i = at
  while (isBase64Url(text.at(i))) i++
  return i
}

function isOneOf(text: SearchedText, at: number, end: number, words: readonly string[]): boolean {
  return words.some((word) => word.length === end - at && text.hasWord(at, word))
}

/** The position after one or more blanks, as they are or coded for URLs; −1 without any. */
function afterBlanks(text: SearchedText, at: number): number {
  let i = at
  if (text.hasExactly(i, '%20')) i += 3
  else if (text.at(i) === 0x2b) i++
  while (isBlank(text.at(i))) i++
  return i > at ? i : -1
}

/** `)` `]` `}` */
function isClosing(byte: number): boolean {
  return byte === 0x29 || byte === 0x5d || byte === 0x7d
}

/** RFC 6750, 2.1. */
function isTokenByte(byte: number): boolean {
  return isBase64Url(byte) || byte === 0x2e || byte === 0x7e || byte === 0x2b || byte === 0x2f || byte === 0x3d
}

function base64Value(byte: number): number {
  if (isUpper(byte)) return byte - 0x41
  if (isDigit(byte)) return byte + 4
  if (isAlnum(byte)) return byte - 0x47
  if (byte === 0x2b || byte === 0x2d) return 62
  return byte === 0x2f || byte === 0x5f ? 63 : -1
}
