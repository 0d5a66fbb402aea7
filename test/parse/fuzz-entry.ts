import { isUtf8 } from 'node:buffer'
import { LOG_LEVELS } from '../../src/model/log-entry.ts'
import { createJsonParser } from '../../src/parse/json.ts'
import { type EntryFacts, type FormatParser, type Line, NdjsonBuffer } from '../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from './harness.ts'

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,9})?Z$/
const FIRST_MS = Date.UTC(1990, 0, 1)
const DAY_MS = 86_400_000
const TEXTS = [
  'message service version environment request_id user_id session_id correlation_id trace_id span_id method path',
  'user_agent ip_address error_code error_message stack_trace host source file',
]
  .join(' ')
  .split(' ')
const KNOWN = new Set([...TEXTS, 'timestamp', 'level', 'duration', 'status_code', 'metadata', 'offset'])
const AGENT_FIELDS = ['host', 'source', 'file', 'offset']

export interface Outcome {
  /** Undefined: the record was refused. */
  readonly entry: Record<string, unknown> | undefined
  readonly facts: EntryFacts
  /** The entry's bytes, or why there is none. */
  readonly text: string
}

/** What a format makes of a record. @throws {Error} when it breaks a promise every format gives. */
export function outcomeOf(parser: FormatParser, line: Line): Outcome {
  const out = new NdjsonBuffer(8)
  out.appendText('{}\n')
  const facts = newFacts()
  const misfit = parser.tryParse(line, out, facts)
  if (misfit !== undefined) {
    hold(misfit.length > 0 && misfit.length < 120, `a reason in a few words, got ${misfit}`)
    hold(out.length === 3, 'nothing is written for what is refused')
    return { entry: undefined, facts, text: misfit }
  }
  const entry = entryIn(out, 3)
  const text = out.bytes.toString('utf8', 3, out.length)
  checkEntry(entry, line)
  checkFacts(entry, facts, line)
  const twice = repeatedKey(text)
  hold(twice === undefined, `no key twice, got ${twice}`)
  hold(Object.keys(Object.prototype).length === 0, 'Object.prototype is as it was')
  return { entry, facts, text }
}

function checkEntry(entry: Record<string, unknown>, line: Line): void {
  const { timestamp, level, duration, status_code: status, metadata, offset } = entry
  hold(typeof timestamp === 'string' && TIMESTAMP.test(timestamp), `a canonical timestamp, got ${timestamp}`)
  const timeMs = Date.parse(String(timestamp))
  hold(timeMs >= FIRST_MS && timeMs <= line.readMs + DAY_MS, `a plausible timestamp, got ${timestamp}`)
  hold(
    LOG_LEVELS.some((name) => name === level),
    `a level, got ${level}`,
  )
  hold(typeof entry.message === 'string', 'a message')
  for (const name of TEXTS) hold(!(name in entry) || typeof entry[name] === 'string', `a text in ${name}`)
  hold(status === undefined || (Number.isSafeInteger(status) && Number(status) >= 0), `a status, got ${status}`)
  hold(duration === undefined || (Number.isFinite(duration) && Number(duration) >= 0), `a duration, got ${duration}`)
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
  hold(metadata === undefined || isObject, 'an object in metadata')
  hold(offset === line.offset, 'the offset of the line')
  for (const name of Object.keys(entry)) hold(KNOWN.has(name), `only fields of an entry, got ${name}`)
}

function checkFacts(entry: Record<string, unknown>, facts: EntryFacts, line: Line): void {
  const metadata = Object(entry.metadata)
  hold(facts.timeMs === Date.parse(String(entry.timestamp)), `the time of ${entry.timestamp}, got ${facts.timeMs}`)
  hold(LOG_LEVELS[facts.level] === entry.level, `the level ${entry.level}, got ${facts.level}`)
  hold(facts.service === entry.service, `the service ${entry.service}, got ${facts.service}`)
  hold(facts.statusCode === (entry.status_code ?? 0), `the status ${entry.status_code}, got ${facts.statusCode}`)
  hold(facts.durationSeconds === (entry.duration ?? -1), `duration ${entry.duration}, got ${facts.durationSeconds}`)
  hold(!facts.hasParseError || typeof metadata.parse_error === 'string', 'parse_error in metadata')
  hold(!facts.hasTimeFallback || 'timestamp_raw' in metadata, 'timestamp_raw in metadata')
  const bytes = line.bytes.subarray(line.start, line.end)
  // The length of a value in the journal's format is no text; it has zeros.
  const isCertain = isUtf8(bytes) || !bytes.includes(0)
  hold(!isCertain || facts.hasInvalidUtf8 === !isUtf8(bytes), 'whether it was UTF-8')
}

/** The entry, shipped and read again as a line of JSON; what only the agent knows is put back. */
export function readAgain(entry: Record<string, unknown>): Record<string, unknown> {
  const said = Object.fromEntries(Object.entries(entry).filter(([name]) => !AGENT_FIELDS.includes(name)))
  const out = new NdjsonBuffer(8)
  createJsonParser(context).parse(lineOf(JSON.stringify(said)), out, newFacts())
  return { ...entryIn(out, 0), ...Object.fromEntries(AGENT_FIELDS.map((name) => [name, entry[name]])) }
}

/** A key that an object of the JSON text has twice; the text is known to be JSON. */
export function repeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  for (const [token, string] of json.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (string !== undefined) {
      const key: unknown = JSON.parse(string)
      const keys = open.at(-1)
      if (keys?.has(String(key))) return String(key)
      keys?.add(String(key))
    }
  }
  return undefined
}

function hold(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`Must hold: ${what}`)
}
