/**
 * `parse: json`. Every line goes to the transcoder first; what it is not sure of is read here, the plain way: JSON.parse, an
 * entry, JSON.stringify. Nothing of a line is ever lost: what has no place in the entry is in `metadata`:
 *
 * - members without a field, and values that do not fit theirs, under the key they came with (`_` appended when it is taken);
 * - `more_fields`: members beyond 512, as JSON text; `raw`: the whole line, when an object in it had a key twice;
 * - `level_raw`, `timestamp_raw`: values that say nothing; INFO and the time of reading stand in for them;
 * - `parse_error`: why the line is no JSON object; it is the message then, whole. `truncated`, `partial`, `continued`: see Line.
 *
 * An object without a message is its own message.
 */
import { isUtf8 } from 'node:buffer'
import { EntryTail } from './entry-tail.ts'
import { KIND, SPELLINGS } from './fields.ts'
import { entryOf } from './json-entry.ts'
import { tameJson } from './json-tame.ts'
import { JsonTranscoder } from './json-transcoder.ts'
import { INFO } from './level.ts'
import type { EntryFacts, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { Metadata } from './metadata.ts'
import { TimestampReader } from './timestamp.ts'

export function createJsonParser(context: LineContext): LineParser {
  return new JsonParser(context)
}

export class JsonParser implements LineParser {
  readonly #context: LineContext
  readonly #transcoder: JsonTranscoder
  readonly #reader = new TimestampReader()

  constructor(context: LineContext) {
    this.#context = context
    this.#transcoder = new JsonTranscoder(context, new EntryTail(context))
  }

  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const reason = this.parseObject(line, out, facts)
    if (reason !== undefined) this.#parseMisfit(line, out, { facts, reason })
  }

  /** Appends the entry of a line that is a JSON object; of any other nothing, and says why it is not. */
  parseObject(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    return this.#transcoder.transcode(line, out, facts) ? undefined : this.parsePlainly(line, out, facts)
  }

  /** The same, without the transcoder. */
  parsePlainly(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const text = this.#begin(line, facts)
    const tamed = tameJson(text, keepsNumberText)
    const root = parseRoot(tamed.text)
    if (typeof root === 'string') return root
    const metadata = new Metadata()
    const entry = entryOf(root, { readMs: line.readMs, reader: this.#reader, metadata, facts })
    entry.message ??= text
    if (tamed.hasDuplicates) metadata.note('raw', text)
    this.#append(line, out, { entry, metadata })
    return undefined
  }

  #parseMisfit(line: Line, out: NdjsonBuffer, { facts, reason }: { facts: EntryFacts; reason: string }): void {
    const message = this.#begin(line, facts)
    facts.hasParseError = true
    const metadata = new Metadata()
    const entry = entryOf({ message }, { readMs: line.readMs, reader: this.#reader, metadata, facts })
    metadata.note('parse_error', reason)
    this.#append(line, out, { entry, metadata })
  }

  /** The text of the line; `facts` as they are before anything is known. */
  #begin(line: Line, facts: EntryFacts): string {
    facts.timeMs = line.readMs
    facts.level = INFO
    facts.service = this.#context.service
    facts.statusCode = 0
    facts.durationSeconds = -1
    facts.hasParseError = false
    facts.hasInvalidUtf8 = !line.isUtf8 && !isUtf8(line.bytes.subarray(line.start, line.end))
    return line.bytes.toString('utf8', line.start, line.end)
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

/** Numbers for text fields and times are kept as they are written: 1.10 is a version. */
function keepsNumberText(key: string): boolean {
  const kind = SPELLINGS.get(key)?.kind
  return kind === KIND.text || kind === KIND.time
}

/** The object, or why it is none. */
function parseRoot(text: string): object | string {
  try {
    const root: unknown = JSON.parse(text)
    return typeof root === 'object' && root !== null && !Array.isArray(root) ? root : 'not a JSON object'
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
