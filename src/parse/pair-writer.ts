/**
 * Formats whose keys come from the record itself (logfmt, named groups of a pattern, journal fields) put their pairs together
 * as a JSON object, which JsonParser then sorts into fields and metadata: one table of spellings, one set of rules for
 * times, levels and numbers, whatever the format. A key that comes again is written with `_` appended, so no value is lost.
 */
import { JsonParser } from './json.ts'
import { type EntryFacts, type Line, type LineContext, NdjsonBuffer } from './line.ts'
import { type PairKey, PairKeys } from './pair-keys.ts'
import type { RecordBytes } from './record.ts'
import { appendEscaped, appendSpan } from './span-writer.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACE = 0x7b

export class PairWriter {
  /** The keys of this writer: ask it for those that come often. They live as long as the record at hand. */
  readonly keys = new PairKeys()
  readonly #record: RecordBytes
  readonly #json: JsonParser
  readonly #text = new NdjsonBuffer(1024)
  /** Members of the record's `metadata`, while there are any. */
  readonly #rest = new NdjsonBuffer(1024)
  /** Where pairs go: one of the two. */
  #target = this.#text
  #number = 0
  #hasMessage = false
  readonly #line: Line = {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    offset: 0,
    readMs: 0,
    isUtf8: true,
    isTruncated: false,
    isPartial: false,
    isContinued: false,
    envelope: undefined,
  }

  constructor(context: LineContext, record: RecordBytes) {
    this.#record = record
    this.#json = new JsonParser(context)
  }

  begin(): void {
    this.#text.clear()
    this.#rest.clear()
    this.#target = this.#text
    this.#number++
    this.#hasMessage = false
    this.keys.trim()
  }

  /** From here on pairs are members of `metadata`, whatever they are called; `false`: the table of spellings decides again. */
  turnToMetadata(isMetadata: boolean): void {
    this.#target = isMetadata ? this.#rest : this.#text
  }

  /** A pair whose value is the text of bytes [start, end) of the record. */
  add(key: string | PairKey, start: number, end: number): void {
    this.#key(key)
    const text = this.#target
    const { bytes, view } = this.#record
    text.bytes[text.length++] = QUOTE
    appendEscaped(text, bytes, { view, start, end })
    text.reserve(1)
    text.bytes[text.length++] = QUOTE
  }

  /** A pair whose value is the JSON in bytes [start, end): a number, a string with its quotes. */
  addBare(key: string | PairKey, start: number, end: number): void {
    this.#key(key)
    this.#target.reserve(end - start)
    appendSpan(this.#target, this.#record.bytes, start, end)
  }

  /** A pair whose value is not in the record as it stands. */
  addJson(key: string | PairKey, json: string): void {
    this.#key(key)
    this.#target.appendText(json)
  }

  /** Appends the entry of the pairs. A record none of whose pairs is its message is its own message, whole. */
  end(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const text = this.#text
    this.#target = text
    if (!this.#hasMessage) this.add('message', this.#record.start, this.#record.end)
    this.#addRest()
    text.appendText('}')
    const target = this.#line
    target.bytes = text.bytes
    target.end = text.length
    target.offset = line.offset
    target.readMs = line.readMs
    target.isTruncated = line.isTruncated
    target.isPartial = line.isPartial
    target.isContinued = line.isContinued
    target.envelope = line.envelope
    this.#json.parse(target, out, facts)
    facts.hasInvalidUtf8 = this.#record.hasInvalidUtf8
  }

  #addRest(): void {
    const rest = this.#rest
    if (rest.length === 0) return
    rest.appendText('}')
    this.#key('metadata')
    this.#text.reserve(rest.length)
    appendSpan(this.#text, rest.bytes, 0, rest.length)
  }

  #key(name: string | PairKey): void {
    let key = typeof name === 'string' ? this.keys.named(name) : name
    while (key.record === this.#number) key = this.keys.again(key)
    key.record = this.#number
    key.repeats = 0
    if (key.isMessage && this.#target === this.#text) this.#hasMessage = true
    const text = this.#target
    text.reserve(key.bytes.length + 2)
    text.bytes[text.length] = text.length === 0 ? OPEN_BRACE : COMMA
    text.length++
    appendSpan(text, key.bytes, 0, key.bytes.length)
    text.reserve(1)
  }
}
