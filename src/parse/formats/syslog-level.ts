/** Facilities and severities by name, and the levels of messages that came without a priority. */
import { isDigit } from '../json-bytes.ts'
import { levelOfBytes, levelOfSeverity } from '../level.ts'

/** RFC 5424, 6.2.1, by the short names of syslog(3). */
export const FACILITIES: readonly string[] = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ')
export const SEVERITIES: readonly string[] = 'emerg alert crit err warning notice info debug'.split(' ')

const SPACE = 0x20
const COLON = 0x3a
const PERCENT = 0x25
const DASH = 0x2d
/** `authpriv.warning`, `security|auth:warning`. */
const MAX_WORD_BYTES = 24
const FACILITY_WORD = /^([a-z]+[0-7]?(?:\|[a-z]+[0-7]?)*)[.:]([a-z]+)$/
const MORE_FACILITIES = ['security', 'console', 'cron2', 'mark', 'ntpd', 'solaris-cron']

/** A facility and a severity by their names. */
export interface FacilityWord {
  readonly facility: string
  readonly severity: string
  /** Index into LOG_LEVELS. */
  readonly level: number
}

/** `daemon.info`, `auth|security:info`; undefined for any other word. Called for words with a `.` or `:` only, it makes a string. */
export function facilityWord(bytes: Buffer, view: DataView, start: number, end: number): FacilityWord | undefined {
  if (end - start > MAX_WORD_BYTES) return undefined
  let at = end - 1
  while (at > start && (view.getUint8(at) | 0x20) >= 0x61 && (view.getUint8(at) | 0x20) <= 0x7a) at--
  if (at <= start || at === end - 1 || (view.getUint8(at) !== 0x2e && view.getUint8(at) !== COLON)) return undefined
  const level = levelOfBytes(view, at + 1, end)
  if (level < 0) return undefined
  const [, facility = '', severity = ''] = FACILITY_WORD.exec(bytes.toString('latin1', start, end)) ?? []
  const [first = ''] = facility.split('|')
  return FACILITIES.includes(first) || MORE_FACILITIES.includes(first) ? { facility, severity, level } : undefined
}

/** The level of a message by what it begins with, or −1. */
export function messageLevel(view: DataView, start: number, end: number): number {
  let at = start
  // The kernel's clock: `[12345.678901] `.
  if (
    at + 2 < end &&
    view.getUint8(at) === 0x5b &&
    (isDigit(view.getUint8(at + 1)) || view.getUint8(at + 1) === SPACE)
  ) {
    let i = at + 1
    while (i < end && (isDigit(view.getUint8(i)) || view.getUint8(i) === 0x2e || view.getUint8(i) === SPACE)) i++
    if (i < end && view.getUint8(i) === 0x5d) at = i + 1
  }
  while (at < end && view.getUint8(at) === SPACE) at++
  if (at >= end) return -1
  const first = view.getUint8(at)
  if (first === PERCENT) return ciscoLevel(view, at, end)
  const isEnclosed = first === 0x5b || first === 0x3c || first === 0x28
  if (isEnclosed) at++
  let stop = at
  let isCapital = true
  while (stop < end && isWordByte(view.getUint8(stop))) if (view.getUint8(stop++) >= 0x61) isCapital = false
  if (stop === at) return ciscoAfterTime(view, start, end)
  if (stop === end && !isCapital) return -1
  if (first === 0x5b && view.getUint8(at) === 0x49 && stop - at === 2) return solarisLevel(view, stop, end)
  const next = stop < end ? view.getUint8(stop) : SPACE
  // `notice: `, `[warn]`, `<info>`; a bare word in capitals only: "Error reading x" is prose.
  const isMarked = isEnclosed ? next === 0x5d || next === 0x3e || next === 0x29 : next === COLON
  return isMarked || (isCapital && next <= SPACE) ? levelOfBytes(view, at, stop) : ciscoAfterTime(view, start, end)
}

/** `%SYS-5-CONFIG_I`, `%ASA-6-302013`: the number is the severity. */
export function ciscoLevel(view: DataView, start: number, end: number): number {
  const last = Math.min(end, start + 40)
  for (let at = start + 2; at + 1 < last; at++) {
    const byte = view.getUint8(at)
    if (byte === DASH && isDigit(view.getUint8(at - 1)) && view.getUint8(at - 2) === DASH)
      return levelOfSeverity(view.getUint8(at - 1) - 0x30)
    if (byte <= SPACE || byte === COLON) return -1
  }
  return -1
}

/** The same behind a device's own time: `*Mar  1 18:46:11: %SYS-5-CONFIG_I: `. */
function ciscoAfterTime(view: DataView, start: number, end: number): number {
  const last = Math.min(end, start + 48)
  for (let at = start + 2; at < last; at++)
    if (view.getUint8(at) === PERCENT && view.getUint8(at - 1) === SPACE && view.getUint8(at - 2) === COLON)
      return ciscoLevel(view, at, end)
  return -1
}

/** `[ID 800047 auth.info] `, of Solaris; `at` is after `[ID`. */
function solarisLevel(view: DataView, start: number, end: number): number {
  const last = Math.min(end, start + 40)
  let point = 0
  for (let at = start; at < last; at++) {
    const byte = view.getUint8(at)
    if (byte === 0x2e) point = at
    if (byte === 0x5d) return point > 0 ? levelOfBytes(view, point + 1, at) : -1
  }
  return -1
}

function isWordByte(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte >= 0x80
}
