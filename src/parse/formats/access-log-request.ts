import { member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { isDigit } from '../json-bytes.ts'
import type { RecordBytes } from '../record.ts'

const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')
const PROTOCOL = member('protocol')

/** ` HTT` and `TTP/`, read as numbers. */
const HTTP_HEAD = 0x54544820
const HTTP_TAIL = 0x2f505454
/** `VERSION-CONTROL` and the like; longer ones are noise. */
const MAX_METHOD_BYTES = 24
const SPACE = 0x20
const SLASH = 0x2f
const STAR = 0x2a
const DASH = 0x2d
const POINT = 0x2e
const UNDERSCORE = 0x5f
const QUESTION = 0x3f

/** A request line, `GET /x?y HTTP/1.1`: whatever a client sent, so method and path are known only when it looks like one. */
export class RequestLine {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
  }

  /** `isPlain`: the bytes need no escapes in JSON. */
  read(start: number, end: number, isPlain: boolean): void {
    const { view } = this.#record
    const writer = this.#writer
    const methodEnd = this.#methodEnd(start, end)
    if (methodEnd < 0) return
    const target = methodEnd + 1
    const protocolStart = this.#protocolStart(methodEnd, end)
    if (protocolStart < 0) {
      // HTTP/0.9, or cut.
      const first = view.getUint8(target)
      if (first !== SLASH && first !== STAR) return
    } else {
      writer.addPlain(PROTOCOL, protocolStart + 1, end)
    }
    // The query is in the message; as part of the path it would make a path of every request.
    const targetEnd = queryStart(view, target, protocolStart < 0 ? end : protocolStart)
    writer.setPlain(METHOD, start, methodEnd)
    if (isPlain) writer.setPlain(PATH, target, targetEnd)
    else writer.set(PATH, target, targetEnd)
  }

  /** The blank after a word of capitals that has something behind it, or −1. */
  #methodEnd(start: number, end: number): number {
    const { view } = this.#record
    const limit = Math.min(end - 1, start + MAX_METHOD_BYTES)
    for (let i = start; i < limit; i++) {
      const byte = view.getUint8(i)
      if (byte >= 0x41 && byte <= 0x5a) continue
      if (byte === SPACE && i > start) return i
      if (byte !== DASH && byte !== UNDERSCORE) return -1
    }
    return -1
  }

  /** The blank before ` HTTP/1.1`, with something between it and the method, or −1. */
  #protocolStart(methodEnd: number, end: number): number {
    const { view } = this.#record
    // HTTP/1.1 is nine bytes with its blank, HTTP/2 and HTTP/3 are seven.
    for (let at = end - 9; at <= end - 7; at += 2) {
      if (at <= methodEnd + 1 || view.getInt32(at, true) !== HTTP_HEAD) continue
      if (view.getInt32(at + 2, true) !== HTTP_TAIL || !isDigit(view.getUint8(end - 1))) continue
      if (!isDigit(view.getUint8(at + 6)) || (at + 9 === end && view.getUint8(at + 7) !== POINT)) continue
      return at
    }
    return -1
  }
}

/** Where the query of a request target begins, `end` when there is none. */
export function queryStart(view: DataView, start: number, end: number): number {
  for (let at = start; at < end; at++) if (view.getUint8(at) === QUESTION) return at
  return end
}
