/**
 * Apache's error log (server/log.c), as 2.4 and 2.2 write it:
 *
 *     [Mon Jan 15 08:00:00.123456 2024] [core:error] [pid 1:tid 2] mod_x.c(12): (2)No such file or directory: [client 1.2.3.4:5] AH00123: message, referer: http://x
 *     [Mon Jan 15 08:00:00 2024] [error] [client 1.2.3.4] message, referer: http://x
 *
 * The message is what stands after the client, with the system's error before it when there is one.
 */
import { member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import { levelOfBytes } from '../level.ts'
import type { RecordBytes } from '../record.ts'
import { indexOfBytes, lastIndexOfBytes } from './span-search.ts'

const MESSAGE = fieldNumber('message')
const IP_ADDRESS = fieldNumber('ip_address')
const ERROR_CODE = fieldNumber('error_code')
const MODULE = member('module')
const PID = member('pid')
const TID = member('tid')
const PORT = member('port')
const REMOTE = member('remote')
const CODE = member('code')
const REFERER = member('referer')
const SEVERITY = member('severity')

const PID_BYTES = Buffer.from('[pid ')
const TID_BYTES = Buffer.from('[tid ')
const PAIR_BYTES = Buffer.from(':tid ')
const CLIENT_BYTES = Buffer.from('[client ')
const REMOTE_BYTES = Buffer.from('[remote ')
const REFERER_BYTES = Buffer.from(', referer: ')
const AH_BYTES = Buffer.from('AH')
/** The same, after the system's error. */
const NUMBER_BYTES = Buffer.from(': AH')
const TRACE_BYTES = Buffer.from('trace')

/** `mod_authz_core.c(815): `, at most. */
const MAX_CODE_BYTES = 80
/** `(111)Connection refused: `, at most. */
const MAX_ERROR_BYTES = 160
const SPACE = 0x20
const PARENTHESIS = 0x28
const PARENTHESIS_END = 0x29
const COLON = 0x3a
const BRACKET = 0x5b
const BRACKET_END = 0x5d

export class ApacheError {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  /** It says its process, so it is 2.4, which writes a port after every address. */
  #hasPid = false
  #hasModule = false

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
  }

  /** Hands what is in the record to the writer, or says why it is no line of the error log. */
  read(): string | undefined {
    const { view, start, end } = this.#record
    const writer = this.#writer
    const afterTime = writer.time.readAny(view, start + 1, end)
    if (afterTime < 0 || afterTime + 3 > end || view.getUint8(afterTime) !== BRACKET_END) return 'no time in brackets'
    if (view.getUint8(afterTime + 1) !== SPACE || view.getUint8(afterTime + 2) !== BRACKET)
      return 'no level in brackets'
    writer.timeFrom(start + 1, afterTime)
    const levelEnd = this.#closing(afterTime + 3)
    if (levelEnd < 0 || !this.#readLevel(afterTime + 3, levelEnd)) return 'no level in brackets'
    const messageStart = this.#readIds(levelEnd + 1)
    // Many programs write `[2024-01-15 08:00:00] [INFO] …`; with such a time it takes a module or a process to be Apache's.
    const isCommon = isDigit(view.getUint8(start + 1)) && !this.#hasPid && !this.#hasModule
    if (isCommon) return 'no module and no process'
    this.#readMessage(messageStart, end)
    return undefined
  }

  /** `core:error`, `:error`, `error`: whether it is a level. */
  #readLevel(start: number, end: number): boolean {
    const { view } = this.#record
    let colon = end
    while (colon > start && view.getUint8(colon - 1) !== COLON) colon--
    const isTrace = this.#isAt(TRACE_BYTES, colon) && end === colon + TRACE_BYTES.length + 1
    const level = isTrace && isDigit(view.getUint8(end - 1)) ? 0 : levelOfBytes(view, colon, end)
    this.#writer.level = level
    if (level < 0) return false
    if (isTrace) this.#writer.add(SEVERITY, colon, end)
    this.#hasModule = colon > start
    if (colon > start + 1) this.#writer.add(MODULE, start, colon - 1)
    return true
  }

  /** `[pid 1:tid 2]`, `[pid 1]`, `[tid 2]`, each number once, after a blank: the position after them. */
  #readIds(at: number): number {
    this.#hasPid = false
    let hasTid = false
    let i = this.#skipBlank(at)
    for (;;) {
      const isPid = this.#isAt(PID_BYTES, i)
      if (isPid ? this.#hasPid : hasTid || !this.#isAt(TID_BYTES, i)) return i
      const end = this.#closing(i)
      const first = this.#digitsEnd(i + PID_BYTES.length, end)
      if (end < 0 || first < 0) return i
      const isPair = isPid && !hasTid && this.#isAt(PAIR_BYTES, first)
      const second = isPair ? this.#digitsEnd(first + PAIR_BYTES.length, end) : first
      if (second !== end) return i
      this.#writer.addNumber(isPid ? PID : TID, i + PID_BYTES.length, first)
      if (isPair) this.#writer.addNumber(TID, first + PAIR_BYTES.length, end)
      if (isPid) this.#hasPid = true
      if (isPair || !isPid) hasTid = true
      i = this.#skipBlank(end + 1)
    }
  }

  /** All from `at` on: where in the code, the system's error, the client, the message and the referer. */
  #readMessage(at: number, end: number): void {
    const { bytes } = this.#record
    const writer = this.#writer
    const codeEnd = this.#codeEnd(at, end)
    if (codeEnd > at) writer.add(CODE, at, codeEnd - 2)
    const clientAt = this.#isClientAt(codeEnd) ? codeEnd : this.#errorEnd(codeEnd, end)
    const messageStart = clientAt < 0 ? codeEnd : this.#readClient(clientAt)
    const messageEnd = this.#readReferer(messageStart, end)
    this.#readNumber(messageStart, messageEnd)
    const isInParts = clientAt > codeEnd && messageStart > clientAt
    if (!isInParts) return writer.set(MESSAGE, messageStart === clientAt ? codeEnd : messageStart, messageEnd)
    writer.setText(
      MESSAGE,
      bytes.toString('utf8', codeEnd, clientAt) + bytes.toString('utf8', messageStart, messageEnd),
    )
  }

  /** The position after `mod_x.c(12): `, or `at`. */
  #codeEnd(at: number, end: number): number {
    const { view } = this.#record
    const limit = Math.min(end - 3, at + MAX_CODE_BYTES)
    let i = at
    while (i < limit && view.getUint8(i) > SPACE && view.getUint8(i) !== PARENTHESIS) i++
    if (i === at || i >= limit || view.getUint8(i) !== PARENTHESIS) return at
    const close = this.#digitsEnd(i + 1, end)
    if (close < 0 || close + 3 > end || view.getUint8(close) !== PARENTHESIS_END) return at
    return view.getUint8(close + 1) === COLON && view.getUint8(close + 2) === SPACE ? close + 3 : at
  }

  /** The position of the client after `(2)No such file or directory: `, or −1. */
  #errorEnd(at: number, end: number): number {
    const { view } = this.#record
    if (at >= end || view.getUint8(at) !== PARENTHESIS) return -1
    const close = this.#digitsEnd(at + 1, end)
    if (close < 0 || view.getUint8(Math.min(close, end - 1)) !== PARENTHESIS_END) return -1
    const limit = Math.min(end - 2, at + MAX_ERROR_BYTES)
    for (let i = close; i < limit; i++) {
      if (view.getUint8(i) === COLON && view.getUint8(i + 1) === SPACE && this.#isClientAt(i + 2)) return i + 2
    }
    return -1
  }

  #isClientAt(at: number): boolean {
    return this.#isAt(CLIENT_BYTES, at) || this.#isAt(REMOTE_BYTES, at)
  }

  /** `[client 1.2.3.4:5] `: the position after it, or `at` when it has no end. */
  #readClient(at: number): number {
    const { view } = this.#record
    const end = this.#closing(at)
    const start = at + CLIENT_BYTES.length
    if (end <= start) return at
    if (this.#isAt(REMOTE_BYTES, at)) {
      this.#writer.add(REMOTE, start, end)
      return this.#skipBlank(end + 1)
    }
    let colons = 0
    let colon = end
    for (let i = start; i < end; i++) {
      if (view.getUint8(i) !== COLON) continue
      colons++
      colon = i
    }
    // 2.4 writes it after IPv6 addresses without brackets, too; an address cannot end in one colon.
    const isPort = colon + 1 < end && colon + 6 >= end && this.#digitsEnd(colon + 1, end) === end
    const isAddress = colons === 1 || (this.#hasPid && colons > 2 && view.getUint8(colon - 1) !== COLON)
    const hasPort = isPort && isAddress
    this.#writer.set(IP_ADDRESS, start, hasPort ? colon : end)
    if (hasPort) this.#writer.addNumber(PORT, colon + 1, end)
    return this.#skipBlank(end + 1)
  }

  /** Takes `, referer: http://x` off the end, and returns the end of what is left. */
  #readReferer(start: number, end: number): number {
    const { view } = this.#record
    const at = lastIndexOfBytes(view, REFERER_BYTES, start, end)
    if (at < 0 || at + REFERER_BYTES.length >= end) return end
    for (let i = at + REFERER_BYTES.length; i < end; i++) if (view.getUint8(i) <= SPACE) return end
    this.#writer.add(REFERER, at + REFERER_BYTES.length, end)
    return at
  }

  /** `AH00123: ` is the number of the message. It stays in the message, too: that is how it is known and searched for. */
  #readNumber(start: number, end: number): void {
    const { view } = this.#record
    let at = start
    if (at < end && view.getUint8(at) === PARENTHESIS)
      at = indexOfBytes(view, NUMBER_BYTES, start, Math.min(end, start + MAX_ERROR_BYTES)) + 2
    if (at < start || !this.#isAt(AH_BYTES, at)) return
    let i = at + AH_BYTES.length
    while (i < end && isDigit(view.getUint8(i))) i++
    if (i === at + 7 && i < end && view.getUint8(i) === COLON) this.#writer.set(ERROR_CODE, at, i)
  }

  /** The bracket that closes the one before or at `at`, or −1. */
  #closing(at: number): number {
    const { view, end } = this.#record
    for (let i = at; i < end; i++) if (view.getUint8(i) === BRACKET_END) return i
    return -1
  }

  /** The end of the number at `at`, which JSON and a double can take, or −1. */
  #digitsEnd(at: number, end: number): number {
    const { view } = this.#record
    let i = at
    while (i < end && isDigit(view.getUint8(i))) i++
    if (i === at || i - at > 15) return -1
    return view.getUint8(at) === 0x30 && i > at + 1 ? -1 : i
  }

  #skipBlank(at: number): number {
    return at < this.#record.end && this.#record.view.getUint8(at) === SPACE ? at + 1 : at
  }

  #isAt(wanted: Buffer, at: number): boolean {
    const { bytes, end } = this.#record
    if (at + wanted.length > end) return false
    return bytes.compare(wanted, 0, wanted.length, at, at + wanted.length) === 0
  }
}
