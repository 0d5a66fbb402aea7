/**
 * Access logs in the family of the Common Log Format, as nginx and Apache write them:
 *
 *     [vhost[:port] ]client ident user [time] "request" status bytes[ "referer" "user agent"][ more …]
 *
 * A line is recognised by its time in brackets, the request in quotes and the status after it; what stands around these varies
 * with the server's configuration. The message is the request as it stands between its quotes, escapes included; the other
 * quoted fields are unescaped. This is the hottest path of all formats: bytes only, and nothing is allocated for a combined line
 * without escapes.
 */
import { member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit, stringStop } from '../json-bytes.ts'

import { levelOfStatus } from '../level.ts'
import type { RecordBytes } from '../record.ts'
import { unescapeQuoted } from './access-log-escapes.ts'
import { AccessExtra } from './access-log-extra.ts'
import { AccessHead } from './access-log-head.ts'
import { RequestLine } from './access-log-request.ts'

const MESSAGE = fieldNumber('message')
const USER_AGENT = fieldNumber('user_agent')
const IP_ADDRESS = fieldNumber('ip_address')
const BYTES = member('bytes')
const REFERER = member('referer')
const STATUS = member('status')

const QUOTE = 0x22
const DASH = 0x2d
const SPACE = 0x20
const BACKSLASH = 0x5c
/** ` - -` and ` [`: what nearly always stands between the client and the time. */
const NO_USER = 0x2d202d20
const SPACE_BRACKET = 0x5b20
/** `15/Jan/2024:08:00:00 +0000`. */
const TIME_BYTES = 26
/** `] "` between the time and the request; three bytes of four. */
const BRACKET_SPACE_QUOTE = 0x22205d
/** `Mozi`: what a user agent begins with, and no referer. */
const MOZI = 0x697a6f4d
/** More digits are more than a double holds. */
const MAX_DIGITS = 15

export class AccessLog {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  readonly #head: AccessHead
  readonly #request: RequestLine
  readonly #extra: AccessExtra
  readonly #timeText = new DataView(new ArrayBuffer(32))
  #timeMs = -1
  /** A backslash stands in the quoted field read last. */
  #hasEscapes = false
  /** It needs no escapes in JSON. */
  #isPlain = false

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
    this.#head = new AccessHead(record, writer)
    this.#request = new RequestLine(record, writer)
    this.#extra = new AccessExtra(record, writer)
  }

  /** Hands what is in the record to the writer, or says why it is no access line. */
  read(): string | undefined {
    const { view, start, end } = this.#record
    const requestStart = this.#readHead()
    if (requestStart < 0) return 'no time in brackets before a request'
    const requestEnd = this.#requestEnd(requestStart)
    if (requestEnd < 0) return 'no status after the request'
    if (requestEnd === requestStart || (requestEnd === requestStart + 1 && view.getUint8(requestStart) === DASH)) {
      this.#writer.set(MESSAGE, start, end)
    } else {
      if (this.#isPlain) this.#writer.setPlain(MESSAGE, requestStart, requestEnd)
      else this.#writer.set(MESSAGE, requestStart, requestEnd)
      this.#request.read(requestStart, requestEnd, this.#isPlain)
    }
    const afterStatus = this.#readStatus(requestEnd + 2)
    const afterBytes = this.#readBytes(afterStatus, end)
    if (afterBytes < end) this.#readRest(afterBytes, end)
    return undefined
  }

  /** Client, user and time: the position of the request's first byte, or −1. */
  #readHead(): number {
    const { view, start, end } = this.#record
    let i = start
    while (i < end && view.getUint8(i) !== SPACE) i++
    // 26 bytes of time and its brackets are the least that can follow.
    if (i === start || i + 32 > end) return -1
    if (view.getInt32(i, true) !== NO_USER || view.getInt16(i + 4, true) !== SPACE_BRACKET) return this.#head.read()
    if (view.getUint8(i - 1) === DASH || view.getUint8(start) === QUOTE) return this.#head.read()
    const { time } = this.#writer
    const afterTime = i + 6 + TIME_BYTES
    // What another reader left of a time it could not take may have decimals.
    const isOurs = time.timeMs === this.#timeMs && time.decimals === 0
    const isKnown = isOurs && afterTime + 4 <= end && this.#isTimeAt(i + 6)
    if (!isKnown) {
      if (time.readClf(view, i + 6, end) !== afterTime || afterTime + 4 > end) return this.#head.read()
      if ((view.getInt32(afterTime, true) & 0xffffff) !== BRACKET_SPACE_QUOTE) return this.#head.read()
      this.#keepTime(i + 6)
    }
    this.#writer.timeFrom(i + 6, afterTime)
    this.#writer.set(IP_ADDRESS, start, i)
    return afterTime + 3
  }

  /** The time kept, and what follows it, stand at `at`. Doubles only compare equal here when their bits are: no part is zero. */
  #isTimeAt(at: number): boolean {
    const { view } = this.#record
    const kept = this.#timeText
    return (
      view.getFloat64(at + 15, true) === kept.getFloat64(15, true) &&
      view.getFloat64(at, true) === kept.getFloat64(0, true) &&
      view.getFloat64(at + 8, true) === kept.getFloat64(8, true) &&
      view.getFloat64(at + 21, true) === kept.getFloat64(21, true)
    )
  }

  /** Remembers the time just read at `at`, with `] "` after it: lines of one second often follow each other. */
  #keepTime(at: number): void {
    const { view } = this.#record
    this.#timeMs = this.#writer.time.timeMs
    for (let i = 0; i < TIME_BYTES + 3; i++) this.#timeText.setUint8(i, view.getUint8(at + i))
  }

  /** The closing quote of the request: the first that is not escaped and has a status behind it. −1: none. */
  #requestEnd(from: number): number {
    const { view, end } = this.#record
    this.#isPlain = true
    for (let i = this.#quote(from); i >= 0; i = this.#quote(i + 1)) {
      if (isStatus(view, i + 1, end)) return i
      this.#isPlain = false
    }
    // Servers of old did not escape, and a request may end in a backslash.
    this.#isPlain = false
    for (let i = from; i < end; i++) if (view.getUint8(i) === QUOTE && isStatus(view, i + 1, end)) return i
    return -1
  }

  /** The next quote that is not escaped, or −1. */
  #quote(from: number): number {
    const { view, end } = this.#record
    let i = stringStop(view, from, end)
    while (i < end) {
      const byte = view.getUint8(i)
      if (byte === QUOTE) return i
      this.#isPlain = false
      if (byte === BACKSLASH) {
        this.#hasEscapes = true
        i++
      }
      i = stringStop(view, i + 1, end)
    }
    return -1
  }

  /** The status at `at`, which is three digits or a dash: the position after it. */
  #readStatus(at: number): number {
    const { view } = this.#record
    if (view.getUint8(at) === DASH) return at + 1
    const code = view.getUint8(at) * 100 + view.getUint8(at + 1) * 10 + view.getUint8(at + 2) - 0x30 * 111
    // 000: nothing was sent, since the client was gone.
    if (code === 0) {
      this.#writer.add(STATUS, at, at + 3)
    } else {
      this.#writer.setStatusCode(code)
      this.#writer.level = levelOfStatus(code)
    }
    return at + 3
  }

  /** The number of bytes after the blank at `at`, if there is one: the position after it. */
  #readBytes(at: number, end: number): number {
    const { view } = this.#record
    const start = at + 1
    if (start >= end) return end
    let i = start
    while (i < end && isDigit(view.getUint8(i))) i++
    if (i === start) {
      if (view.getUint8(start) === DASH && (start + 1 === end || view.getUint8(start + 1) === SPACE)) return start + 1
      return at
    }
    const isNumber = i - start <= MAX_DIGITS && (view.getUint8(start) !== 0x30 || i === start + 1)
    if (!isNumber || (i < end && view.getUint8(i) !== SPACE)) return at
    this.#writer.addNumber(BYTES, start, i)
    return i
  }

  /** Referer and user agent, when they come next, and whatever follows. `at`: a blank. */
  #readRest(at: number, end: number): void {
    const { view } = this.#record
    if (at + 1 >= end || view.getUint8(at + 1) !== QUOTE) return this.#extra.read(at, end)
    const first = at + 2
    const firstEnd = this.#fieldEnd(first)
    const isAgent = firstEnd - first >= 4 && view.getInt32(first, true) === MOZI
    if (isAgent) this.#setAgent(first, firstEnd)
    else this.#addReferer(first, firstEnd)
    const next = firstEnd + 1
    if (next >= end) return
    if (isAgent || next + 1 >= end || view.getUint8(next + 1) !== QUOTE) return this.#extra.read(next, end)
    const agent = next + 2
    const agentEnd = this.#fieldEnd(agent)
    this.#setAgent(agent, agentEnd)
    if (agentEnd + 1 < end) this.#extra.read(agentEnd + 1, end)
  }

  /** The closing quote of a quoted field: the first that is not escaped and has a blank or nothing behind it; else the end. */
  #fieldEnd(from: number): number {
    const { view, end } = this.#record
    this.#hasEscapes = false
    this.#isPlain = true
    for (let i = this.#quote(from); i >= 0; i = this.#quote(i + 1)) {
      if (i + 1 === end || view.getUint8(i + 1) === SPACE) return i
      this.#isPlain = false
    }
    return end
  }

  #setAgent(start: number, end: number): void {
    if (this.#isNothing(start, end)) return
    if (this.#isPlain) return this.#writer.setPlain(USER_AGENT, start, end)
    const text = this.#unescaped(start, end)
    if (text === undefined) this.#writer.set(USER_AGENT, start, end)
    else this.#writer.setText(USER_AGENT, text)
  }

  #addReferer(start: number, end: number): void {
    if (this.#isNothing(start, end)) return
    if (this.#isPlain) return this.#writer.addPlain(REFERER, start, end)
    const text = this.#unescaped(start, end)
    if (text === undefined) this.#writer.add(REFERER, start, end)
    else this.#writer.addJson(REFERER, JSON.stringify(text))
  }

  #unescaped(start: number, end: number): string | undefined {
    return this.#hasEscapes ? unescapeQuoted(this.#record.bytes.subarray(start, end)) : undefined
  }

  #isNothing(start: number, end: number): boolean {
    return end === start || (end === start + 1 && this.#record.view.getUint8(start) === DASH)
  }
}

/** ` 200` or ` -` stands at `at`, and then a blank or nothing. */
function isStatus(view: DataView, at: number, end: number): boolean {
  if (at + 2 > end || view.getUint8(at) !== SPACE) return false
  const first = view.getUint8(at + 1)
  if (first === DASH) return at + 2 === end || view.getUint8(at + 2) === SPACE
  if (at + 4 > end || !isDigit(first) || !isDigit(view.getUint8(at + 2)) || !isDigit(view.getUint8(at + 3)))
    return false
  return at + 4 === end || view.getUint8(at + 4) === SPACE
}
