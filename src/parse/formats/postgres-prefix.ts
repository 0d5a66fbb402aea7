/**
 * What `log_line_prefix` puts between the time and the severity. There is no telling what the operator wrote there, so its pieces are
 * known by their looks: `[123]`, `[123-1]`, `user@database`, `user=x,db=y,app=z,client=h`, `10.0.0.1(5432)`, `65a4e000.4d2`, `42P01`.
 * When one is not known, all of the prefix is kept in `metadata.prefix` besides. Makes strings only of what it does not know.
 */
import { type Member, member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isHexDigit } from '../json-bytes.ts'
import type { RecordBytes } from '../record.ts'
import {
  APPLICATION,
  DATABASE,
  digitsEnd,
  isSeparator,
  isWordEnd,
  KEYS,
  LINE,
  looksLikeAddress,
  PID,
  SESSION,
  USER,
} from './postgres-prefix-words.ts'
import { isSqlState } from './postgres-sqlstate.ts'
import { indexOfByte, lastIndexOfByte } from './span-search.ts'

const IP_ADDRESS = fieldNumber('ip_address')
const ERROR_CODE = fieldNumber('error_code')
const PORT = member('port')
const PREFIX = member('prefix')
/** The part after the time, when the one before it was kept already. */
const PREFIX_AFTER = member('prefix_after_time')

const UNKNOWN = Buffer.from('[unknown]')
const NO_ERROR = Buffer.from('00000')

const SPACE = 0x20
const PARENTHESIS = 0x28
const PARENTHESIS_END = 0x29
const COMMA = 0x2c
const DASH = 0x2d
const POINT = 0x2e
const SLASH = 0x2f
const COLON = 0x3a
const EQUALS = 0x3d
const AT = 0x40
const BRACKET = 0x5b
const BRACKET_END = 0x5d

export class PostgresPrefix {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  /** Members set already, since each may stand in metadata once. */
  readonly #given = new Set<Member>()
  #hasUnknown = false
  #hasClient = false
  #hasState = false

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
  }

  /** Forgets the record before. */
  begin(): void {
    this.#given.clear()
    this.#hasClient = false
    this.#hasState = false
  }

  /** Reads bytes [start, end), all of them: what stands before the time, or after it. */
  read(start: number, end: number): void {
    const { view } = this.#record
    this.#hasUnknown = false
    let i = this.#readRdsClient(start, end)
    while (i < end) {
      const byte = view.getUint8(i)
      if (isSeparator(byte)) i++
      else if (byte === BRACKET) i = this.#readBracketed(i, end)
      else i = this.#readWord(i, end)
    }
    if (!this.#hasUnknown) return
    let from = start
    while (from < end && view.getUint8(from) === SPACE) from++
    let to = end
    while (to > from && view.getUint8(to - 1) === SPACE) to--
    const isSecond = this.#given.has(PREFIX)
    this.#given.add(PREFIX)
    this.#writer.add(isSecond ? PREFIX_AFTER : PREFIX, from, to)
  }

  /** `:10.0.0.1(5432):user@database:`, as Amazon has it: the position of the user, or `at`. An address has colons, too. */
  #readRdsClient(at: number, end: number): number {
    const { view } = this.#record
    if (at >= end || view.getUint8(at) !== COLON) return at
    const mark = indexOfByte(view, AT, at, end)
    if (mark < 0) return at
    const colon = lastIndexOfByte(view, COLON, at, mark)
    if (colon === at) return at
    return this.#readClient(at + 1, colon) ? colon : at
  }

  #readBracketed(at: number, end: number): number {
    const { view } = this.#record
    let depth = 0
    let i = at
    for (; i < end; i++) {
      const byte = view.getUint8(i)
      if (byte === BRACKET) depth++
      else if (byte === BRACKET_END && --depth === 0) break
    }
    // `[unknown]@[unknown]`, `[local]`.
    if (i + 1 < end && view.getUint8(i + 1) === AT) return this.#readWord(at, end)
    if (i >= end) {
      this.#hasUnknown = true
      return end
    }
    const inner = at + 1
    const first = digitsEnd(view, inner, i)
    if (first === i && i > inner) this.#addNumber(this.#given.has(PID) ? LINE : PID, inner, i)
    else if (first > inner && view.getUint8(first) === DASH && digitsEnd(view, first + 1, i) === i) {
      this.#readPair(inner, first, i)
    } else if (!this.#readToken(inner, i)) this.#hasUnknown = true
    return i + 1
  }

  /** `[123-5]` is process and line; after the process is known, `[5-1]` is the line, and the rest of a form for syslog. */
  #readPair(start: number, dash: number, end: number): void {
    if (this.#given.has(PID)) this.#addNumber(LINE, start, dash)
    else {
      this.#addNumber(PID, start, dash)
      this.#addNumber(LINE, dash + 1, end)
    }
  }

  /** A word, or a pair whose value may have blanks in it: the position after it. */
  #readWord(at: number, end: number): number {
    const { view } = this.#record
    let i = at
    let isUser = false
    for (; i < end; i++) {
      const byte = view.getUint8(i)
      if (byte === AT) isUser = true
      // `user@database:[123]:`, as Amazon has it.
      if (isWordEnd(byte) || byte === EQUALS || (isUser && byte === COLON)) break
    }
    if (i < end && view.getUint8(i) === EQUALS) {
      const stop = this.#valueEnd(i + 1, end)
      this.#addPair(this.#record.text(at, i), i + 1, stop)
      return stop
    }
    let stop = i
    while (stop > at && (view.getUint8(stop - 1) === COLON || view.getUint8(stop - 1) === DASH)) stop--
    if (!this.#readToken(at, stop)) this.#hasUnknown = true
    return i
  }

  /** The end of a value: a comma, or a blank before the next pair or bracket; names of programs have blanks in them. */
  #valueEnd(at: number, end: number): number {
    const { view } = this.#record
    let i = at
    for (; i < end; i++) {
      const byte = view.getUint8(i)
      if (byte === COMMA) break
      if (byte !== SPACE) continue
      let next = i + 1
      if (next >= end || view.getUint8(next) === BRACKET) break
      while (next < end && !isWordEnd(view.getUint8(next)) && view.getUint8(next) !== EQUALS) next++
      if (next < end && view.getUint8(next) === EQUALS) break
    }
    return i
  }

  #addPair(key: string, start: number, end: number): void {
    const known = KEYS.get(key.toLowerCase())
    if (known === undefined) this.#hasUnknown = true
    else if (start === end) return
    else if (known === 'client') {
      if (!this.#readClient(start, end)) this.#hasUnknown = true
    } else if (known === 'state') {
      if (!this.#readState(start, end)) this.#hasUnknown = true
    } else if ((known === PID || known === LINE) && digitsEnd(this.#record.view, start, end) === end) {
      this.#addNumber(known, start, end)
    } else this.#add(known, start, end)
  }

  /** One of the forms without a key; false when it is none. */
  #readToken(start: number, end: number): boolean {
    if (start === end) return true
    const at = lastIndexOfByte(this.#record.view, AT, start, end)
    if (at >= 0) return this.#readUser(start, at, end)
    if (isSqlState(this.#record.view, start, end) && this.#given.has(PID)) return this.#readState(start, end)
    return this.#readSession(start, end) || this.#readClient(start, end) || this.#readLocal(start, end)
  }

  /** `user@database` or `user@database/application`. */
  #readUser(start: number, at: number, end: number): boolean {
    const slash = indexOfByte(this.#record.view, SLASH, at, end)
    const databaseEnd = slash < 0 ? end : slash
    this.#add(USER, start, at)
    this.#add(DATABASE, at + 1, databaseEnd)
    if (databaseEnd < end) this.#add(APPLICATION, databaseEnd + 1, end)
    return true
  }

  #readState(start: number, end: number): boolean {
    if (this.#hasState || !isSqlState(this.#record.view, start, end)) return false
    this.#hasState = true
    if (!this.#is(NO_ERROR, start, end)) this.#writer.set(ERROR_CODE, start, end)
    return true
  }

  /** `65a4e000.4d2`: start and process of the session, in hexadecimal. */
  #readSession(start: number, end: number): boolean {
    const { view } = this.#record
    let points = 0
    for (let i = start; i < end; i++) {
      const byte = view.getUint8(i)
      if (byte === POINT && i > start && i + 1 < end) points++
      else if (!isHexDigit(byte)) return false
    }
    if (points !== 1) return false
    this.#add(SESSION, start, end)
    return true
  }

  /** `10.0.0.1`, `2001:db8::1`, `10.0.0.1(5432)`, `client.example.com(5432)`. */
  #readClient(start: number, end: number): boolean {
    const { view } = this.#record
    if (this.#readLocal(start, end)) return true
    if (this.#hasClient) return false
    let hostEnd = end
    if (view.getUint8(end - 1) === PARENTHESIS_END) {
      hostEnd = lastIndexOfByte(view, PARENTHESIS, start, end)
      if (hostEnd <= start || digitsEnd(view, hostEnd + 1, end - 1) !== end - 1) return false
      this.#addNumber(PORT, hostEnd + 1, end - 1)
    } else if (!looksLikeAddress(view, start, end)) return false
    this.#hasClient = true
    this.#writer.set(IP_ADDRESS, start, hostEnd)
    return true
  }

  /** A client on this host has no address. */
  #readLocal(start: number, end: number): boolean {
    return /^(?:\[local\]|local)$/.test(end - start > 7 ? '' : this.#record.text(start, end))
  }

  #add(member: Member, start: number, end: number): void {
    if (start >= end || this.#is(UNKNOWN, start, end)) return
    if (this.#given.has(member)) {
      this.#hasUnknown = true
      return
    }
    this.#given.add(member)
    this.#writer.add(member, start, end)
  }

  /** Digits, which must be a number to JSON; none at all are a form that is not known. */
  #addNumber(member: Member, start: number, end: number): void {
    if (start === end) {
      this.#hasUnknown = true
      return
    }
    const isNumber = end - start <= 15 && (end === start + 1 || this.#record.view.getUint8(start) !== 0x30)
    if (!isNumber) return this.#add(member, start, end)
    if (this.#given.has(member)) {
      this.#hasUnknown = true
      return
    }
    this.#given.add(member)
    this.#writer.addNumber(member, start, end)
  }

  #is(wanted: Buffer, start: number, end: number): boolean {
    return end - start === wanted.length && this.#record.bytes.compare(wanted, 0, wanted.length, start, end) === 0
  }
}
