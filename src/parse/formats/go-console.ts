/** zerolog's console writer, logrus on a terminal, and hclog. Their colours are left out of what is read, and kept in the message. */
import { LOG_LEVELS } from '../../model/log-entry.ts'
import { skipColours } from '../colours.ts'
import type { HeaderedRecord } from './header-entry.ts'
import { levelOfWord } from './header-level.ts'
import { SLOT } from './header-slots.ts'
import {
  COLON,
  closing,
  isBlank,
  isDigit,
  isName,
  isSourceFile,
  isUpper,
  OPEN,
  SLASH,
  skipBlanks,
  wordStop,
} from './header-words.ts'

const ESCAPE = 0x1b
const GREATER = 0x3e

/** logrus cuts its words to four letters. */
const CUT_WORDS: readonly (readonly [number, number])[] = (
  [
    ['TRAC', 'DEBUG'],
    ['DEBU', 'DEBUG'],
    ['INFO', 'INFO'],
    ['WARN', 'WARNING'],
    ['ERRO', 'ERROR'],
    ['FATA', 'CRITICAL'],
    ['PANI', 'CRITICAL'],
  ] as const
).map(([word, level]) => [Buffer.from(word).readUInt32BE(), LOG_LEVELS.indexOf(level)])

export class GoConsole {
  readonly #record: HeaderedRecord
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(record: HeaderedRecord) {
    this.#record = record
  }

  /** Fills in the header from the line in [start, end). */
  read(view: DataView, start: number, end: number): boolean {
    this.#view = view
    this.#record.header.begin(view, end)
    const at = skipColours(view, start, end)
    if (at >= end) return false
    return isUpper(view.getUint8(at)) ? this.#readLogrus(at, end) : this.#readTimeFirst(at, end)
  }

  /** `INFO[0012] msg`, `WARN[2024-01-15T08:00:00Z] msg`. */
  #readLogrus(start: number, end: number): boolean {
    const { header, writer } = this.#record
    const view = this.#view
    if (end - start < 7) return false
    const word = view.getUint32(start)
    header.level = CUT_WORDS.find(([cut]) => cut === word)?.[1] ?? -1
    if (header.level < 0) return false
    const open = skipColours(view, start + 4, end)
    const close = open < end && view.getUint8(open) === OPEN ? closing(view, open, end) : -1
    if (close < 0) return false
    header.timeStart = header.timeEnd = open + 1
    if (writer.time.readAny(view, open + 1, close) === close) header.timeEnd = close
    else {
      for (let at = open + 1; at < close; at++) if (!isDigit(view.getUint8(at))) return false
      header.slots.set(SLOT.uptime, open + 1, close)
    }
    header.messageStart = skipBlanks(view, close + 1, end)
    return true
  }

  /** `8:00AM INF msg`, `2024-01-15T08:00:00Z INF msg`, `2024-01-15T08:00:00.123Z [INFO]  agent: msg`. */
  #readTimeFirst(start: number, end: number): boolean {
    const { header, writer } = this.#record
    const view = this.#view
    if (!isDigit(view.getUint8(start))) return false
    const full = writer.time.readAny(view, start, end)
    const after = full < 0 ? halfDayStop(view, start, end) : full
    // With slashes it is the standard library's, or nginx's.
    if (after < 0 || view.getUint8(start + 4) === SLASH) return false
    header.timeStart = start
    header.timeEnd = after
    header.isClock = full < 0
    const at = skipColours(view, skipBlanks(view, skipColours(view, after, end), end), end)
    if (at >= end || at === after) return false
    if (view.getUint8(at) === OPEN) return full > 0 && this.#readHclog(at, end)
    let stop = at
    while (stop < end && isUpper(view.getUint8(stop))) stop++
    if (stop - at !== 3 || (stop < end && !isBlank(view.getUint8(stop)) && view.getUint8(stop) !== ESCAPE)) return false
    header.level = levelOfWord(view, at, stop)
    if (header.level < 0) return false
    header.messageStart = skipBlanks(view, skipColours(view, stop, end), end)
    this.#readCaller(end)
    return true
  }

  /** `main.go:12 > msg`, as zerolog has it. */
  #readCaller(end: number): void {
    const { header } = this.#record
    const view = this.#view
    const start = skipColours(view, header.messageStart, end)
    let stop = start
    while (stop < end && !isBlank(view.getUint8(stop)) && view.getUint8(stop) !== ESCAPE) stop++
    if (stop - start < 5 || !isSourceFile(view, start, stop)) return
    const mark = skipBlanks(view, skipColours(view, stop, end), end)
    const arrow = skipColours(view, mark, end)
    if (arrow >= end || view.getUint8(arrow) !== GREATER) return
    header.slots.set(SLOT.location, start, stop)
    header.messageStart = skipBlanks(view, skipColours(view, arrow + 1, end), end)
  }

  #readHclog(open: number, end: number): boolean {
    const { header } = this.#record
    const view = this.#view
    const close = closing(view, open, end)
    if (close < 0 || close - open > 8) return false
    header.level = levelOfWord(view, open + 1, close)
    if (header.level < 0) return false
    const start = skipBlanks(view, close + 1, end)
    header.messageStart = start
    const stop = wordStop(view, start, end)
    if (stop - start < 2 || view.getUint8(stop - 1) !== COLON || !isName(view, start, stop - 1)) return true
    header.slots.set(SLOT.logger, start, stop - 1)
    header.messageStart = skipBlanks(view, stop, end)
    return true
  }
}

/** The end of `8:00AM` or `10:15PM`, time.Kitchen; −1 without. */
function halfDayStop(view: DataView, start: number, end: number): number {
  if (start + 6 > end) return -1
  const colon = isDigit(view.getUint8(start + 1)) ? start + 2 : start + 1
  if (colon + 5 > end || view.getUint8(colon) !== COLON) return -1
  if (!isDigit(view.getUint8(colon + 1)) || !isDigit(view.getUint8(colon + 2))) return -1
  const half = view.getUint8(colon + 3)
  return (half === 0x41 || half === 0x50) && view.getUint8(colon + 4) === 0x4d ? colon + 5 : -1
}
