/**
 * nginx's error log (ngx_log.c, ngx_http_request.c):
 *
 *     2024/01/15 08:00:00 [error] 123#124: *456 message, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", upstream: "…", host: "x", referrer: "…"
 *
 * The message ends where the list of keys begins. The list is written in a fixed order and its values are not escaped, so it
 * counts only if all of it can be read that way up to the end of the record; else all of it stays in the message.
 */
import { type Member, member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import { levelOfBytes } from '../level.ts'
import type { RecordBytes } from '../record.ts'
import { RequestLine } from './access-log-request.ts'
import { indexOfByte, indexOfBytes } from './span-search.ts'

const MESSAGE = fieldNumber('message')
const IP_ADDRESS = fieldNumber('ip_address')
const PID = member('pid')
const TID = member('tid')
const CONNECTION = member('connection')

const CLIENT_BYTES = Buffer.from(', client: ')

interface Key {
  readonly bytes: Buffer
  /** Undefined for the client, which has a field of its own. */
  readonly member: Member | undefined
  /** Its value stands between quotes. */
  readonly isQuoted: boolean
}

/** In the order nginx writes them; those of mail and stream included. Keys may be missing. */
const KEYS: readonly Key[] = [
  { bytes: CLIENT_BYTES, member: undefined, isQuoted: false },
  key('server', 'server', false),
  key('login', 'login', true),
  key('request', 'request', true),
  key('subrequest', 'subrequest', true),
  key('upstream', 'upstream', true),
  { bytes: Buffer.from(', bytes from/to client:'), member: member('client_bytes'), isQuoted: false },
  { bytes: Buffer.from(', bytes from/to upstream:'), member: member('upstream_bytes'), isQuoted: false },
  key('host', 'host', true),
  key('referrer', 'referrer', true),
]
const REQUEST_INDEX = 3
/** Occurrences of `, client: ` that are tried; a longer row of them is an attack. */
const MAX_TRIES = 8

const QUOTE = 0x22
const COMMA = 0x2c
const STAR = 0x2a
const SPACE = 0x20
const HASH = 0x23
const COLON = 0x3a
const BRACKET_END = 0x5d
const LETTER_N = 0x6e
/** `2024/01/15 08:00:00 [`. */
const TIME_BYTES = 19
/** `nginx: [`. */
const PROGRAM_BYTES = 8

export class NginxError {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  readonly #request: RequestLine
  readonly #starts = new Int32Array(KEYS.length)
  readonly #ends = new Int32Array(KEYS.length)

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
    this.#request = new RequestLine(record, writer)
  }

  /** Hands what is in the record to the writer, or says why it is no line of the error log. */
  read(): string | undefined {
    const { view, start, end } = this.#record
    const writer = this.#writer
    const isBare = view.getUint8(start) === LETTER_N
    let at = start + PROGRAM_BYTES
    if (!isBare) {
      if (writer.time.readAny(view, start, start + TIME_BYTES) !== start + TIME_BYTES) return 'no timestamp'
      writer.timeFrom(start, start + TIME_BYTES)
      at = start + TIME_BYTES + 2
    }
    const level = this.#readLevel(at)
    if (level < 0) return 'no level in brackets'
    const head = level + 2
    const messageStart = isBare ? head : this.#readIds(head)
    this.#readTail(messageStart, end)
    return undefined
  }

  /** The level at `at`: the position of its closing bracket, which a blank follows, or −1. */
  #readLevel(at: number): number {
    const { view, end } = this.#record
    let i = at
    while (i < end && view.getUint8(i) !== BRACKET_END) i++
    if (i + 2 > end || view.getUint8(i + 1) !== SPACE) return -1
    this.#writer.level = levelOfBytes(view, at, i)
    return this.#writer.level < 0 ? -1 : i
  }

  /** `123#124: *456 `: the position after it, or after as much of it as there is. */
  #readIds(at: number): number {
    const { view, end } = this.#record
    const writer = this.#writer
    const hash = this.#digitsEnd(at)
    if (hash === at || hash >= end || view.getUint8(hash) !== HASH) return at
    const colon = this.#digitsEnd(hash + 1)
    if (colon === hash + 1 || colon + 1 >= end || view.getUint8(colon) !== COLON) return at
    writer.addNumber(PID, at, hash)
    writer.addNumber(TID, hash + 1, colon)
    const next = view.getUint8(colon + 1) === SPACE ? colon + 2 : colon + 1
    if (next >= end || view.getUint8(next) !== STAR) return Math.min(next, end)
    const after = this.#digitsEnd(next + 1)
    if (after === next + 1 || after >= end || view.getUint8(after) !== SPACE) return next
    writer.addNumber(CONNECTION, next + 1, after)
    return after + 1
  }

  /** The end of the number at `at`; `at` when there is none that JSON and a double can take. */
  #digitsEnd(at: number): number {
    const { view, end } = this.#record
    let i = at
    while (i < end && i - at < 16 && isDigit(view.getUint8(i))) i++
    return i - at > 15 || (i - at > 1 && view.getUint8(at) === 0x30) ? at : i
  }

  #readTail(start: number, end: number): void {
    const { view } = this.#record
    let from = start
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const at = indexOfBytes(view, CLIENT_BYTES, from, end)
      if (at < 0) break
      if (this.#readKeys(at, end)) {
        this.#writer.set(MESSAGE, start, at)
        this.#addKeys()
        return
      }
      from = at + 1
    }
    this.#writer.set(MESSAGE, start, end)
  }

  /** Reads all of [at, end) as keys and their values. */
  #readKeys(at: number, end: number): boolean {
    this.#starts.fill(-1)
    let i = at
    for (const [index, { bytes, isQuoted }] of KEYS.entries()) {
      if (!this.#isAt(bytes, i)) continue
      const start = i + bytes.length
      const stop = isQuoted ? this.#quotedEnd(start, index) : this.#bareEnd(start)
      if (stop < 0) return false
      this.#starts[index] = start
      this.#ends[index] = stop
      i = isQuoted ? stop + 1 : stop
      if (i === end) return true
    }
    return false
  }

  /** The end of a value without quotes: a comma, or the end of the record. −1 when a quote or a blank is in it. */
  #bareEnd(start: number): number {
    const { view, end } = this.#record
    for (let i = start; i < end; i++) {
      const byte = view.getUint8(i)
      if (byte === COMMA) return i
      if (byte === SPACE || byte === QUOTE || byte < SPACE) return -1
    }
    return end
  }

  /** The closing quote: the first after which the record ends, or a later key follows. */
  #quotedEnd(start: number, index: number): number {
    const { view, end } = this.#record
    for (let i = indexOfByte(view, QUOTE, start, end); i >= 0; i = indexOfByte(view, QUOTE, i + 1, end)) {
      if (i + 1 === end) return i
      if (view.getUint8(i + 1) !== COMMA) continue
      for (let later = index + 1; later < KEYS.length; later++) if (this.#isAt(KEYS[later]?.bytes, i + 1)) return i
    }
    return -1
  }

  #isAt(wanted: Buffer | undefined, at: number): boolean {
    const { bytes, end } = this.#record
    if (wanted === undefined || at + wanted.length > end) return false
    return bytes.compare(wanted, 0, wanted.length, at, at + wanted.length) === 0
  }

  #addKeys(): void {
    for (const [index, { member }] of KEYS.entries()) {
      const start = this.#starts[index] ?? -1
      const end = this.#ends[index] ?? 0
      if (start < 0 || start === end) continue
      if (index === 0) this.#writer.set(IP_ADDRESS, start, end)
      else if (index === REQUEST_INDEX) this.#request.read(start, end, false)
      if (member !== undefined) this.#writer.add(member, start, end)
    }
  }
}

function key(name: string, as: string, isQuoted: boolean): Key {
  return { bytes: Buffer.from(isQuoted ? `, ${name}: "` : `, ${name}: `), member: member(as), isQuoted }
}
