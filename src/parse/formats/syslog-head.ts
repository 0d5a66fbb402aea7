/** What stands before the host: the priority and the time, in the order and the forms that daemons write them. */
import type { EntryWriter } from '../entry-writer.ts'
import { isDigit } from '../json-bytes.ts'
import type { RecordBytes } from '../record.ts'
import { isWeekday, monthOfLetters } from '../time-words.ts'

const SPACE = 0x20
const STAR = 0x2a
const DASH = 0x2d
const POINT = 0x2e
const COLON = 0x3a
const LESS = 0x3c
const GREATER = 0x3e
const LETTER_T = 0x54
const MAX_PRIORITY = 191

/** What must follow a head for the record to be syslog's. */
export const DEMAND = {
  /** There was a priority: nothing. */
  none: 0,
  /** A time of RFC 3164: a host and a tag, or a shape that is known. */
  tag: 1,
  /** One of RFC 3339: a host, and a tag that ends with a colon. */
  colon: 2,
  /** Any other: a host, and a tag with a number in brackets, or a facility. */
  pid: 3,
} as const

export type Demand = (typeof DEMAND)[keyof typeof DEMAND]

export class SyslogHead {
  readonly #record: RecordBytes
  readonly #entry: EntryWriter
  /** 0–191; −1 when there is none. */
  priority = -1
  /** It goes on as RFC 5424 has it: `<34>1 `. */
  isVersioned = false
  demand: Demand = DEMAND.none
  hasTime = false
  /** The device that Cisco's routers name before the time; −1 when they do not. */
  deviceStart = -1
  deviceEnd = 0
  /** Cisco's number of the message: bytes [sequenceStart, sequenceEnd); −1 when there is none. */
  sequenceStart = -1
  sequenceEnd = 0
  /** The label of a collection, as `-`, and the node it names; −1 when the record is from none. */
  labelStart = -1
  labelEnd = 0
  nodeStart = 0
  nodeEnd = 0

  constructor(record: RecordBytes, entry: EntryWriter) {
    this.#record = record
    this.#entry = entry
  }

  /** The position after the head, or −1 when the record does not begin with one. */
  read(): number {
    const { view, start, end } = this.#record
    this.priority = -1
    this.isVersioned = false
    this.demand = DEMAND.none
    this.hasTime = false
    this.deviceStart = -1
    this.sequenceStart = -1
    this.labelStart = -1
    if (end - start < 3) return -1
    if (view.getUint8(start) !== LESS)
      return isBareVersioned(view, start, end) ? this.#takeVersion(start) : this.#time(start)
    let at = this.#readPriority(start + 1)
    if (at < 0) return -1
    if (at + 2 < end && isVersion(view.getUint8(at)) && view.getUint8(at + 1) === SPACE) {
      return this.#takeVersion(at)
    }
    at = this.#readSequence(at)
    let after = this.#time(at)
    if (after < 0 && this.sequenceStart >= 0) after = this.#readDevice(at)
    this.demand = DEMAND.none
    return after < 0 ? at : after
  }

  #takeVersion(at: number): number {
    this.isVersioned = true
    return at + 2
  }

  /** `34>`: the position after it, or −1. */
  #readPriority(start: number): number {
    const { view, end } = this.#record
    let priority = 0
    let at = start
    while (at < end && at < start + 3 && isDigit(view.getUint8(at)))
      priority = priority * 10 + view.getUint8(at++) - 0x30
    if (at === start || at >= end || view.getUint8(at) !== GREATER || priority > MAX_PRIORITY) return -1
    if (at > start + 1 && view.getUint8(start) === 0x30) return -1
    this.priority = priority
    return at + 1
  }

  /** `45: `, as Cisco's routers number what they send. */
  #readSequence(start: number): number {
    const { view, end } = this.#record
    let at = start
    while (at < end && at < start + 10 && isDigit(view.getUint8(at))) at++
    if (at === start || at + 1 >= end || view.getUint8(at) !== COLON || view.getUint8(at + 1) !== SPACE) return start
    this.sequenceStart = start
    this.sequenceEnd = at
    return at + 2
  }

  /** `router1: Mar  1 18:46:11.123`. */
  #readDevice(start: number): number {
    const { view } = this.#record
    const wordEnd = this.#wordEnd(start, 64)
    if (wordEnd < start + 2 || view.getUint8(wordEnd - 1) !== COLON) return -1
    const after = this.#time(wordEnd + 1)
    if (after < 0) return -1
    this.deviceStart = start
    this.deviceEnd = wordEnd - 1
    return after
  }

  /** The position after the time at `start`, which `entry.time` has then, or −1. */
  #time(start: number): number {
    const { view, end } = this.#record
    if (start + 15 > end) return -1
    const first = view.getUint8(start)
    // Cisco's `*`: the clock was never set; `.`: it was, and lost its source.
    const at = first === STAR || first === POINT ? start + 1 : start
    if (monthOfLetters(view, at) > 0 && view.getUint8(at + 3) === SPACE)
      return this.#took(DEMAND.tag, at, this.#entry.time.readSyslog(view, at, end))
    if (isDigit(first)) {
      if (view.getUint8(start + 4) === DASH) return this.#readIso(start)
      return view.getUint8(start + 10) === POINT ? this.#readUnix(start) : this.#readCollected(start)
    }
    if (view.getUint8(start + 3) === SPACE && isWeekday(view, start, start + 3))
      return this.#took(DEMAND.pid, start, this.#entry.time.readAny(view, start, end))
    return this.#readCollected(start)
  }

  #readIso(start: number): number {
    const { view, end } = this.#record
    const after = this.#entry.time.readPrefix(view, start, end)
    if (after < 0) return -1
    if (view.getUint8(start + 10) === LETTER_T)
      return this.#took(hasZone(view, start, after) ? DEMAND.colon : DEMAND.pid, start, after)
    return this.#took(DEMAND.pid, start, after)
  }

  /** `1795567661.384406`, of `journalctl -o short-unix`. */
  #readUnix(start: number): number {
    const { view, end } = this.#record
    const after = start + 17
    if (after >= end || view.getUint8(after) !== SPACE || !this.#entry.time.readEpoch(view, start, after)) return -1
    return this.#took(DEMAND.pid, start, after)
  }

  /** `- 1131566461 2005.11.09 dn228 Nov 9 12:01:01`: the number is the time, for it knows year and zone. */
  #readCollected(start: number): number {
    const { view, end } = this.#record
    const labelEnd = this.#wordEnd(start, 16)
    const epoch = labelEnd + 1
    const node = epoch + 22
    if (labelEnd < 0 || node + 17 > end || view.getUint8(epoch + 10) !== SPACE) return -1
    if (view.getUint8(epoch + 15) !== POINT || view.getUint8(epoch + 18) !== POINT || view.getUint8(node - 1) !== SPACE)
      return -1
    const nodeEnd = this.#wordEnd(node, 64)
    if (nodeEnd < 0 || nodeEnd + 16 > end || monthOfLetters(view, nodeEnd + 1) === 0) return -1
    const after = this.#entry.time.readSyslog(view, nodeEnd + 1, end)
    if (after < 0 || !this.#entry.time.readEpoch(view, epoch, epoch + 10)) return -1
    this.labelStart = start
    this.labelEnd = labelEnd
    this.nodeStart = node
    this.nodeEnd = nodeEnd
    this.#took(DEMAND.none, epoch, epoch + 10)
    return after
  }

  #wordEnd(start: number, most: number): number {
    const { view, end } = this.#record
    const last = Math.min(end, start + most + 1)
    for (let at = start; at < last; at++) if (view.getUint8(at) === SPACE) return at > start ? at : -1
    return -1
  }

  #took(demand: Demand, start: number, after: number): number {
    if (after < 0) return -1
    this.demand = demand
    this.hasTime = true
    this.#entry.timeFrom(start, after)
    return after
  }
}

function isVersion(byte: number): boolean {
  return byte >= 0x31 && byte <= 0x39
}

/** RFC 5424 without its priority: `1 2003-10-11T22:14:15.003Z host `. A time is demanded, for a list may begin with `1 - `. */
function isBareVersioned(view: DataView, start: number, end: number): boolean {
  return (
    end - start > 24 &&
    view.getUint8(start) === 0x31 &&
    view.getUint8(start + 1) === SPACE &&
    view.getUint8(start + 6) === DASH &&
    view.getUint8(start + 9) === DASH &&
    view.getUint8(start + 12) === LETTER_T
  )
}

/** The time [start, after) says its zone. */
function hasZone(view: DataView, start: number, after: number): boolean {
  if ((view.getUint8(after - 1) | 0x20) === 0x7a) return true
  for (let at = start + 19; at < after; at++) if (view.getUint8(at) === 0x2b || view.getUint8(at) === DASH) return true
  return false
}
