/** The bytes secrets are looked for in, and what kinds of bytes there are. */

const BACKSLASH = 0x5c
const ESCAPE_LETTERS = Buffer.from('bfnrt')

const DIGIT = 1
const UPPER = 2
const LOWER = 4
const HEX_LETTER = 8
const DASH = 16

const KINDS = new Uint8Array(256)
for (let byte = 0x30; byte <= 0x39; byte++) KINDS[byte] = DIGIT
for (let byte = 0x41; byte <= 0x5a; byte++) KINDS[byte] = UPPER
for (let byte = 0x61; byte <= 0x7a; byte++) KINDS[byte] = LOWER
for (const byte of Buffer.from('abcdefABCDEF')) KINDS[byte] = (KINDS[byte] ?? 0) | HEX_LETTER
for (const byte of Buffer.from('_-')) KINDS[byte] = DASH

/** Well-formed UTF-8 in bytes [start, end) of `view`; outside of it there are zeros. One object for all texts. */
export class SearchedText {
  view: DataView = new DataView(new ArrayBuffer(0))
  start = 0
  end = 0

  set(view: DataView, start: number, end: number): void {
    this.view = view
    this.start = start
    this.end = end
  }

  at(index: number): number {
    return index >= this.start && index < this.end ? this.view.getUint8(index) : 0
  }

  /** The bytes from `at` on are those of `word`, which is ASCII; letters of `word` that are lower case match both cases. */
  hasWord(at: number, word: string): boolean {
    for (let i = 0; i < word.length; i++) {
      const letter = word.charCodeAt(i)
      const byte = this.at(at + i)
      if (byte !== letter && !(isLower(letter) && (byte | 0x20) === letter)) return false
    }
    return true
  }

  /**
   * A word may begin at `at`: no letter or digit is before, or one that belongs to an escape, since a text may be JSON itself
   * (`\nfoo`, `\u00e9foo`).
   */
  startsWord(at: number): boolean {
    return !isAlnum(this.at(at - 1)) || this.isBehindEscape(at)
  }

  isBehindEscape(at: number): boolean {
    if (this.at(at - 2) === BACKSLASH) return ESCAPE_LETTERS.includes(this.at(at - 1))
    return this.at(at - 6) === BACKSLASH && this.isCodeEscape(at - 6)
  }

  /** `\u` and four hex digits. */
  isCodeEscape(at: number): boolean {
    if (this.at(at + 1) !== 0x75) return false
    for (let i = at + 2; i < at + 6; i++) if (!isHex(this.at(i))) return false
    return true
  }

  /** The bytes from `at` on are exactly those of `word`. */
  hasExactly(at: number, word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.at(at + i) !== word.charCodeAt(i)) return false
    return true
  }
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

export function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

/** An ASCII letter or digit. Bytes of other scripts end a word: a secret may stand right beside them. */
export function isAlnum(byte: number): boolean {
  return ((KINDS[byte] ?? 0) & (DIGIT | UPPER | LOWER)) !== 0
}

export function isHex(byte: number): boolean {
  return ((KINDS[byte] ?? 0) & (DIGIT | HEX_LETTER)) !== 0
}

/** Letters and digits, `_` and `-`: base64url, and what names are made of. */
export function isBase64Url(byte: number): boolean {
  return (KINDS[byte] ?? 0) !== 0
}

export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}

/** `"`, `'` or a backtick. */
export function isQuote(byte: number): boolean {
  return byte === 0x22 || byte === 0x27 || byte === 0x60
}

/** The position after the digits that begin at `at`. These two loops see most of a log's bytes that are looked at twice. */
export function digitsEnd({ view, end }: SearchedText, at: number): number {
  let i = at
  while (i < end && isDigit(view.getUint8(i))) i++
  return i
}

export function alnumEnd({ view, end }: SearchedText, at: number): number {
  let i = at
  while (i < end && isAlnum(view.getUint8(i))) i++
  return i
}
