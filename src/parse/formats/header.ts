/**
 * The header before the message in logs of Java, Python and their kin. Patterns are configured freely there (`%d %-5p [%t] %c -
 * %m`), but they are made of the same parts: a time, a level, a process, a thread, a logger, a place in the source, with blanks,
 * brackets and marks (`-`, `:`, `|`) between. So there is no list of patterns: the header is read part by part, what stands
 * before the level by one rule and what stands after it by another, and the message is what is no part any more.
 * Here is the time, and what may stand in front of it; header-middle.ts goes on to the level, header-tail.ts to the message. One
 * pass over the header, nothing is allocated.
 */
import { INFO } from '../level.ts'
import type { TimestampReader } from '../timestamp.ts'
import { HeaderCursor } from './header-cursor.ts'
import { isRubyHead, isZapLine } from './header-heads.ts'
import { levelOfLetter, levelOfWord } from './header-level.ts'
import { HeaderMiddle } from './header-middle.ts'
import { HeaderSlots, SLOT } from './header-slots.ts'
import { HeaderTail } from './header-tail.ts'
import {
  BAR,
  BLANK,
  CLOSE,
  COLON,
  clockStop,
  closing,
  isDigit,
  isName,
  isNumber,
  isUpper,
  mayBeginTime,
  mayFollowTime,
  OPEN,
  skipBlanks,
  wordStop,
} from './header-words.ts'

export class HeaderReader {
  timeStart = 0
  timeEnd = 0
  readonly slots = new HeaderSlots()
  readonly #time: TimestampReader
  readonly #cursor = new HeaderCursor()
  readonly #middle: HeaderMiddle
  readonly #tail: HeaderTail
  /** The time has no date. */
  isClock = false

  constructor(time: TimestampReader) {
    this.#time = time
    this.#middle = new HeaderMiddle(this.#cursor, this.slots)
    this.#tail = new HeaderTail(this.#cursor, this.slots)
  }

  /** Index into LOG_LEVELS; −1 while unknown. */
  get level(): number {
    return this.#cursor.level
  }
  set level(level: number) {
    this.#cursor.level = level
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
    const afterLevel = afterTime < 0 ? this.#middle.readOpenBracket(-afterTime) : this.#middle.readUpToLevel(afterTime)
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
    this.#cursor.level = stop - word === 3 && view.getUint8(word) === LETTER_A ? INFO : levelOfWord(view, word, stop)
    const program = this.#cursor.skip(stop)
    if (this.#cursor.level < 0 || this.#cursor.dashes !== 2) return 'no level'
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
    const afterLevel = this.#middle.readUpToLevel(at)
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
    if (!mayFollowTime(next)) return NO_TIME
    this.timeStart = at
    this.timeEnd = after
    this.#cursor.isTight = next === COLON || next === BAR
    if (!isEnclosed) return after
    this.#cursor.isTimeEnclosed = true
    return next === CLOSE ? after + 1 : -after
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
      if (close < 0 || !this.#middle.takeLevel(start + 1, close)) return 'no timestamp'
      this.#cursor.isLevelEnclosed = true
      at = close + 1
    } else {
      if (!isUpper(view.getUint8(start))) return 'no timestamp'
      const limit = Math.min(end, start + MAX_LEVEL_BYTES)
      while (at < limit && isUpper(view.getUint8(at))) at++
      this.#cursor.level = levelOfWord(view, start, at)
      if (this.#cursor.level < 0) return 'no timestamp'
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
    this.#cursor.level = level
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
