/**
 * Requests as Python's development servers print them: Django's `[15/Jan/2024 08:00:00] "GET / HTTP/1.1" 200 12`, those of
 * http.server and werkzeug (`127.0.0.1 - - [15/Jan/2024 08:00:00] "GET / HTTP/1.1" 200 -`), and uvicorn's.
 */

import { LOG_LEVELS } from '../../model/log-entry.ts'
import { fieldNumber } from '../fields.ts'
import { INFO } from '../level.ts'
import { queryStart } from './access-log-request.ts'
import type { HeaderedRecord } from './header-entry.ts'
import { BLANK, CLOSE, COLON, DASH, isBlank, isDigit, isUpper, OPEN, skipBlanks, wordStop } from './header-words.ts'

const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')
const IP_ADDRESS = fieldNumber('ip_address')
const WARNING = LOG_LEVELS.indexOf('WARNING')
const ERROR = LOG_LEVELS.indexOf('ERROR')
const QUOTE = 0x22

export class PythonRequest {
  readonly #record: HeaderedRecord

  constructor(record: HeaderedRecord) {
    this.#record = record
  }

  /** Django's, http.server's or werkzeug's line: the header is filled in, and the level is that of the status. */
  read(view: DataView, start: number, end: number): boolean {
    const { header, writer } = this.#record
    let at = start
    let addressStop = start
    if (at < end && view.getUint8(at) !== OPEN) {
      addressStop = wordStop(view, at, end)
      at = addressStop + 5
      if (at >= end || view.getUint8(addressStop + 1) !== DASH || view.getUint8(addressStop + 3) !== DASH) return false
    }
    if (at + 1 >= end || view.getUint8(at) !== OPEN || !isDigit(view.getUint8(at + 1))) return false
    const after = writer.time.readAny(view, at + 1, end)
    // A zone, and it is the Common Log Format.
    if (after < 0 || after - at > LONGEST_TIME || after + 2 >= end || view.getUint8(after) !== CLOSE) return false
    if (view.getUint8(at + 3) !== 0x2f || view.getUint8(after + 1) !== BLANK) return false
    const message = after + 2
    const status = this.#readRequest(view, message, end)
    if (status < 0 && addressStop === start) return false
    if (addressStop > start) writer.set(IP_ADDRESS, start, addressStop)
    header.slots.clear()
    header.timeStart = at + 1
    header.timeEnd = after
    header.level = status >= 500 ? ERROR : status >= 400 ? WARNING : INFO
    header.messageStart = message
    header.messageEnd = end
    return true
  }

  /** uvicorn's `127.0.0.1:54321 - "GET / HTTP/1.1" 200 OK`, if it is one. */
  readAccess(view: DataView, start: number, end: number): void {
    const stop = wordStop(view, start, end)
    if (stop + 4 >= end || view.getUint8(stop + 1) !== DASH || view.getUint8(stop + 3) !== QUOTE) return
    if (this.#readRequest(view, stop + 3, end) < 0) return
    let colon = stop - 1
    while (colon > start && isDigit(view.getUint8(colon))) colon--
    if (view.getUint8(colon) === COLON && colon > start) this.#record.writer.set(IP_ADDRESS, start, colon)
  }

  /** `"GET /path HTTP/1.1" 200`: the status, or −1 when it is no request. */
  #readRequest(view: DataView, start: number, end: number): number {
    const { writer } = this.#record
    if (view.getUint8(start) !== QUOTE) return -1
    const method = start + 1
    let methodStop = method
    while (methodStop < end && isUpper(view.getUint8(methodStop))) methodStop++
    if (methodStop === method || methodStop + 1 >= end || view.getUint8(methodStop) !== BLANK) return -1
    const path = methodStop + 1
    let quote = path
    while (quote < end && view.getUint8(quote) !== QUOTE) quote++
    if (quote + 5 > end) return -1
    const at = skipBlanks(view, quote + 1, end)
    let status = 0
    for (let i = at; i < at + 3; i++) {
      if (i >= end || !isDigit(view.getUint8(i))) return -1
      status = status * 10 + view.getUint8(i) - 0x30
    }
    if (at + 3 < end && !isBlank(view.getUint8(at + 3))) return -1
    let pathStop = quote
    while (pathStop > path && view.getUint8(pathStop - 1) !== BLANK) pathStop--
    writer.set(METHOD, method, methodStop)
    writer.set(PATH, path, queryStart(view, path, pathStop > path ? pathStop - 1 : quote))
    writer.setStatusCode(status)
    return status
  }
}

/** `[15/Jan/2024 08:00:00` */
const LONGEST_TIME = 21
