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
import { type EntryTail, HAS_ENVIRONMENT, HAS_SERVICE, HAS_VERSION } from './entry-tail.ts'
import { fieldNumber, KIND } from './fields.ts'
import { skipBlanks } from './json-bytes.ts'
import { JsonKeys } from './json-keys.ts'
import { JsonValues, LEVEL_BYTES } from './json-values.ts'
import { INFO } from './level.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from './line.ts'
import { appendEscaped, appendSpan } from './span-writer.ts'

const TIMESTAMP = fieldNumber('timestamp')
const LEVEL = fieldNumber('level')
const MESSAGE = fieldNumber('message')
const SERVICE = fieldNumber('service')
const VERSION = fieldNumber('version')
const ENVIRONMENT = fieldNumber('environment')
const METADATA = fieldNumber('metadata')

/** More than all rewriting can add to a line: every key once in its longest spelling, quotes, commas, a time. */
const GROWTH_BYTES = 1024

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
  readonly #keys = new JsonKeys()
  readonly #values = new JsonValues()
  /** Fields the entry under way has, as bits. */
  #seen = 0

  constructor(context: LineContext, tail: EntryTail) {
    this.#tail = tail
    this.#service = context.service
  }

  /** Appends the entry of the line, or returns false and leaves `out` as it was; `facts` count only after true. */
  transcode(line: Line, out: NdjsonBuffer, facts: EntryFacts): boolean {
    const { bytes, start, end } = line
    if (line.isTruncated || line.isPartial || line.isContinued) return false
    if (!line.isUtf8 && !isUtf8(bytes.subarray(start, end))) return false
    const { runs, scan } = this.#values
    if (bytes !== runs.source) {
      runs.source = bytes
      scan.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    scan.end = end
    this.#values.readMs = line.readMs
    this.#seen = 0
    facts.timeMs = line.readMs
    facts.level = INFO
    facts.service = this.#service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasInvalidUtf8 = false
    out.reserve(end - start + GROWTH_BYTES)
    runs.begin(out)
    if (this.#members(start, facts) && this.#finish(line)) return true
    out.length = runs.start
    return false
  }

  #members(start: number, facts: EntryFacts): boolean {
    const values = this.#values
    const { view, end } = values.scan
    const keys = this.#keys
    keys.beginLine()
    let at = skipBlanks(view, start, end)
    if (at >= end || view.getUint8(at) !== OPEN_BRACE) return false
    at = skipBlanks(view, at + 1, end)
    if (at < end && view.getUint8(at) === CLOSE_BRACE) return skipBlanks(view, at + 1, end) === end
    for (;;) {
      const key = keys.take(view, at, end)
      if (key === undefined) return false
      values.keyStart = at
      values.key = key
      at += key.length
      // Blanks are asked for only when what is due does not come at once: most loggers write none.
      if (at < end && view.getUint8(at) !== COLON) at = skipBlanks(view, at, end)
      if (at >= end || view.getUint8(at) !== COLON) return false
      if (++at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      values.valueStart = at
      at = this.#member(view.getUint8(at), facts)
      if (at < 0) return false
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
      if (at >= end) return false
      const byte = view.getUint8(at++)
      if (byte !== COMMA) return byte === CLOSE_BRACE && skipBlanks(view, at, end) === end
      if (at < end && view.getUint8(at) <= SPACE) at = skipBlanks(view, at, end)
    }
  }

  /** The member under way, whose value begins with the byte `first`: the position after the value, or −1. */
  #member(first: number, facts: EntryFacts): number {
    const values = this.#values
    const { key, runs, scan, valueStart } = values
    const { kind } = key
    if (kind === KIND.unknown) return values.gather()
    // null: the field is unknown, as if the member were not there.
    if (first === LETTER_N) {
      runs.flush()
      return scan.literal(valueStart)
    }
    const bit = 1 << key.field
    const isText = first === QUOTE
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39)
    if ((this.#seen & bit) !== 0) {
      // Another spelling came before. An own name would win, and a number may have become text: json.ts knows.
      return key.isOwn || isNumber ? -1 : values.gather()
    }
    if (kind === KIND.object ? first !== OPEN_BRACE : !isText && !isNumber) return values.gather()
    this.#seen |= bit
    switch (kind) {
      case KIND.text:
        return isText ? values.text(facts) : values.textOfNumber(facts)
      case KIND.time:
        return values.timestamp(isText, facts)
      case KIND.level:
      case KIND.severity:
        return values.level(isText, facts)
      case KIND.integer:
        return values.integer(isText, facts)
      case KIND.object:
        return values.keep(scan.value(valueStart, 1))
      default:
        return values.duration(isText, facts)
    }
  }

  /** What the line did not say. A line without a message is its own message. */
  #finish(line: Line): boolean {
    const { runs, scan } = this.#values
    const seen = this.#seen
    if (runs.hasSpans && (seen & (1 << METADATA)) !== 0) return false
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
      this.#values.writeReadTime()
    }
    if ((seen & (1 << LEVEL)) === 0) {
      const word = LEVEL_BYTES[INFO]
      runs.writeKey(LEVEL)
      if (word !== undefined) appendSpan(out, word, 0, word.length)
    }
    const service = (seen >> SERVICE) & 1 ? HAS_SERVICE : 0
    const version = (seen >> VERSION) & 1 ? HAS_VERSION : 0
    const environment = (seen >> ENVIRONMENT) & 1 ? HAS_ENVIRONMENT : 0
    this.#tail.write(out, service | version | environment, line.offset)
    return true
  }
}
