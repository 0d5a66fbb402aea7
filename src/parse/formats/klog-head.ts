/**
 * The header of glog and its heirs (klog of Kubernetes, absl of C++ and Python): `I0115 08:00:00.123456   12345 file.go:123] msg`.
 * The year is missing, but in newer glog (`I20240115 08:00:00.123456 …`).
 */
import { LOG_LEVELS } from '../../model/log-entry.ts'
import type { TimestampReader } from '../timestamp.ts'
import { BLANK, CLOSE, COLON, isBlank, isDigit, POINT, skipBlanks } from './header-words.ts'

const LEVELS: readonly [number, number][] = [
  [0x49, LOG_LEVELS.indexOf('INFO')],
  [0x57, LOG_LEVELS.indexOf('WARNING')],
  [0x45, LOG_LEVELS.indexOf('ERROR')],
  [0x46, LOG_LEVELS.indexOf('CRITICAL')],
]

const MONTHS = Buffer.from('JanFebMarAprMayJunJulAugSepOctNovDec')
/** A header whose place is not over by then is none. */
const MAX_PLACE_BYTES = 256

export class KlogHead {
  level = -1
  timeStart = 0
  timeEnd = 0
  pidStart = 0
  pidEnd = 0
  placeStart = 0
  placeEnd = 0
  messageStart = 0
  readonly #time: TimestampReader
  /** The time as RFC 3164 has it, whose reader infers the year. */
  readonly #syslog = new DataView(new ArrayBuffer(32))

  constructor(time: TimestampReader) {
    this.#time = time
  }

  /** Whether a line begins with a letter of a level, and a date and time. */
  static begins(view: DataView, start: number, end: number): boolean {
    if (end - start < 15 || levelOf(view.getUint8(start)) < 0) return false
    const at = dayStop(view, start + 1, end)
    return (
      at > 0 &&
      at + 9 < end &&
      view.getUint8(at) === BLANK &&
      view.getUint8(at + 3) === COLON &&
      view.getUint8(at + 6) === COLON
    )
  }

  /** Why there is no header at the beginning of [start, end), a line; or undefined. */
  read(view: DataView, start: number, end: number): string | undefined {
    if (!KlogHead.begins(view, start, end)) return 'no header of klog'
    this.level = levelOf(view.getUint8(start))
    this.timeStart = start + 1
    const clock = dayStop(view, start + 1, end) + 1
    let at = clock + 8
    if (view.getUint8(at) === POINT) at++
    while (at < end && isDigit(view.getUint8(at))) at++
    this.timeEnd = at
    if (at >= end || view.getUint8(at) !== BLANK || !this.#readTime(view, clock)) return 'no time of klog'
    this.pidStart = skipBlanks(view, at, end)
    at = this.pidStart
    while (at < end && isDigit(view.getUint8(at))) at++
    this.pidEnd = at
    if (at === this.pidStart || at >= end || !isBlank(view.getUint8(at))) return 'no process of klog'
    this.placeStart = skipBlanks(view, at, end)
    const limit = Math.min(end, this.placeStart + MAX_PLACE_BYTES)
    at = this.placeStart
    while (at < limit && view.getUint8(at) !== CLOSE) at++
    if (at === limit || !isDigit(view.getUint8(at - 1))) return 'no place of klog'
    this.placeEnd = at
    this.messageStart = at + 1 < end && view.getUint8(at + 1) === BLANK ? at + 2 : at + 1
    return undefined
  }

  #readTime(view: DataView, clock: number): boolean {
    const scratch = this.#syslog
    const day = clock - 5
    const month = (view.getUint8(day) - 0x30) * 10 + view.getUint8(day + 1) - 0x30
    if (month < 1 || month > 12) return false
    for (let i = 0; i < 3; i++) scratch.setUint8(i, MONTHS[(month - 1) * 3 + i] ?? 0)
    scratch.setUint8(3, BLANK)
    scratch.setUint8(4, view.getUint8(day + 2) === 0x30 ? BLANK : view.getUint8(day + 2))
    scratch.setUint8(5, view.getUint8(day + 3))
    scratch.setUint8(6, BLANK)
    let length = 7
    if (day - this.timeStart === 4) {
      for (let i = 0; i < 4; i++) scratch.setUint8(length++, view.getUint8(this.timeStart + i))
      scratch.setUint8(length++, BLANK)
    }
    for (let at = clock; at < this.timeEnd && length < scratch.byteLength; at++)
      scratch.setUint8(length++, view.getUint8(at))
    return this.#time.readSyslog(scratch, 0, length) === length
  }
}

/** The end of four digits, or eight, at `start`; −1 without. */
function dayStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && isDigit(view.getUint8(at))) at++
  return at - start === 4 || at - start === 8 ? at : -1
}

function levelOf(letter: number): number {
  for (const [byte, level] of LEVELS) if (byte === letter) return level
  return -1
}
