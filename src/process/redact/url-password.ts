import { isMask } from './mask-text.ts'
import { isAlnum, isDigit, isQuote, type SearchedText } from './searched-text.ts'

const COLON = 0x3a
const AT = 0x40
/** How far an `@` is looked for behind a `/` that a password should have had coded. */
const MAX_AUTHORITY_BYTES = 1024

/** Finds the password of `scheme://user:password@host`. */
export class UrlPasswordReader {
  /** It is bytes [start, end). */
  start = 0
  end = 0

  /** There is one in the URL whose `://` is at `at`. An earlier step's mask is none. */
  read(text: SearchedText, at: number): boolean {
    // No user's name begins with a bracket: an IPv6 host does, and a mask.
    if (!isAlnum(text.at(at - 1)) || text.at(at + 3) === 0x5b) return false
    let i = at + 3
    while (isUserByte(text.at(i))) i++
    if (text.at(i) !== COLON) return false
    this.start = i + 1
    this.end = -1
    const limit = this.start + MAX_AUTHORITY_BYTES
    let isPort = true
    for (i = this.start; i < limit || this.end < 0; i++) {
      const byte = text.at(i)
      if (byte <= 0x20 || isQuote(byte) || byte === 0x3c || byte === 0x3e) break
      if (byte === AT) this.end = i
      else if (byte === 0x2f || byte === 0x3f || byte === 0x23) {
        // Here the authority ends, unless it was but a part of a password.
        if (this.end >= 0 || isPort || i > limit) break
        this.end = nextAt(text, i, limit)
        break
      } else if (!isDigit(byte)) isPort = false
    }
    return this.end > this.start && !isMask(text, this.start, this.end)
  }
}

function nextAt(text: SearchedText, at: number, limit: number): number {
  for (let i = at; i < limit; i++) {
    const byte = text.at(i)
    if (byte <= 0x20 || isQuote(byte)) return -1
    if (byte === AT) return i
  }
  return -1
}

function isUserByte(byte: number): boolean {
  return (
    byte > 0x20 && byte !== COLON && byte !== AT && byte !== 0x2f && byte !== 0x3f && byte !== 0x23 && !isQuote(byte)
  )
}
