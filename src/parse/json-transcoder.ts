/**
 * The fast way from a JSON line to an entry: one walk over the bytes of the line, without objects and strings. Most members
 * of a line *are* members of the entry and are copied (entry-runs.ts); rewritten is only what differs: a level's word, a
 * time's form, a key with another spelling, a number where text is due and the other way round.
 *
 * It accepts only what it is sure of. A line it refuses is read by JSON.parse (json.ts), and a property test holds that the
 * two agree on every line it accepts. Written against the grain, with fields for results and numbers for kinds, so that
 * nothing is allocated per line.
 */
import { isUtf8 } from 'node:buffer'
import { GROWTH_BYTES } from './entry-runs.ts'
import { type EntryTail, HAS_ENVIRONMENT, HAS_SERVICE, HAS_VERSION } from './entry-tail.ts'
import { fieldNumber, KIND } from './fields.ts'
import { skipBlanks, viewOf } from './json-bytes.ts'
import { KEYS } from './json-dialects.ts'
import { levelOfStatus } from './json-fit.ts'
import { JsonKeys } from './json-keys.ts'
import { JsonLeftovers } from './json-leftovers.ts'
import { JsonMember } from './json-member.ts'
import { JsonNests } from './json-nests.ts'
import { JsonValues, LEVEL_BYTES } from './json-values.ts'
import { INFO } from './level.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from './line.ts'
import { appendEscaped, appendSpan, appendWords } from './span-writer.ts'

const TIMESTAMP = fieldNumber('timestamp')
const LEVEL = fieldNumber('level')
const MESSAGE = fieldNumber('message')
const SERVICE = fieldNumber('service')
const VERSION = fieldNumber('version')
const ENVIRONMENT = fieldNumber('environment')
const METHOD = fieldNumber('method')
const PATH = fieldNumber('path')
const NOTHING = Buffer.alloc(0)

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LETTER_N = 0x6e

export class JsonTranscoder {
  readonly #tail: EntryTail
  readonly #service: string
  readonly #member = new JsonMember()
  readonly #keys = new JsonKeys(KEYS, this.#member.scan)
  readonly #values: JsonValues
  readonly #leftovers: JsonLeftovers
  readonly #nests: JsonNests

  constructor(context: LineContext, tail: EntryTail) {
    this.#tail = tail
    this.#service = context.service
    this.#values = new JsonValues(this.#member, context.times)
    this.#leftovers = new JsonLeftovers(this.#member, this.#values, this.#keys)
    this.#nests = new JsonNests(this.#member, this.#values, this.#leftovers)
  }

  /** Appends the entry of the line, or returns false and leaves `out` as it was; `facts` count only after true. */
  transcode(line: Line, out: NdjsonBuffer, facts: EntryFacts): boolean {
    const { bytes, start, end } = line
    if (line.isTruncated || line.isPartial || line.isContinued) return false
    if (!line.isUtf8 && !isUtf8(bytes.subarray(start, end))) return false
    const member = this.#member
    const { runs, scan } = member
    if (bytes !== runs.source) {
      runs.source = bytes
      scan.view = viewOf(bytes)
    }
    scan.end = end
    scan.quoteCount = 0
    member.seen = 0
    member.depth = 1
    this.#values.begin(line.readMs)
    this.#leftovers.begin()
    facts.timeMs = line.envelope === undefined ? line.readMs : line.envelope.timeMs
    facts.level = INFO
    facts.service = this.#service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasTimeFallback = false
    facts.hasInvalidUtf8 = false
    runs.begin(out, end - start)
    if (this.#members(start, facts) && this.#finish(line, facts)) return true
    out.length = runs.start
    return false
  }

  #members(start: number, facts: EntryFacts): boolean {
    const member = this.#member
    const { view, end } = member.scan
    const keys = this.#keys
    keys.beginLine()
    let at = skipBlanks(view, start, end)
    if (at >= end || view.getUint8(at) !== OPEN_BRACE) return false
    at = skipBlanks(view, at + 1, end)
    if (at < end && view.getUint8(at) === CLOSE_BRACE) return skipBlanks(view, at + 1, end) === end
    for (;;) {
      const key = keys.take(view, at, end)
      if (key === undefined) return false
      member.keyStart = at
      member.key = key
      at += key.length
      // Blanks are asked for only when what is due does not come at once: most loggers write none.
      if (at < end && view.getUint8(at) !== COLON) at = skipBlanks(view, at, end)
      if (at >= end || view.getUint8(at) !== COLON) return false
      if (++at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      member.valueStart = at
      at = this.#place(view.getUint8(at), facts)
      if (at < 0) return false
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      const byte = view.getUint8(at++)
      if (byte !== COMMA) return byte === CLOSE_BRACE && skipBlanks(view, at, end) === end
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
    }
  }

  /** Puts the member under way, whose value begins with the byte `first`, where it belongs: the position after it, or −1. */
  #place(first: number, facts: EntryFacts): number {
    const member = this.#member
    const { key } = member
    // Most members are one of the first two.
    const bit = key.textBit & ~member.seen
    if (first === QUOTE && bit !== 0) {
      member.seen |= bit
      return this.#values.text(facts)
    }
    if (key.isLoose) return member.gather()
    return this.#placeOther(first, facts)
  }

  #placeOther(first: number, facts: EntryFacts): number {
    const { key, runs, scan, valueStart } = this.#member
    if (first === OPEN_BRACE && key.members !== undefined) return this.#nests.walk(this.#keys, facts)
    if (key.kind === KIND.unknown) return this.#member.gather()
    if (key.kind >= KIND.epochSeconds) return -1
    // null: the field is unknown, as if the member were not there.
    if (first === LETTER_N) {
      runs.flush()
      return scan.literal(valueStart)
    }
    return key.isWeak && first !== OPEN_BRACE ? this.#leftovers.holdWeak() : this.#placeField(first, facts)
  }

  #placeField(first: number, facts: EntryFacts): number {
    const member = this.#member
    const { kind, field, isOwn } = member.key
    const bit = 1 << field
    const isText = first === QUOTE
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39)
    if (kind === KIND.trace || kind === KIND.requestLine) return this.#leftovers.lend(isText)
    if ((member.seen & bit) !== 0) {
      // Another spelling came before; an own name would win over it: json.ts knows.
      if (isOwn) return -1
      return isNumber && (kind === KIND.text || kind === KIND.time) ? member.gatherQuoted() : member.gather()
    }
    if (kind === KIND.object) return first === OPEN_BRACE ? this.#leftovers.ownMetadata() : member.gather()
    if (!isText && !isNumber) return member.gather()
    const after = this.#values.take(isText, facts)
    if (member.isTaken) member.seen |= bit
    return after
  }

  /** What the line did not say. A line without a message is its own message. */
  #finish(line: Line, facts: EntryFacts): boolean {
    const member = this.#member
    const { runs, scan } = member
    const leftovers = this.#leftovers
    const weak = leftovers.restoreWeak()
    if (weak >= 0 && this.#placeField(weak, facts) < 0) return false
    if (leftovers.hasAny) {
      member.seen |= leftovers.writeLent(member.seen)
      if (!leftovers.placeBad(member.seen, facts)) return false
    }
    const { seen } = member
    const { envelope } = line
    if (envelope !== undefined || (runs.ownStart >= 0 && runs.memberCount > 0) || leftovers.hasAny) {
      if (!leftovers.isWithoutClash(envelope?.members)) return false
    }
    runs.envelope = envelope === undefined ? NOTHING : envelope.members
    runs.writeMetadata()
    const { out } = runs
    if ((seen & (1 << MESSAGE)) === 0) {
      runs.writeKey(MESSAGE)
      out.bytes[out.length++] = QUOTE
      appendEscaped(out, line.bytes, { view: scan.view, start: line.start, end: line.end })
      out.reserve(GROWTH_BYTES)
      out.bytes[out.length++] = QUOTE
    }
    if ((seen & (1 << TIMESTAMP)) === 0) {
      runs.writeKey(TIMESTAMP)
      if (envelope === undefined) this.#values.writeReadTime()
      else {
        out.bytes[out.length++] = QUOTE
        appendSpan(out, envelope.time, 0, envelope.time.length)
        out.bytes[out.length++] = QUOTE
      }
    }
    if ((seen & (1 << LEVEL)) === 0) {
      // What names a method or a path is an access log, whose status says how it went.
      if (facts.statusCode >= 400 && (seen & ((1 << METHOD) | (1 << PATH))) !== 0)
        facts.level = levelOfStatus(facts.statusCode)
      const word = LEVEL_BYTES[facts.level]
      runs.writeKey(LEVEL)
      if (word !== undefined) appendWords(out, word, 0, word.byteLength)
    }
    const service = (seen >> SERVICE) & 1 ? HAS_SERVICE : 0
    const version = (seen >> VERSION) & 1 ? HAS_VERSION : 0
    const environment = (seen >> ENVIRONMENT) & 1 ? HAS_ENVIRONMENT : 0
    this.#tail.write(out, service | version | environment, line.offset)
    return true
  }
}
