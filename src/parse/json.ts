/**
 * `parse: json`. Every line goes to the transcoder first; what it is not sure of is read here, the plain way: JSON.parse, an
 * entry, JSON.stringify. Nothing of a line is ever lost: what has no place in the entry is in `metadata`:
 *
 * - members without a field, and values that do not fit theirs, under the key they came with (`_` appended when it is taken);
 * - what is left of objects whose members are fields, under the object's key; members of the line's envelope, if it has one;
 * - `more_fields`: members beyond 512, as JSON text; `raw`: the whole line, when an object in it had a key twice;
 * - `level_raw`, `timestamp_raw`: values that say nothing, when no other key said it either;
 * - `parse_error`: why the line is no JSON object; it is the message then, whole. `truncated`, `partial`, `continued`: see Line.
 *
 * A line without a time has its envelope's, or that of the read; an access log's line without a level has one by its status,
 * any other INFO. An object without a message is its own message.
 */
import { EntryTail } from './entry-tail.ts'
import { KIND, SPELLINGS } from './fields.ts'
import { isObject } from './json-dialects.ts'
import { EntrySorter } from './json-entry.ts'
import { countMembers, tameJson } from './json-tame.ts'
import { JsonTranscoder } from './json-transcoder.ts'
import { INFO } from './level.ts'
import type { EntryFacts, FormatParser, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { Metadata } from './metadata.ts'
import { RecordBytes } from './record.ts'

export function createJsonParser(context: LineContext): JsonParser {
  return new JsonParser(context)
}

export class JsonParser implements LineParser, FormatParser {
  readonly #context: LineContext
  readonly #transcoder: JsonTranscoder
  readonly #record = new RecordBytes()
  readonly #sorter: EntrySorter

  constructor(context: LineContext) {
    this.#context = context
    this.#sorter = new EntrySorter(context.times)
    this.#transcoder = new JsonTranscoder(context, new EntryTail(context))
  }

  /** A line that is no JSON object becomes the message of its entry, whole. */
  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const reason = this.tryParse(line, out, facts)
    if (reason !== undefined) this.#parseMisfit(line, out, { facts, reason })
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    if (this.#transcoder.transcode(line, out, facts)) return undefined
    return beginsObject(line) ? this.parsePlainly(line, out, facts) : NO_OBJECT
  }

  /** The same, without the transcoder. */
  parsePlainly(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    this.#begin(line, facts)
    const tamed = tameJson(this.#record, keepsNumberText)
    const root = parseRoot(tamed.text)
    if (typeof root === 'string') return root
    const metadata = new Metadata()
    const entry = this.#sorter.sort(root, { line, facts, metadata })
    entry.message ??= this.#text()
    if (countMembers(root) !== tamed.memberCount) metadata.note('raw', this.#text())
    this.#append(line, out, { entry, metadata })
    return undefined
  }

  #parseMisfit(line: Line, out: NdjsonBuffer, { facts, reason }: { facts: EntryFacts; reason: string }): void {
    this.#begin(line, facts)
    facts.hasParseError = true
    const metadata = new Metadata()
    const entry = this.#sorter.sort({ message: this.#text() }, { line, facts, metadata })
    metadata.note('parse_error', reason)
    this.#append(line, out, { entry, metadata })
  }

  /** The text of the line. */
  #text(): string {
    return this.#record.text(this.#record.start, this.#record.end)
  }

  /** `facts` become what they are before anything is known. */
  #begin(line: Line, facts: EntryFacts): void {
    this.#record.take(line)
    facts.timeMs = line.readMs
    facts.level = INFO
    facts.service = this.#context.service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasTimeFallback = false
    facts.hasInvalidUtf8 = this.#record.hasInvalidUtf8
  }

  #append(
    line: Line,
    out: NdjsonBuffer,
    { entry, metadata }: { entry: Record<string, unknown>; metadata: Metadata },
  ): void {
    const { service, version, environment, host, source, file } = this.#context
    if (line.isTruncated) metadata.note('truncated', true)
    if (line.isPartial) metadata.note('partial', true)
    if (line.isContinued) metadata.note('continued', true)
    const members = line.envelope?.members
    if (members !== undefined && members.length > 0) {
      const root = parseRoot(`{${members}}`)
      if (isObject(root)) for (const [name, value] of Object.entries(root)) metadata.note(name, value)
    }
    entry.service ??= service
    entry.version ??= version
    entry.environment ??= environment
    const rest = metadata.finish()
    if (rest) entry.metadata = rest
    entry.host = host
    entry.source = source
    entry.file = file
    entry.offset = line.offset
    out.appendText(`${wellFormed(JSON.stringify(entry))}\n`)
  }
}

const NO_OBJECT = 'not a JSON object'

/** The first byte that is no blank is `{`. */
function beginsObject({ bytes, start, end }: Line): boolean {
  let at = start
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++
  return at < end && bytes[at] === 0x7b
}

/** Numbers for text fields and times are kept as they are written: 1.10 is a version. */
function keepsNumberText(key: string): boolean {
  const kind = SPELLINGS.get(key)?.kind
  return kind === KIND.text || kind === KIND.time
}

/** The object, or why it is none. */
function parseRoot(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const root: unknown = JSON.parse(text)
    return isObject(root) ? root : NO_OBJECT
  } catch (error) {
    // V8 quotes the text it stumbled over, which may be anything, and long: only what comes before is kept.
    const message = error instanceof Error ? error.message : ''
    return `not JSON: ${message.replace(/, (?:\.\.\.)?".*$|"(?:.|\n)*$| \(line \d+ column \d+\)$/s, '')}`
  }
}

/** JSON.stringify writes a lone surrogate as an escape; many readers choke on it. */
function wellFormed(json: string): string {
  if (!json.includes('\\ud')) return json
  return json.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (match) => (match.startsWith('\\ud') ? '\ufffd' : match))
}
