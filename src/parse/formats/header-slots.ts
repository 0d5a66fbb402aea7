/** What a log header says beside time, level and message: spans of the record's bytes, by what they are. */
import { type Member, member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import {
  AT,
  COLON,
  COMMA,
  classParts,
  DASH,
  isBlank,
  isDigit,
  isHex,
  isNumber,
  isSourceFile,
  isUpper,
  lineNumberColon,
  POINT,
  skipBlanks,
  trimEnd,
} from './header-words.ts'

export const SLOT = {
  thread: 0,
  logger: 1,
  pid: 2,
  location: 3,
  node: 4,
  application: 5,
  logFile: 6,
  requestId: 7,
  traceId: 8,
  spanId: 9,
  /** Time since the program began, as it is written: ms, or with a unit. */
  uptime: 10,
  /** From here on: whatever else stood in the header, in order. */
  context: 11,
} as const

export type Slot = (typeof SLOT)[keyof typeof SLOT]

const CONTEXTS = 6
const SLOTS = SLOT.context + CONTEXTS

const MEMBERS: readonly Member[] = [
  'thread',
  'logger',
  'pid',
  'location',
  'node',
  'application',
  'log_file',
  'request_id',
  'trace_id',
  'span_id',
  'uptime',
  ...Array.from({ length: CONTEXTS }, (_, i) => (i === 0 ? 'context' : `context_${i + 1}`)),
].map(member)

/** Slots that are fields of the entry. */
const FIELD_OF_SLOT: readonly number[] = Array.from({ length: SLOTS }, (_, slot) => {
  if (slot === SLOT.requestId) return fieldNumber('request_id')
  if (slot === SLOT.traceId) return fieldNumber('trace_id')
  return slot === SLOT.spanId ? fieldNumber('span_id') : -1
})

/** More digits than a double holds, or a leading zero: a text. */
const MAX_NUMBER_DIGITS = 15

export class HeaderSlots {
  readonly #starts = new Int32Array(SLOTS)
  readonly #ends = new Int32Array(SLOTS)
  /** Slots filled, as bits. */
  #filled = 0
  #contexts = 0

  clear(): void {
    this.#filled = 0
    this.#contexts = 0
  }

  has(slot: Slot): boolean {
    return ((this.#filled >> slot) & 1) === 1
  }

  get isEmpty(): boolean {
    return this.#filled === 0
  }

  /** A slot that is taken already leaves the span to the contexts. */
  set(slot: Slot, start: number, end: number): void {
    if (start >= end) return
    if (slot === SLOT.context || this.has(slot)) this.#context(start, end)
    else this.#put(slot, start, end)
  }

  /** What was taken for the thread is the application's name, and this is the thread; a trace does not come in between. */
  shiftThread(view: DataView, start: number, end: number): void {
    if (this.#setTrace(view, start, end)) return
    this.#put(SLOT.application, this.#starts[SLOT.thread] ?? 0, this.#ends[SLOT.thread] ?? 0)
    this.#put(SLOT.thread, start, end)
  }

  /** `c.e.Foo`, `c.e.Foo:123`, `module:function:12`, `views.py:12`. */
  setLogger(view: DataView, start: number, end: number): void {
    if (isSourceFile(view, start, end)) {
      this.set(SLOT.location, start, end)
      return
    }
    const line = lineNumberColon(view, start, end)
    let colon = start
    while (colon < line && view.getUint8(colon) !== COLON) colon++
    if (line < 0 || colon === start) this.set(SLOT.logger, start, end)
    else {
      this.set(SLOT.logger, start, colon)
      this.set(SLOT.location, colon + 1, end)
    }
  }

  /** What stood in brackets: bytes [from, to), blanks around it included. `isLogger`: where it stands, loggers stand. */
  setGroup(view: DataView, from: number, { to, isLogger }: { to: number; isLogger: boolean }): void {
    const start = skipBlanks(view, from, to)
    const end = trimEnd(view, start, to)
    if (start === end) return
    if (isNumber(view, start, end)) this.set(SLOT.pid, start, end)
    else if (isUptime(view, start, end)) this.set(SLOT.uptime, start, end)
    else if (this.#setTrace(view, start, end)) return
    else if (this.#setSplit(view, start, end)) return
    else if (isSourceFile(view, start, end)) this.set(SLOT.location, start, end)
    else if (!this.has(SLOT.logger) && (isLogger || classParts(view, start, end) > 1)) this.setLogger(view, start, end)
    else this.set(SLOT.thread, start, end)
  }

  /** The logger is a class (`c.e.App`), and the thread none that Python names by itself. */
  isOfJava(view: DataView): boolean {
    if (!this.has(SLOT.thread) || !this.has(SLOT.logger)) return false
    const start = this.#starts[SLOT.logger] ?? 0
    const end = this.#ends[SLOT.logger] ?? 0
    let last = end
    while (last > start && view.getUint8(last - 1) !== POINT) last--
    if (last === start || last === end || !isUpper(view.getUint8(last))) return false
    const thread = this.#starts[SLOT.thread] ?? 0
    const letters = (view.getUint8(thread) << 8) | view.getUint8(thread + 1)
    return letters !== MAIN_THREAD && letters !== THREAD && letters !== DUMMY
  }

  writeTo(writer: EntryWriter, view: DataView): void {
    for (let slot = 0, rest = this.#filled; rest !== 0; slot++, rest >>= 1) {
      if ((rest & 1) === 0) continue
      const start = this.#starts[slot] ?? 0
      const end = this.#ends[slot] ?? 0
      const field = FIELD_OF_SLOT[slot] ?? -1
      const key = MEMBERS[slot]
      if (field >= 0) writer.set(field, start, end)
      else if (key === undefined) continue
      else if (slot === SLOT.pid && isPlainNumber(view, start, end)) writer.addNumber(key, start, end)
      else writer.add(key, start, end)
    }
  }

  /** Sleuth's `app,trace,span` (and `,true`), Micrometer's `trace-span`. */
  #setTrace(view: DataView, start: number, end: number): boolean {
    for (const width of [32, 16]) {
      if (end - start === width + 17 && view.getUint8(start + width) === DASH) {
        if (!isHex(view, start, width) || !isHex(view, start + width + 1, 16)) continue
        this.set(SLOT.traceId, start, start + width)
        this.set(SLOT.spanId, start + width + 1, end)
        return true
      }
      let comma = start
      while (comma < end && view.getUint8(comma) !== COMMA) comma++
      const span = comma + 1 + width + 1
      if (comma === end || span + 16 > end || view.getUint8(span - 1) !== COMMA) continue
      if (!isHex(view, comma + 1, width) || !isHex(view, span, 16)) continue
      this.set(SLOT.application, start, comma)
      this.set(SLOT.traceId, comma + 1, span - 1)
      this.set(SLOT.spanId, span, span + 16)
      if (span + 17 < end) this.#context(span + 17, end)
      return true
    }
    return false
  }

  /** ZooKeeper's `thread:logger@line`, and Salt's `logger      :line `. */
  #setSplit(view: DataView, start: number, end: number): boolean {
    let at = end - 1
    while (at > start && isDigit(view.getUint8(at))) at--
    if (at === start || at === end - 1) return false
    if (view.getUint8(at) === COLON && isBlank(view.getUint8(at - 1))) {
      this.set(SLOT.logger, start, trimEnd(view, start, at))
      this.set(SLOT.location, at + 1, end)
      return true
    }
    if (view.getUint8(at) !== AT) return false
    let colon = at
    while (colon > start && view.getUint8(colon) !== COLON) colon--
    if (colon === start) return false
    if (this.has(SLOT.thread)) this.#context(this.#starts[SLOT.thread] ?? 0, this.#ends[SLOT.thread] ?? 0)
    this.#put(SLOT.thread, start, colon)
    this.set(SLOT.logger, colon + 1, at)
    this.set(SLOT.location, at + 1, end)
    return true
  }

  #put(slot: number, start: number, end: number): void {
    this.#filled |= 1 << slot
    this.#starts[slot] = start
    this.#ends[slot] = end
  }

  /** The last one goes on to the newest span when all are taken: bytes between are the header's, too. */
  #context(start: number, end: number): void {
    const last = SLOT.context + CONTEXTS - 1
    if (this.#contexts === CONTEXTS) this.#ends[last] = end
    else this.#put(SLOT.context + this.#contexts++, start, end)
  }
}

/** The first two letters of `MainThread`, `Thread-1` and `Dummy-1`. */
const MAIN_THREAD = 0x4d61
const THREAD = 0x5468
const DUMMY = 0x4475

/** `0.005s`, `123ms`, as the JVM's own log has it. */
function isUptime(view: DataView, start: number, end: number): boolean {
  if (view.getUint8(end - 1) !== 0x73 || !isDigit(view.getUint8(start))) return false
  let at = start
  while (at < end && (isDigit(view.getUint8(at)) || view.getUint8(at) === 0x2e)) at++
  return at === end - 1 || (at === end - 2 && (view.getUint8(at) === 0x6d || view.getUint8(at) === 0x6e))
}

function isPlainNumber(view: DataView, start: number, end: number): boolean {
  if (end - start > MAX_NUMBER_DIGITS || (end - start > 1 && view.getUint8(start) === 0x30)) return false
  return isNumber(view, start, end)
}
