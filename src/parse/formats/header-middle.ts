/**
 * What stands between time and level: a process, a thread, a host, a logger, `key=value`, and groups in brackets, of which one may
 * hold the level.
 */
import { levelOfLetter as levelOfLogcatLetter } from '../level.ts'
import type { HeaderCursor } from './header-cursor.ts'
import { levelOfWord, numberedLevel, numberedLevelStop } from './header-level.ts'
import { type HeaderSlots, SLOT } from './header-slots.ts'
import {
  BAR,
  BRACE,
  CLOSE,
  COLON,
  COMMA,
  closing,
  DASH,
  isCapital,
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

export class HeaderMiddle {
  readonly #cursor: HeaderCursor
  readonly #slots: HeaderSlots

  constructor(cursor: HeaderCursor, slots: HeaderSlots) {
    this.#cursor = cursor
    this.#slots = slots
  }

  /** What stands between time and level; the position after the level, or −1 when none comes. */
  readUpToLevel(from: number): number {
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
        if (byte === OPEN && this.takeLevel(at + 1, close)) {
          this.#cursor.isLevelEnclosed = true
          return close + 1
        }
        this.#slots.setGroup(view, at + 1, { to: close, isLogger: false })
        at = close + 1
        continue
      }
      const numbered = numberedLevelStop(view, at, end)
      if (numbered > 0) {
        this.#cursor.level = numberedLevel(view, numbered)
        return numbered
      }
      let stop = this.#cursor.isTight ? tightStop(view, at, end) : wordStop(view, at, end)
      if (stop - at === 1 && this.#takeLetter(at, numbers)) return stop
      const isMarked = stop - at > 1 && (view.getUint8(stop - 1) === COLON || view.getUint8(stop - 1) === COMMA)
      if (isMarked) stop--
      const level = levelOfWord(view, at, stop)
      if (level >= 0 && (isMarked || this.#isLevelHere(at, stop, markBefore))) {
        this.#cursor.level = level
        return stop
      }
      if (isMarked && this.#takeChannel(at, stop)) return stop + 1
      if (isNumber(view, at, stop)) {
        this.#slots.set(numbers === 1 && this.#slots.has(SLOT.pid) ? SLOT.thread : SLOT.pid, at, stop)
        numbers++
      } else if (!this.#takeName(at, stop)) return -1
      else if (this.#cursor.level >= 0) return stop
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

  /** `[2024-01-15 08:00:00,123: INFO/MainProcess] msg`, and Rust's `[2024-01-15T08:00:00Z INFO  app] msg`: the rest of the bracket. */
  readOpenBracket(at: number): number {
    const view = this.#cursor.view
    let close = at
    while (close < this.#cursor.end && view.getUint8(close) !== CLOSE) close++
    if (close === this.#cursor.end) return -1
    this.#cursor.isTight = false
    for (let from = this.#cursor.skip(at); from < close; ) {
      const stop = Math.min(close, wordStop(view, from, close))
      if (this.#cursor.level >= 0) this.#slots.setGroup(view, from, { to: stop, isLogger: true })
      else if (!this.takeLevel(from, stop)) this.#slots.setGroup(view, from, { to: stop, isLogger: false })
      from = this.#cursor.skip(stop)
      if (from <= stop) break
    }
    this.#cursor.isLevelEnclosed = true
    return this.#cursor.level < 0 ? -1 : close + 1
  }

  /** A level in enclosed text, alone or with a thread (`main/INFO`, `INFO/MainProcess`). */
  takeLevel(from: number, to: number): boolean {
    const view = this.#cursor.view
    const start = skipBlanks(view, from, to)
    const end = trimEnd(view, start, to)
    this.#cursor.level =
      numberedLevelStop(view, start, end) === end ? numberedLevel(view, end) : levelOfWord(view, start, end)
    if (this.#cursor.level >= 0) return true
    let slash = start
    while (slash < end && view.getUint8(slash) !== 0x2f) slash++
    if (slash === end || slash === start) return false
    this.#cursor.level = levelOfWord(view, start, slash)
    if (this.#cursor.level >= 0) {
      this.#slots.set(SLOT.thread, slash + 1, end)
      return true
    }
    this.#cursor.level = levelOfWord(view, slash + 1, end)
    if (this.#cursor.level >= 0) this.#slots.set(SLOT.thread, start, slash)
    return this.#cursor.level >= 0
  }

  /** A level's letter: Android's, after process and thread, `1702  2395 D tag: msg`; that of etcd of old, `time W | msg`. */
  #takeLetter(at: number, numbers: number): boolean {
    const level = levelOfLogcatLetter(this.#cursor.view.getUint8(at))
    if (level < 0) return false
    if (numbers !== 2) {
      this.#cursor.skip(at + 1)
      if (numbers > 0 || this.#cursor.mark !== BAR) return false
    }
    this.#cursor.level = level
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
    this.#cursor.level = level
    this.#slots.setLogger(view, start, point)
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
      if (open === start || !this.takeLevel(open + 1, stop - 1)) return false
      this.#slots.setLogger(view, start, open)
      return true
    }
    if (isName(view, start, stop)) {
      if (this.#slots.has(SLOT.logger)) this.#slots.set(SLOT.context, start, stop)
      else this.#slots.setLogger(view, start, stop)
      return true
    }
    let equals = start
    while (equals < stop && view.getUint8(equals) !== 0x3d) equals++
    if (equals === start || equals >= stop - 1 || !isName(view, start, equals)) return false
    this.#slots.set(SLOT.context, start, stop)
    return true
  }
}
