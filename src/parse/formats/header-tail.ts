/**
 * What stands between level and message. A single word belongs to the header only when a mark follows (`c.e.App - msg`,
 * `app: msg`), when it is plainly a class (`org.apache.Foo.bar msg`) or when OpenStack's `[req-…]` follows; a group in
 * brackets when it stands where one is due.
 */
import type { HeaderCursor } from './header-cursor.ts'
import { levelOfWord } from './header-level.ts'
import { type HeaderSlots, SLOT } from './header-slots.ts'
import {
  BAR,
  BLANK,
  COLON,
  classParts,
  closing,
  DASH,
  isDigit,
  isName,
  isNumber,
  isSourceFile,
  isUpper,
  lineNumberColon,
  OPEN,
  PAREN,
  PAREN_CLOSE,
  skipBlanks,
  tightStop,
  trimEnd,
  wordStop,
} from './header-words.ts'

export class HeaderTail {
  readonly #cursor: HeaderCursor
  readonly #slots: HeaderSlots

  constructor(cursor: HeaderCursor, slots: HeaderSlots) {
    this.#cursor = cursor
    this.#slots = slots
  }

  /** What stands between level and message. */
  read(from: number): string | undefined {
    const slots = this.#slots
    const view = this.#cursor.view
    const end = this.#cursor.end
    let isGlued = from < end && view.getUint8(from) === OPEN
    const isNodeDue = isGlued && this.#cursor.isLevelEnclosed && this.#cursor.isTimeEnclosed
    let at = this.#cursor.skip(from)
    this.#cursor.messageStart = at
    // nginx writes `[error] 123#123: *1 …` there.
    if (this.#cursor.isLevelEnclosed && isProcessAndThread(view, at, end)) return 'a header of nginx'
    if (slots.has(SLOT.pid) && this.#cursor.mark === COLON && !this.#cursor.isLevelEnclosed && at - from === 3)
      return 'a header of postgres'
    this.#cursor.mayEndWithLogger =
      this.#cursor.isTimeEnclosed && !this.#cursor.isLevelEnclosed && this.#cursor.mark === 0 && slots.isEmpty
    if (this.#cursor.mayEndWithLogger) {
      const stop = this.readLoggerAtEnd(end)
      if (stop >= 0) {
        this.#cursor.messageEnd = stop
        return
      }
    }
    if (this.#cursor.mark !== 0 && this.#cursor.dashes < 3 && slots.has(SLOT.logger)) return
    let groups = 0
    for (let part = 0; part < MAX_PARTS && at < end; part++) {
      const byte = view.getUint8(at)
      if (byte === OPEN || (byte === PAREN && (slots.has(SLOT.logger) || groups === 0))) {
        const close = closing(view, at, end)
        if (close < 0 || (!isGlued && this.#isGroupOfMessage(at, close))) return
        this.#takeGroup(at, close, { isGlued, isNode: isNodeDue && !isGlued })
        isGlued = close + 1 < end && view.getUint8(close + 1) === OPEN
        at = this.#cursor.skip(close + 1)
        this.#cursor.messageStart = at
        if (this.#cursor.mark !== 0 && this.#cursor.dashes < 3) return
        if (isNodeDue && !isGlued && ++groups > 1) return
        groups++
        continue
      }
      const stop = this.#cursor.isTight ? tightStop(view, at, end) : wordStop(view, at, end)
      if (isNumber(view, at, stop) && !slots.has(SLOT.pid)) {
        const next = this.#cursor.skip(stop)
        if (groups > 0 && this.#cursor.dashes < 3) return
        if (
          this.#cursor.dashes < 3 &&
          !(this.#cursor.mark !== 0 && slots.isEmpty) &&
          !(next < end && view.getUint8(next) === OPEN)
        )
          return
        slots.set(SLOT.pid, at, stop)
        at = next
        this.#cursor.messageStart = at
        continue
      }
      this.#readLogger(at, stop)
      return
    }
  }

  /** `logger - msg`, `logger: msg`, `org.apache.Foo.method msg`, `nova.api [req-… - - -] msg`, `in app: msg`. */
  #readLogger(start: number, wordEnd: number): void {
    const slots = this.#slots
    const view = this.#cursor.view
    const end = this.#cursor.end
    if (slots.has(SLOT.logger)) {
      // `%c{1}` in brackets, and the place after it: `(Foo.java:12) - msg`.
      return
    }
    if (wordEnd - start === 2 && view.getUint8(start) === 0x69 && view.getUint8(start + 1) === 0x6e) {
      const name = skipBlanks(view, wordEnd, end)
      const stop = wordStop(view, name, end)
      if (stop - name > 1 && view.getUint8(stop - 1) === COLON)
        this.#takeLogger(name, stop - 1, skipBlanks(view, stop, end))
      return
    }
    const isMarked = wordEnd - start > 1 && view.getUint8(wordEnd - 1) === COLON
    const stop = isMarked ? wordEnd - 1 : wordEnd
    const next = this.#cursor.skip(stop)
    const mark = this.#cursor.mark
    if ((next >= end && mark !== DASH && mark !== BAR) || !isName(view, start, stop)) return
    if (mark === DASH || mark === BAR || (mark === COLON && !isSaying(view, start, stop))) {
      this.#takeLogger(start, stop, next)
      return
    }
    if (mark !== 0) return
    if (this.#readPlaceAfter(start, { stop, next })) return
    if (slots.has(SLOT.pid)) {
      // Odoo names its database before the logger.
      const name = wordStop(view, next, end)
      if (view.getUint8(name - 1) === COLON && classParts(view, next, name - 1) > 1) {
        slots.set(SLOT.context, start, stop)
        this.#takeLogger(next, name - 1, skipBlanks(view, name, end))
        return
      }
    }
    const byte = view.getUint8(next)
    if (byte === PAREN && isSourceFile(view, start, stop)) {
      const close = closing(view, next, end)
      if (close > 0) {
        slots.set(SLOT.location, start, close + 1)
        this.#cursor.messageStart = skipBlanks(view, close + 1, end)
        return
      }
    }
    const parts = classParts(view, start, stop)
    if (byte === OPEN || byte === PAREN) {
      const close = closing(view, next, end)
      const after = close < 0 ? -1 : this.#cursor.skip(close + 1)
      if (close > 0 && (this.#cursor.mark === DASH || this.#cursor.mark === COLON || this.#cursor.mark === BAR)) {
        this.#takeLogger(start, stop, after)
        this.#takeContext(next + 1, close)
        return
      }
      if (close > 0 && byte === OPEN && isRequestContext(view, next + 1, close)) {
        this.#takeLogger(start, stop, after)
        this.#takeRequest(next + 1, close)
        return
      }
    }
    if (parts > 2 || (parts === 2 && isUpper(view.getUint8(lastPart(view, start, stop)))))
      this.#takeLogger(start, stop, next)
  }

  /** `shop.orders app.py:11 - msg`; without the dash only after a name with a point in it. */
  #readPlaceAfter(start: number, { stop, next }: { stop: number; next: number }): boolean {
    const view = this.#cursor.view
    let placeStop = wordStop(view, next, this.#cursor.end)
    if (placeStop - next > 1 && view.getUint8(placeStop - 1) === COLON) placeStop--
    if (placeStop - next < 4 || !isSourceFile(view, next, placeStop)) return false
    const message = this.#cursor.skip(placeStop)
    if (this.#cursor.mark === 0 && (classParts(view, start, stop) < 2 || lineNumberColon(view, next, placeStop) < 0))
      return false
    this.#takeLogger(start, stop, message)
    this.#slots.set(SLOT.location, next, placeStop)
    return true
  }

  /** Django's layout in its documentation: `INFO 2024-01-15 08:00:00,123 views 1234 140290924412992 msg`, without marks. */
  readDjango(start: number): boolean {
    const view = this.#cursor.view
    const end = this.#cursor.end
    const stop = wordStop(view, start, end)
    const pid = skipBlanks(view, stop, end)
    const pidStop = wordStop(view, pid, end)
    const thread = skipBlanks(view, pidStop, end)
    const threadStop = wordStop(view, thread, end)
    if (!isName(view, start, stop) || !isNumber(view, pid, pidStop) || !isNumber(view, thread, threadStop)) return false
    this.#slots.setLogger(view, start, stop)
    this.#slots.set(SLOT.pid, pid, pidStop)
    this.#slots.set(SLOT.thread, thread, threadStop)
    this.#cursor.messageStart = Math.min(threadStop + 1, end)
    return true
  }

  #takeLogger(start: number, stop: number, messageStart: number): void {
    this.#slots.setLogger(this.#cursor.view, start, stop)
    this.#cursor.messageStart = messageStart
  }

  #takeGroup(open: number, close: number, { isGlued, isNode }: { isGlued: boolean; isNode: boolean }): void {
    const slots = this.#slots
    const view = this.#cursor.view
    const start = skipBlanks(view, open + 1, close)
    const end = trimEnd(view, start, close)
    if (isNode) slots.set(SLOT.node, start, end)
    else if (this.#cursor.isSpring && slots.has(SLOT.thread) && !slots.has(SLOT.application))
      slots.shiftThread(view, start, end)
    else slots.setGroup(view, start, { to: end, isLogger: isGlued })
  }

  /** A group in brackets that is not due any more, so it is the message's. */
  #isGroupOfMessage(open: number, close: number): boolean {
    const slots = this.#slots
    if (this.#cursor.isSpring || close === open + 1) return false
    if (slots.has(SLOT.logger) && slots.has(SLOT.thread)) return true
    // fail2ban: `fail2ban.filter [12]: INFO [sshd] Found …`.
    if (slots.has(SLOT.logger) && slots.has(SLOT.pid)) return true
    return this.#cursor.view.getUint8(open) === PAREN && close - open > MAX_GROUP_BYTES
  }

  #takeContext(start: number, end: number): void {
    const view = this.#cursor.view
    let colon = start
    while (colon < end && view.getUint8(colon) !== COLON) colon++
    const isPlace = isSourceFile(view, start, end) || (colon < end && isSourceFile(view, start, colon))
    this.#slots.set(isPlace ? SLOT.location : SLOT.context, start, end)
  }

  /** `req-38101a0b-… user project - - -`; `-` alone says nothing. */
  #takeRequest(start: number, end: number): void {
    const view = this.#cursor.view
    if (end - start === 1) return
    const request = view.getUint8(start) === 0x4e ? wordStop(view, start, end) + 1 : start
    const stop = wordStop(view, request, end)
    this.#slots.set(SLOT.requestId, request, stop)
    this.#slots.set(SLOT.context, skipBlanks(view, stop, end), end)
  }

  /**
   * Kafka writes `[time] LEVEL msg (kafka.server.KafkaServer)`: takes the logger before `stop`, and returns where the message
   * ends; −1 when there is none.
   */
  readLoggerAtEnd(stop: number): number {
    const view = this.#cursor.view
    const end = trimEnd(view, this.#cursor.messageStart, stop)
    if (end - this.#cursor.messageStart < 4 || view.getUint8(end - 1) !== PAREN_CLOSE) return -1
    const limit = Math.max(this.#cursor.messageStart, end - MAX_LOGGER_BYTES)
    let open = end - 1
    while (open > limit && view.getUint8(open) !== PAREN) open--
    if (open === limit || view.getUint8(open - 1) !== BLANK || classParts(view, open + 1, end - 1) < 2) return -1
    this.#slots.setLogger(view, open + 1, end - 1)
    return trimEnd(view, this.#cursor.messageStart, open)
  }
}

const MAX_LOGGER_BYTES = 200
/** A longer group in parentheses is text. */
const MAX_GROUP_BYTES = 256
/** Parts of a header after its level. */
const MAX_PARTS = 8

/** `123#123: `. */
function isProcessAndThread(view: DataView, start: number, end: number): boolean {
  let at = start
  while (at < end && isDigit(view.getUint8(at))) at++
  return at > start && at < end && view.getUint8(at) === 0x23
}

/** What oslo.log writes in its brackets: `-`, `req-…`, `None req-…`. */
function isRequestContext(view: DataView, start: number, end: number): boolean {
  if (end - start === 1) return view.getUint8(start) === DASH
  const at = end - start > 9 && view.getUint8(start) === 0x4e && view.getUint8(start + 4) === BLANK ? start + 5 : start
  if (end - at < 5 || view.getUint8(at + 3) !== DASH) return false
  return view.getUint8(at) === 0x72 && view.getUint8(at + 1) === 0x65 && view.getUint8(at + 2) === 0x71
}

function lastPart(view: DataView, start: number, end: number): number {
  let at = end
  while (at > start && view.getUint8(at - 1) !== 0x2e) at--
  return at
}

/** A word before a colon that is no logger's but the message's: a level again, or what supervisord says of its children. */
function isSaying(view: DataView, start: number, end: number): boolean {
  if (levelOfWord(view, start, end) >= 0) return true
  const first = view.getUint8(start)
  // spawned, success, exited, stopped, exception
  if (first !== 0x73 && first !== 0x65) return false
  const length = end - start
  const second = view.getUint8(start + 1)
  if (first === 0x65) return second === 0x78 && (length === 6 || length === 9)
  return length === 7 && (second === 0x70 || second === 0x75 || second === 0x74)
}
