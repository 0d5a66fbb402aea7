/** The header of Go's `log` package, in front of which a prefix may stand, and what is written with it: slog's default, gin's requests. */

import { LOG_LEVELS } from '../../model/log-entry.ts'
import { fieldNumber } from '../fields.ts'
import { INFO } from '../level.ts'
import { queryStart } from './access-log-request.ts'
import type { HeaderedRecord } from './header-entry.ts'
import { levelOfWord } from './header-level.ts'
import { SLOT } from './header-slots.ts'
import {
  BAR,
  BLANK,
  CLOSE,
  COLON,
  COMMA,
  closing,
  DASH,
  isBlank,
  isCapital,
  isDigit,
  isSourceFile,
  OPEN,
  POINT,
  SLASH,
  skipBlanks,
  trimEnd,
  wordStop,
} from './header-words.ts'

const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')
const IP_ADDRESS = fieldNumber('ip_address')
const WARNING = LOG_LEVELS.indexOf('WARNING')
const ERROR = LOG_LEVELS.indexOf('ERROR')
const QUOTE = 0x22
/** A prefix is a word or two. */
const MAX_PREFIX_BYTES = 40
/** `2006/01/02 15:04:05` */
const TIME_BYTES = 19

export class GoStandard {
  readonly #record: HeaderedRecord
  /** gin's time without the dash between date and clock. */
  readonly #ginTime = new DataView(new ArrayBuffer(TIME_BYTES))
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(record: HeaderedRecord) {
    this.#record = record
  }

  /** Fills in the header from the line in [start, end). */
  read(view: DataView, start: number, end: number): boolean {
    this.#view = view
    const { header, writer } = this.#record
    header.begin(view, end)
    const at = this.#timeStart(start, end)
    if (at < 0) return false
    if (view.getUint8(at + 11) === DASH) return this.#readGin(start, at, end)
    const after = writer.time.readAny(view, at, end)
    if (after < at + TIME_BYTES || (after < end && !isBlank(view.getUint8(after)))) return false
    if (at > start) header.slots.set(SLOT.logger, start, prefixStop(view, start, at))
    header.timeStart = at
    header.timeEnd = after
    header.level = INFO
    header.messageStart = Math.min(skipBlanks(view, after, end), end)
    header.messageEnd = end
    this.#readPlace(end)
    return this.#readLevel(end)
  }

  /** Position of `dddd/dd/dd ` at `start`, or after a prefix; −1 without. */
  #timeStart(start: number, end: number): number {
    const limit = Math.min(start + MAX_PREFIX_BYTES, end - TIME_BYTES)
    for (let at = start; at <= limit; at++) {
      const byte = this.#view.getUint8(at)
      if (
        isDigit(byte) &&
        (at === start || isBlank(this.#view.getUint8(at - 1)) || isPrefixEnd(this.#view.getUint8(at - 1)))
      ) {
        if (isSlashedDay(this.#view, at)) return at
        if (at === start) return -1
      }
      // What a sentence has and a prefix has not.
      if (byte === COMMA || byte === QUOTE) return -1
    }
    return -1
  }

  /** `main.go:12: `, also with its path. */
  #readPlace(end: number): void {
    const { header } = this.#record
    const view = this.#view
    const start = header.messageStart
    const stop = wordStop(view, start, end)
    if (stop - start < 5 || view.getUint8(stop - 1) !== COLON || !isSourceFile(view, start, stop - 1)) return
    header.slots.set(SLOT.location, start, stop - 1)
    header.messageStart = skipBlanks(view, stop, end)
  }

  /** `[ERROR] msg`, `INFO msg`, `WARN: msg`; false when it is nginx's error log. */
  #readLevel(end: number): boolean {
    const { header } = this.#record
    const view = this.#view
    const start = header.messageStart
    if (start >= end) return true
    if (view.getUint8(start) === OPEN) {
      const close = closing(view, start, end)
      const level = close < 0 ? -1 : levelOfWord(view, start + 1, close)
      if (level < 0) return true
      const next = skipBlanks(view, close + 1, end)
      let hash = next
      while (hash < end && isDigit(view.getUint8(hash))) hash++
      if (hash > next && hash < end && view.getUint8(hash) === 0x23) return false
      header.level = level
      header.messageStart = next < end && view.getUint8(next) === COLON ? skipBlanks(view, next + 1, end) : next
      return true
    }
    let stop = wordStop(view, start, end)
    const isMarked = view.getUint8(stop - 1) === COLON
    if (isMarked) stop--
    const level = levelOfWord(view, start, stop)
    const isSaid = isCapital(view, start, stop)
    if (level < 0 || !(isMarked || isSaid)) return true
    header.level = level
    // `error: …` in small letters may as well be how the message begins.
    if (!isSaid) return true
    header.messageStart = skipBlanks(view, isMarked ? stop + 1 : stop, end)
    return true
  }

  /** `[GIN] 2024/01/15 - 08:00:00 | 200 |  1.2ms |  127.0.0.1 | GET      "/path"`. */
  #readGin(start: number, at: number, end: number): boolean {
    const { header, writer } = this.#record
    const view = this.#view
    if (end - at < TIME_BYTES + 2) return false
    for (let i = 0; i < 10; i++) this.#ginTime.setUint8(i, view.getUint8(at + i))
    for (let i = 10; i < TIME_BYTES; i++) this.#ginTime.setUint8(i, view.getUint8(at + i + 2))
    if (writer.time.readAny(this.#ginTime, 0, TIME_BYTES) !== TIME_BYTES) return false
    if (at > start) header.slots.set(SLOT.logger, start, prefixStop(view, start, at))
    header.timeStart = at
    header.timeEnd = at + TIME_BYTES + 2
    let stop = skipBlanks(view, header.timeEnd, end)
    if (stop >= end || view.getUint8(stop) !== BAR) return false
    header.messageStart = skipBlanks(view, stop + 1, end)
    header.messageEnd = end
    let status = 0
    for (stop = header.messageStart; stop < end && isDigit(view.getUint8(stop)); stop++) {
      if (stop - header.messageStart < 4) status = status * 10 + view.getUint8(stop) - 0x30
    }
    header.level = status >= 500 ? ERROR : status >= 400 ? WARNING : INFO
    if (status > 0) writer.setStatusCode(status)
    this.#readGinRequest(stop, end)
    return true
  }

  /** `|  1.2ms |  127.0.0.1 | GET      "/path"` after the status. */
  #readGinRequest(from: number, end: number): void {
    const { writer } = this.#record
    const view = this.#view
    let at = from
    for (let column = 0; column < 3; column++) {
      while (at < end && view.getUint8(at) !== BAR) at++
      const start = skipBlanks(view, Math.min(at + 1, end), end)
      at = start
      if (column !== 1) continue
      while (at < end && view.getUint8(at) !== BAR) at++
      if (at < end) writer.set(IP_ADDRESS, start, trimEnd(view, start, at))
    }
    const methodStop = wordStop(view, at, end)
    const quote = skipBlanks(view, methodStop, end)
    if (quote >= end || view.getUint8(quote) !== QUOTE) return
    let close = quote + 1
    while (close < end && view.getUint8(close) !== QUOTE) close++
    writer.set(METHOD, at, methodStop)
    writer.set(PATH, quote + 1, queryStart(view, quote + 1, close))
  }
}

/** `[GIN] ` and `app: ` without what closes them. */
function prefixStop(view: DataView, start: number, at: number): number {
  const stop = trimEnd(view, start, at)
  return stop > start && view.getUint8(stop - 1) === COLON ? stop - 1 : stop
}

function isPrefixEnd(byte: number): boolean {
  return byte === COLON || byte === CLOSE || byte === BLANK || byte === BAR || byte === POINT
}

/** `2006/01/02 ` */
function isSlashedDay(view: DataView, at: number): boolean {
  if (view.getUint8(at + 4) !== SLASH || view.getUint8(at + 7) !== SLASH || view.getUint8(at + 10) !== BLANK)
    return false
  for (const digit of DAY_DIGITS) if (!isDigit(view.getUint8(at + digit))) return false
  return true
}

const DAY_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9]
