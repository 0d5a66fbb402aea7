/**
 * The header before the message in logs of Java, Python and their kin. Patterns are configured freely there (`%d %-5p [%t] %c -
 * %m`), but they are made of the same parts: a time, a level, a process, a thread, a logger, a place in the source, with blanks,
 * brackets and marks (`-`, `:`, `|`) between. So there is no list of patterns: the header is read part by part, what stands
 * before the level by one rule and what stands after it by another, and the message is what is no part any more.
 * This is the first half, up to the level; header-tail.ts is the second. One pass over the header, nothing is allocated.
 */

import { INFO, levelOfLetter as levelOfLogcatLetter } from '../level.ts'
import type { TimestampReader } from '../timestamp.ts'
import { HeaderCursor } from './header-cursor.ts'
import { isRubyHead, isZapLine } from './header-heads.ts'
import { levelOfLetter, levelOfWord, numberedLevel, numberedLevelStop } from './header-level.ts'
import { HeaderSlots, SLOT } from './header-slots.ts'
import { HeaderTail } from './header-tail.ts'
import {
  BAR,
  BLANK,
  BRACE,
  CLOSE,
  COLON,
  COMMA,
  closing,
  DASH,
  isBlank,
  isCapital,
  isDigit,
  isName,
  isNumber,
  isSourceFile,
  isUpper,
  OPEN,
  PAREN,
  POINT,
  skipBlanks,
  tightStop,
  trimEnd,
  wordStop,
} from './header-words.ts'

/** Parts of a header before its level. */
const MAX_PARTS = 8

export class HeaderReader {
  /** Index into LOG_LEVELS; −1 while unknown. */
  level = -1
  timeStart = 0
  timeEnd = 0
  readonly slots = new HeaderSlots()
  readonly #time: TimestampReader
  readonly #cursor = new HeaderCursor()
  readonly #tail: HeaderTail
  /** The time has no date. */
  isClock = false

  constructor(time: TimestampReader) {
    this.#time = time
    this.#tail = new HeaderTail(this.#cursor, this.slots)
  }

  /** The message begins here … */
  get messageStart(): number {
    return this.#cursor.messageStart
  }
  set messageStart(at: number) {
    this.#cursor.messageStart = at
  }

  /** … and its first line ends here; between that and the line's end may be a logger in parentheses. */
  get messageEnd(): number {
    return this.#cursor.messageEnd
  }
  set messageEnd(at: number) {
    this.#cursor.messageEnd = at
  }

  /** The record is laid out as Kafka's are, whose logger stands after the message. */
  get mayEndWithLogger(): boolean {
    return this.#cursor.mayEndWithLogger
  }

  /** Takes the logger that stands before `stop`; where the message ends then, or −1. */
  readLoggerAtEnd(stop: number): number {
    return this.#tail.readLoggerAtEnd(stop)
  }

  /** Reads the header at the beginning of [start, lineEnd), a line. Returns why there is none, or undefined. */
  read(view: DataView, start: number, lineEnd: number): string | undefined {
    this.begin(view, lineEnd)
    if (isRubyHead(view, start, lineEnd)) return this.#readRuby(start)
    const afterTime = this.#readTime(start)
    if (afterTime === NO_TIME) return this.#readLevelFirst(start)
    // The columns of zap are told apart by the format of Go.
    if (afterTime > 0 && isZapLine(view, afterTime, lineEnd)) return 'columns of zap'
    const afterLevel = afterTime < 0 ? this.#readOpenBracket(-afterTime) : this.#readUpToLevel(afterTime)
    if (afterLevel < 0) return 'no level'
    return this.#tail.read(afterLevel)
  }

  /** `I, [2024-01-15T08:00:00.123456 #1234]  INFO -- app: msg`. */
  #readRuby(start: number): string | undefined {
    const view = this.#cursor.view
    const end = this.#cursor.end
    const afterTime = this.#readTime(start + 3)
    if (afterTime >= 0) return 'no timestamp'
    const close = closing(view, start + 3, end)
    const number = skipBlanks(view, -afterTime, end) + 1
    if (close < 0 || view.getUint8(number - 1) !== HASH || !isNumber(view, number, close)) return 'no process of Ruby'
    this.slots.set(SLOT.pid, number, close)
    const word = skipBlanks(view, close + 1, end)
    const stop = wordStop(view, word, end)
    this.level = stop - word === 3 && view.getUint8(word) === LETTER_A ? INFO : levelOfWord(view, word, stop)
    const program = this.#cursor.skip(stop)
    if (this.level < 0 || this.#cursor.dashes !== 2) return 'no level'
    let colon = program
    while (colon < end && view.getUint8(colon) !== COLON) colon++
    if (colon === end) return 'no program of Ruby'
    this.slots.set(SLOT.logger, program, colon)
    this.#cursor.messageStart = Math.min(colon + 2, end)
    return undefined
  }

  /**
   * A header without a time, which must say all the more: `[main] INFO com.e.App - msg`, `467 [main] INFO com.e.App - msg`,
   * `[0.005s][info][gc] msg`.
   */
  readTimeless(view: DataView, start: number, lineEnd: number): string | undefined {
    this.begin(view, lineEnd)
    this.timeEnd = this.timeStart = start
    const { slots } = this
    let at = start
    while (at < lineEnd && isDigit(view.getUint8(at))) at++
    if (at > start) slots.set(SLOT.uptime, start, at)
    at = skipBlanks(view, at, lineEnd)
    if (at >= lineEnd || view.getUint8(at) !== OPEN) return 'no timestamp'
    const afterLevel = this.#readUpToLevel(at)
    if (afterLevel < 0 || !(slots.has(SLOT.thread) || slots.has(SLOT.uptime))) return 'no timestamp'
    this.#cursor.isTimeEnclosed = this.#cursor.isLevelEnclosed
    const reason = this.#tail.read(afterLevel)
    return reason === undefined && !slots.has(SLOT.logger) ? 'no timestamp' : reason
  }

  /** Whether a line begins with a time, perhaps in brackets. */
  beginsWithTime(view: DataView, start: number, lineEnd: number): boolean {
    this.#cursor.view = view
    this.#cursor.end = lineEnd
    return this.#readTime(isRubyHead(view, start, lineEnd) ? start + 3 : start) !== NO_TIME
  }

  /** The time in [timeStart, timeEnd) is one of day only: the date is not known. Or there is none, and they are the same. */
  get isTimeless(): boolean {
    return this.isClock || this.timeStart === this.timeEnd
  }

  /** It fits Python's forms, too, but is plainly Java's: Spring Boot's, Kafka's, or a class logs in a named thread. */
  get isOfJava(): boolean {
    const { isSpring, mayEndWithLogger, messageEnd, end, view } = this.#cursor
    return isSpring || (mayEndWithLogger && messageEnd < end) || this.slots.isOfJava(view)
  }

  /** Forgets the header before; the line ends at `lineEnd`. */
  begin(view: DataView, lineEnd: number): void {
    this.#cursor.begin(view, lineEnd)
    this.level = -1
    this.slots.clear()
    this.isClock = false
  }

  /** A time at `start`, perhaps in brackets: the position after; NO_TIME; negative when its bracket has more in it. */
  #readTime(start: number): number {
    const view = this.#cursor.view
    const end = this.#cursor.end
    if (start >= end) return NO_TIME
    const isEnclosed = view.getUint8(start) === OPEN
    const at = isEnclosed ? start + 1 : start
    if (at >= end || !mayBeginTime(view.getUint8(at))) return NO_TIME
    let after = this.#time.readAny(view, at, end)
    if (after < 0) {
      after = clockStop(view, at, end)
      if (after < 0) return NO_TIME
      this.isClock = true
    }
    // Apache's and uwsgi's brackets hold `Mon Jan 15 08:00:00 2024`.
    if (isEnclosed && isUpper(view.getUint8(at)) && isUpper(view.getUint8(at + 4))) return NO_TIME
    const next = after < end ? view.getUint8(after) : BLANK
    if (!isBlank(next) && next !== CLOSE && next !== COLON && next !== BAR && next !== COMMA && next !== OPEN)
      return NO_TIME
    this.timeStart = at
    this.timeEnd = after
    this.#cursor.isTight = next === COLON || next === BAR
    if (!isEnclosed) return after
    this.#cursor.isTimeEnclosed = true
    return next === CLOSE ? after + 1 : -after
  }

  /** `[2024-01-15 08:00:00,123: INFO/MainProcess] msg`, and Rust's `[2024-01-15T08:00:00Z INFO  app] msg`: the rest of the bracket. */
  #readOpenBracket(at: number): number {
    const view = this.#cursor.view
    let close = at
    while (close < this.#cursor.end && view.getUint8(close) !== CLOSE) close++
    if (close === this.#cursor.end) return -1
    this.#cursor.isTight = false
    for (let from = this.#cursor.skip(at); from < close; ) {
      const stop = Math.min(close, wordStop(view, from, close))
      if (this.level >= 0) this.slots.setGroup(view, from, { to: stop, isLogger: true })
      else if (!this.#takeLevel(from, stop)) this.slots.setGroup(view, from, { to: stop, isLogger: false })
      from = this.#cursor.skip(stop)
      if (from <= stop) break
    }
    this.#cursor.isLevelEnclosed = true
    return this.level < 0 ? -1 : close + 1
  }

  /** A level in enclosed text, alone or with a thread (`main/INFO`, `INFO/MainProcess`). */
  #takeLevel(from: number, to: number): boolean {
    const view = this.#cursor.view
    const start = skipBlanks(view, from, to)
    const end = trimEnd(view, start, to)
    this.level = numberedLevelStop(view, start, end) === end ? numberedLevel(view, end) : levelOfWord(view, start, end)
    if (this.level >= 0) return true
    let slash = start
    while (slash < end && view.getUint8(slash) !== 0x2f) slash++
    if (slash === end || slash === start) return false
    this.level = levelOfWord(view, start, slash)
    if (this.level >= 0) {
      this.slots.set(SLOT.thread, slash + 1, end)
      return true
    }
    this.level = levelOfWord(view, slash + 1, end)
    if (this.level >= 0) this.slots.set(SLOT.thread, start, slash)
    return this.level >= 0
  }

  /** What stands between time and level; the position after the level, or −1 when none comes. */
  #readUpToLevel(from: number): number {
    const view = this.#cursor.view
    const end = this.#cursor.end
    let at = from
    let names = 0
    let bareNames = 0
    let numbers = 0
    for (let part = 0; part < MAX_PARTS; part++) {
      at = this.#cursor.skip(at)
      if (at >= end) return -1
      const markBefore = this.#cursor.mark
      const byte = view.getUint8(at)
      if (byte === OPEN || byte === PAREN || byte === BRACE) {
        const close = closing(view, at, end)
        if (close < 0) return -1
        if (byte === OPEN && this.#takeLevel(at + 1, close)) {
          this.#cursor.isLevelEnclosed = true
          return close + 1
        }
        this.slots.setGroup(view, at + 1, { to: close, isLogger: false })
        at = close + 1
        continue
      }
      const numbered = numberedLevelStop(view, at, end)
      if (numbered > 0) {
        this.level = numberedLevel(view, numbered)
        return numbered
      }
      let stop = this.#cursor.isTight ? tightStop(view, at, end) : wordStop(view, at, end)
      if (stop - at === 1 && this.#takeLetter(at, numbers)) return stop
      const isMarked = stop - at > 1 && (view.getUint8(stop - 1) === COLON || view.getUint8(stop - 1) === COMMA)
      if (isMarked) stop--
      const level = levelOfWord(view, at, stop)
      if (level >= 0 && (isMarked || this.#isLevelHere(at, stop, markBefore))) {
        this.level = level
        return stop
      }
      if (isMarked && this.#takeChannel(at, stop)) return stop + 1
      if (isNumber(view, at, stop)) {
        this.slots.set(numbers === 1 && this.slots.has(SLOT.pid) ? SLOT.thread : SLOT.pid, at, stop)
        numbers++
      } else if (!this.#takeName(at, stop)) return -1
      else if (this.level >= 0) return stop
      else if (!isSourceFile(view, at, stop)) {
        // `host app: error: …` is syslog: one name may stand bare, more only between marks.
        const next = this.#cursor.skip(stop)
        if (++names > 3 || (this.#cursor.mark !== DASH && this.#cursor.mark !== BAR && ++bareNames > 1) || next >= end)
          return -1
      }
      at = stop
    }
    return -1
  }

  /** A level's letter: Android's, after process and thread, `1702  2395 D tag: msg`; that of etcd of old, `time W | msg`. */
  #takeLetter(at: number, numbers: number): boolean {
    const level = levelOfLogcatLetter(this.#cursor.view.getUint8(at))
    if (level < 0) return false
    if (numbers !== 2) {
      this.#cursor.skip(at + 1)
      if (numbers > 0 || this.#cursor.mark !== BAR) return false
    }
    this.level = level
    return true
  }

  /** Monolog's `app.ERROR: msg`: the channel and the level. */
  #takeChannel(start: number, stop: number): boolean {
    const view = this.#cursor.view
    let point = stop - 1
    while (point > start && isUpper(view.getUint8(point))) point--
    if (point === start || view.getUint8(point) !== POINT || !isName(view, start, point)) return false
    const level = levelOfWord(view, point + 1, stop)
    if (level < 0) return false
    this.level = level
    this.slots.setLogger(view, start, point)
    return true
  }

  /** A bare word is a level in capitals, or between marks. */
  #isLevelHere(start: number, stop: number, markBefore: number): boolean {
    if (isCapital(this.#cursor.view, start, stop)) return true
    if (markBefore === 0 && !this.#cursor.isTight) return false
    this.#cursor.skip(stop)
    return this.#cursor.mark !== 0
  }

  /** A word before the level that is not one: a logger, `key=value`, or `util.py[DEBUG]`, which brings the level with it. */
  #takeName(start: number, stop: number): boolean {
    const view = this.#cursor.view
    if (view.getUint8(stop - 1) === CLOSE) {
      let open = stop - 1
      while (open > start && view.getUint8(open) !== OPEN) open--
      // `sshd[12]` is syslog's.
      if (open === start || !this.#takeLevel(open + 1, stop - 1)) return false
      this.slots.setLogger(view, start, open)
      return true
    }
    if (isName(view, start, stop)) {
      if (this.slots.has(SLOT.logger)) this.slots.set(SLOT.context, start, stop)
      else this.slots.setLogger(view, start, stop)
      return true
    }
    let equals = start
    while (equals < stop && view.getUint8(equals) !== 0x3d) equals++
    if (equals === start || equals >= stop - 1 || !isName(view, start, equals)) return false
    this.slots.set(SLOT.context, start, stop)
    return true
  }

  /** `INFO  [main] 2024-01-15 08:00:00,123 msg`, `[INFO] [01/15/2024 08:00:00.123] msg`, `[I 2024-01-15 08:00:00.123 App] msg`. */
  #readLevelFirst(from: number): string | undefined {
    const view = this.#cursor.view
    const end = this.#cursor.end
    const start = from < end && view.getUint8(from) === BLANK ? from + 1 : from
    if (start + 2 >= end) return 'no timestamp'
    let at = start
    if (view.getUint8(start) === OPEN) {
      if (view.getUint8(start + 2) === BLANK) return this.#readLetterFirst(start)
      const close = closing(view, start, Math.min(end, start + MAX_LEVEL_BYTES))
      if (close < 0 || !this.#takeLevel(start + 1, close)) return 'no timestamp'
      this.#cursor.isLevelEnclosed = true
      at = close + 1
    } else {
      if (!isUpper(view.getUint8(start))) return 'no timestamp'
      const limit = Math.min(end, start + MAX_LEVEL_BYTES)
      while (at < limit && isUpper(view.getUint8(at))) at++
      this.level = levelOfWord(view, start, at)
      if (this.level < 0) return 'no timestamp'
    }
    for (let part = 0; part < 3; part++) {
      at = this.#cursor.skip(at)
      const after = this.#readTime(at)
      if (after > 0)
        return part === 0 && this.#tail.readDjango(this.#cursor.skip(after)) ? undefined : this.#tail.read(after)
      if (after !== NO_TIME || at >= end || view.getUint8(at) !== OPEN) break
      const close = closing(view, at, end)
      if (close < 0) break
      this.slots.setGroup(view, at + 1, { to: close, isLogger: false })
      at = close + 1
    }
    return 'no timestamp'
  }

  /** Tornado and Jupyter. */
  #readLetterFirst(start: number): string | undefined {
    const view = this.#cursor.view
    const level = levelOfLetter(view.getUint8(start + 1))
    const close = closing(view, start, this.#cursor.end)
    if (level < 0 || close < 0) return 'no timestamp'
    let after = this.#time.readAny(view, start + 3, close)
    if (after < 0) {
      after = clockStop(view, start + 3, close)
      if (after < 0) return 'no timestamp'
      this.isClock = true
    }
    this.level = level
    this.timeStart = start + 3
    this.timeEnd = after
    const name = skipBlanks(view, after, close)
    if (isName(view, name, close)) this.slots.setLogger(view, name, close)
    else this.slots.set(SLOT.context, name, close)
    this.#cursor.messageStart = skipBlanks(view, close + 1, this.#cursor.end)
    return undefined
  }
}

const NO_TIME = 0
const HASH = 0x23
const LETTER_A = 0x41
/** Bytes within which a level in brackets must end. */
const MAX_LEVEL_BYTES = 32

/** The end of `08:00:00`, `08:00:00.123` or `08:00:00,123`, or −1. */
function clockStop(view: DataView, start: number, end: number): number {
  if (end - start < 8 || view.getUint8(start + 2) !== COLON || view.getUint8(start + 5) !== COLON) return -1
  for (const at of CLOCK_DIGITS) if (!isDigit(view.getUint8(start + at))) return -1
  let at = start + 8
  if (at + 1 >= end || (view.getUint8(at) !== POINT && view.getUint8(at) !== COMMA) || !isDigit(view.getUint8(at + 1)))
    return at
  at++
  while (at < end && isDigit(view.getUint8(at))) at++
  return at
}

const CLOCK_DIGITS = [0, 1, 3, 4, 6, 7]

function mayBeginTime(byte: number): boolean {
  return isDigit(byte) || isUpper(byte)
}
