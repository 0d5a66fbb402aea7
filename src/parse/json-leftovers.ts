/**
 * What of a line can only be placed when all of it has been seen: weak spellings, times and levels that say nothing, texts
 * that lend parts of themselves to fields, and the line's own `metadata`, whose names may clash with what else goes there.
 */
import { fieldNumber, KIND } from './fields.ts'
import { viewOf } from './json-bytes.ts'
import { NO_KEY } from './json-key.ts'
import type { JsonKeys } from './json-keys.ts'
import type { JsonMember } from './json-member.ts'
import type { JsonValues } from './json-values.ts'
import type { EntryFacts } from './line.ts'
import { MAX_MEMBERS } from './metadata.ts'
import { RequestLine } from './request-line.ts'
import { TraceContext } from './trace-context.ts'

const TIMESTAMP = 1 << fieldNumber('timestamp')
const LEVEL = 1 << fieldNumber('level')
const TRACE_ID = fieldNumber('trace_id')
const SPAN_ID = fieldNumber('span_id')
const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')

/** Keys of an own `metadata` that are remembered: as many as the scanner remembers. */
const MAX_OWN_KEYS = 64

const NOTE_NAMES: readonly Buffer[] = ['"timestamp_raw"', '"level_raw"'].map((name) => Buffer.from(name))
const NOTE_VIEWS = NOTE_NAMES.map(viewOf)
const NOTHING = Buffer.alloc(0)

export class JsonLeftovers {
  /** There is something to place besides `metadata`. */
  hasAny = false
  readonly #member: JsonMember
  readonly #values: JsonValues
  readonly #keys: JsonKeys
  /** The line before left something here. */
  #isDirty = false
  #weakKey = NO_KEY
  #weakKeyStart = 0
  #weakValueStart = -1
  readonly #trace = new TraceContext()
  #hasTrace = false
  #hasRequest = false
  readonly #request = new RequestLine()
  #ownCount = 0
  readonly #ownStarts = new Int32Array(MAX_OWN_KEYS)
  readonly #ownEnds = new Int32Array(MAX_OWN_KEYS)
  /** Members of the envelope seen last, and their names. */
  #members: Buffer = NOTHING
  #names: readonly Buffer[] = []
  #nameViews: readonly DataView[] = []
  /** One of them is the name of a note. */
  #isNoteNamed = false

  constructor(member: JsonMember, values: JsonValues, keys: JsonKeys) {
    this.#member = member
    this.#values = values
    this.#keys = keys
  }

  begin(): void {
    if (!this.#isDirty) return
    this.#isDirty = false
    this.hasAny = false
    this.#member.runs.ownStart = -1
    this.#weakValueStart = -1
    this.#hasTrace = false
    this.#hasRequest = false
    this.#ownCount = 0
  }

  /** The member under way counts only when no other gives its field. A second one is left to the plain way. */
  holdWeak(): number {
    const { key, keyStart, valueStart, scan, runs } = this.#member
    if (this.#weakValueStart >= 0) return -1
    this.#isDirty = true
    this.#weakKey = key
    this.#weakKeyStart = keyStart
    this.#weakValueStart = valueStart
    runs.flush()
    const quoteCount = scan.quoteCount
    const after = scan.value(valueStart, 1)
    // It is looked at once more.
    scan.quoteCount = quoteCount
    return after
  }

  /** Makes it the member under way again: the first byte of its value, or −1 when there is none. */
  restoreWeak(): number {
    const member = this.#member
    const start = this.#weakValueStart
    // Read before, so at least a byte of the line.
    if (start < 0) {
      if (this.#values.badTime.isHeld || this.#values.badLevel.isHeld) this.hasAny = this.#isDirty = true
      return -1
    }
    member.runs.flush()
    member.key = this.#weakKey
    member.keyStart = this.#weakKeyStart
    member.valueStart = start
    this.hasAny = this.#isDirty = true
    return member.scan.view.getUint8(start)
  }

  /** The member under way stays in `metadata`, and may lend parts of itself to fields. */
  lend(isText: boolean): number {
    const member = this.#member
    const { scan, valueStart, key } = member
    const after = member.gather()
    if (after < 0 || !isText) return after
    // With escapes the parts may be other texts than they look like.
    scan.string(valueStart + 1)
    if (scan.hasEscapes) return -1
    this.hasAny = this.#isDirty = true
    if (key.kind === KIND.requestLine) this.#hasRequest = this.#request.read(scan.view, valueStart + 1, after - 1)
    else if (!this.#hasTrace) this.#hasTrace = this.#trace.read(scan.view, valueStart + 1, after - 1)
    return after
  }

  /** Writes the fields that were lent and are not among `seen`; returns their bits. */
  writeLent(seen: number): number {
    const { runs } = this.#member
    let written = 0
    if (this.#hasTrace && (seen & (1 << TRACE_ID)) === 0) {
      const { traceStart, traceEnd, spanStart, spanEnd } = this.#trace
      runs.writeText(TRACE_ID, traceStart, traceEnd)
      written |= 1 << TRACE_ID
      if (spanStart < spanEnd && (seen & (1 << SPAN_ID)) === 0) {
        runs.writeText(SPAN_ID, spanStart, spanEnd)
        written |= 1 << SPAN_ID
      }
    }
    if (this.#hasRequest && (seen & ((1 << METHOD) | (1 << PATH))) === 0) {
      const { methodStart, methodEnd, pathEnd } = this.#request
      runs.writeText(METHOD, methodStart, methodEnd)
      runs.writeText(PATH, methodEnd + 1, pathEnd)
      written |= (1 << METHOD) | (1 << PATH)
    }
    return written
  }

  /** A time and a level that say nothing are notes, or members as they came when another gave the field. */
  placeBad(seen: number, facts: EntryFacts): boolean {
    const { runs } = this.#member
    const { badTime, badLevel } = this.#values
    runs.flush()
    if (badTime.isHeld && (seen & TIMESTAMP) !== 0) {
      if (!runs.gather(badTime.keyStart, badTime.end)) return false
    } else if (badTime.isHeld) {
      facts.hasTimeFallback = true
      runs.badTimeStart = badTime.valueStart
      runs.badTimeEnd = badTime.end
    }
    runs.flush()
    if (badLevel.isHeld && (seen & LEVEL) !== 0) {
      if (!runs.gather(badLevel.keyStart, badLevel.end)) return false
    } else if (badLevel.isHeld) {
      runs.badLevelStart = badLevel.valueStart
      runs.badLevelEnd = badLevel.end
    }
    runs.flush()
    return true
  }

  /** The line's own `metadata`, whose members go into the entry's with all others. */
  ownMetadata(): number {
    const { scan, runs, valueStart } = this.#member
    const after = scan.value(valueStart, 1)
    if (after < 0) return -1
    this.#isDirty = true
    runs.flush()
    runs.ownStart = valueStart + 1
    // `{ }` is as empty as `{}`.
    runs.ownEnd = scan.keyCount === 0 ? runs.ownStart : after - 1
    this.#ownCount = scan.keyCount
    for (let i = 0; i < scan.keyCount; i++) {
      this.#ownStarts[i] = scan.keyStarts[i] ?? 0
      this.#ownEnds[i] = scan.keyEnds[i] ?? 0
    }
    return after
  }

  /** No name in `metadata` is there twice, nor are they too many; only JSON.parse's way can make do with that. */
  isWithoutClash(members: Buffer = NOTHING): boolean {
    const { runs, scan } = this.#member
    if (!this.#members.equals(members)) this.#learn(members)
    if (runs.memberCount + this.#ownCount > MAX_MEMBERS) return false
    if (runs.badTimeStart >= 0 && this.#isName(NOTE_NAMES[0], NOTE_VIEWS[0])) return false
    if (runs.badLevelStart >= 0 && this.#isName(NOTE_NAMES[1], NOTE_VIEWS[1])) return false
    if (this.#isNoteNamed && (runs.badTimeStart >= 0 || runs.badLevelStart >= 0)) return false
    for (let i = 0; i < this.#names.length; i++) if (this.#isName(this.#names[i], this.#nameViews[i])) return false
    if (runs.memberCount === 0) return true
    // Names of fields count, too: a line with a member and an own `metadata.` of one name is rare.
    for (let i = 0; i < this.#ownCount; i++) {
      if (this.#keys.hasTaken(scan.view, this.#ownStarts[i] ?? 0, this.#ownEnds[i] ?? 0)) return false
    }
    return true
  }

  /** The name is in the line, or in its own `metadata`. */
  #isName(name: Buffer | undefined, view: DataView | undefined): boolean {
    if (name === undefined || view === undefined) return false
    if (this.#keys.hasTaken(view, 0, name.length)) return true
    const { source } = this.#member.runs
    for (let i = 0; i < this.#ownCount; i++) {
      const start = this.#ownStarts[i] ?? 0
      const end = this.#ownEnds[i] ?? 0
      if (end - start === name.length && source.compare(name, 0, name.length, start, end) === 0) return true
    }
    return false
  }

  #learn(members: Buffer): void {
    this.#members = Buffer.from(members)
    this.#names = namesOf(members)
    this.#isNoteNamed = this.#names.some((name) => NOTE_NAMES.some((note) => note.equals(name)))
    this.#nameViews = this.#names.map(viewOf)
  }
}

/** The names of members, in their quotes. Runtimes write few, and always the same. */
function namesOf(members: Buffer): Buffer[] {
  try {
    return Object.keys(JSON.parse(`{${members}}`)).map((name) => Buffer.from(JSON.stringify(name)))
  } catch {
    return []
  }
}
