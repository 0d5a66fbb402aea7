import { member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import type { RecordBytes } from '../record.ts'
import { unescapeQuoted } from './access-log-escapes.ts'

const IP_ADDRESS = fieldNumber('ip_address')
const IDENT = member('ident')
const REMOTE_USER = member('remote_user')
const VHOST = member('vhost')
const PORT = member('port')
const FORWARDED_FOR = member('forwarded_for')
const CONTEXT = member('context')

/** Names and addresses before the time; further in, a bracket means something else. */
const MAX_HEAD_BYTES = 1024
/** Words between time and request, as `example.com` or `TLSv1.3 TLS_AES_256_GCM_SHA384`, are not longer. */
const MAX_CONTEXT_BYTES = 128
/** Blanks of the head that are told apart; the others belong to the user's name. */
const MAX_WORDS = 5
/** `""`: Apache's word for an empty name. */
const NO_NAME = 0x2222
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const DASH = 0x2d
const COLON = 0x3a
const LESS = 0x3c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b

/** What stands before the request, in all its variants: a virtual host in front, users with blanks in their names, other times. */
export class AccessHead {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  readonly #starts = new Int32Array(MAX_WORDS)
  readonly #ends = new Int32Array(MAX_WORDS)
  #count = 0
  #requestStart = 0

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
  }

  /** The position of the request's first byte, or −1. */
  read(): number {
    const { view, start, end } = this.#record
    const first = view.getUint8(start)
    if (first === QUOTE || first === BRACE || first === LESS) return -1
    const limit = Math.min(end - 4, start + MAX_HEAD_BYTES)
    for (let i = start + 1; i < limit; i++) {
      if (view.getUint8(i) !== SPACE || view.getUint8(i + 1) !== BRACKET) continue
      const afterTime = this.#readTime(i + 2)
      if (afterTime < 0) continue
      this.#cut(start, i)
      this.#name(i)
      this.#writer.timeFrom(i + 2, afterTime)
      const contextStart = afterTime + 2
      if (this.#requestStart > contextStart + 1) this.#writer.add(CONTEXT, contextStart, this.#requestStart - 2)
      return this.#requestStart
    }
    return -1
  }

  /** A time that `] "` follows, or `] ` and words before the quote: the position after it, or −1. */
  #readTime(at: number): number {
    const { view, end } = this.#record
    if (!isDigit(view.getUint8(at))) return -1
    const { time } = this.#writer
    let after = time.readClf(view, at, end)
    if (after < 0) after = time.readPrefix(view, at, end)
    if (after < 0 || after + 3 > end) return -1
    if (view.getUint8(after) !== BRACKET_END || view.getUint8(after + 1) !== SPACE) return -1
    this.#requestStart = this.#quoteAfter(after + 2) + 1
    return this.#requestStart > 0 ? after : -1
  }

  /** The quote at `from`, or after words that begin there; −1 without. */
  #quoteAfter(from: number): number {
    const { view, end } = this.#record
    const limit = Math.min(end, from + MAX_CONTEXT_BYTES)
    for (let at = from; at < limit; at++) {
      const byte = view.getUint8(at)
      if (byte === QUOTE) return at === from || (at > from + 1 && view.getUint8(at - 1) === SPACE) ? at : -1
      if (byte === BRACKET) return -1
    }
    return -1
  }

  /** The words of [start, end). A list of addresses, `a, b`, is one. */
  #cut(start: number, end: number): void {
    const { view } = this.#record
    this.#count = 0
    let from = start
    for (let i = start; i <= end && this.#count < MAX_WORDS; i++) {
      if (i < end && (view.getUint8(i) !== SPACE || view.getUint8(i - 1) === COMMA)) continue
      this.#starts[this.#count] = from
      this.#ends[this.#count++] = i
      from = i + 1
    }
  }

  /** Says which word is what; `end` is the end of the last. */
  #name(end: number): void {
    const writer = this.#writer
    const count = this.#count
    // `host client - user` or `client - user name`: ident is a dash on every host of today.
    const hasVhost = count >= 4 && (this.#isDash(2) || !this.#isDash(1))
    const client = hasVhost ? 1 : 0
    if (hasVhost) this.#addVhost()
    this.#setClient(this.#starts[client] ?? 0, this.#ends[client] ?? 0)
    // Without ident, the second word is the user.
    const user = count - client <= 2 ? client + 1 : client + 2
    if (user > client + 1 && !this.#isDash(client + 1)) {
      writer.add(IDENT, this.#starts[client + 1] ?? 0, this.#ends[client + 1] ?? 0)
    }
    if (user >= count) return
    const userStart = this.#starts[user] ?? 0
    if (end > userStart && !(end === userStart + 1 && this.#isDash(user))) this.#addUser(userStart, end)
  }

  #addUser(start: number, end: number): void {
    if (end === start + 2 && this.#record.view.getInt16(start, true) === NO_NAME) return
    const bytes = this.#record.bytes.subarray(start, end)
    const text = bytes.includes(BACKSLASH) ? unescapeQuoted(bytes) : undefined
    if (text === undefined) this.#writer.add(REMOTE_USER, start, end)
    else this.#writer.addJson(REMOTE_USER, JSON.stringify(text))
  }

  #isDash(word: number): boolean {
    const start = this.#starts[word] ?? 0
    return (this.#ends[word] ?? 0) === start + 1 && this.#record.view.getUint8(start) === DASH
  }

  #addVhost(): void {
    const { view } = this.#record
    const start = this.#starts[0] ?? 0
    const end = this.#ends[0] ?? 0
    let i = end
    while (i > start && isDigit(view.getUint8(i - 1))) i--
    const hasPort = i < end && end - i <= 5 && i > start && view.getUint8(i - 1) === COLON && view.getUint8(i) !== 0x30
    this.#writer.add(VHOST, start, hasPort ? i - 1 : end)
    if (hasPort) this.#writer.addNumber(PORT, i, end)
  }

  #setClient(start: number, end: number): void {
    const { view } = this.#record
    if (end === start + 1 && view.getUint8(start) === DASH) return
    let first = start
    while (first < end && view.getUint8(first) !== COMMA) first++
    this.#writer.set(IP_ADDRESS, start, first)
    if (first < end) this.#writer.add(FORWARDED_FOR, start, end)
  }
}
