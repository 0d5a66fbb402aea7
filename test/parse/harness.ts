import { type EntryFacts, type Line, type LineContext, type LineParser, NdjsonBuffer } from '../../src/parse/line.ts'

export const context: LineContext = {
  service: 'checkout',
  version: '1.4.2',
  environment: 'production',
  host: 'web-1',
  source: 'app',
  file: '/var/log/app/app.log',
  times: { zone: 'UTC' },
}

export const READ_MS = Date.UTC(2026, 2, 1, 12, 0, 0, 250)
export const READ_AT = '2026-03-01T12:00:00.250Z'
export const OFFSET = 9_876_543_210

/** What the agent adds to a line that says nothing of it. */
export const OWN = { host: 'web-1', source: 'app', file: '/var/log/app/app.log', offset: OFFSET }

export function lineOf(text: string | Buffer, more: Partial<Line> = {}): Line {
  // In the middle of a block, between bytes that would change what is read if they were.
  const bytes = Buffer.concat([Buffer.from('"{9'), Buffer.from(text), Buffer.from('9}"')])
  return {
    bytes,
    start: 3,
    end: bytes.length - 3,
    offset: OFFSET,
    readMs: READ_MS,
    isUtf8: false,
    isTruncated: false,
    isPartial: false,
    isContinued: false,
    envelope: undefined,
    ...more,
  }
}

export function newFacts(): EntryFacts {
  return {
    timeMs: Number.NaN,
    level: -1,
    service: '',
    statusCode: -1,
    durationSeconds: Number.NaN,
    hasParseError: true,
    hasTimeFallback: true,
    hasInvalidUtf8: true,
  }
}

export interface Parsed {
  readonly entry: Record<string, unknown>
  readonly facts: EntryFacts
}

/** Parses one line after one that is in the buffer already, and checks what every parser must hold. */
export function parse(parser: LineParser, line: Line): Parsed {
  const out = new NdjsonBuffer(8)
  out.appendText('{}\n')
  const facts = newFacts()
  parser.parse(line, out, facts)
  return { entry: entryIn(out, 3), facts }
}

/** The one entry in `out` from `start` on. @throws {Error} when it is not one line of well-formed UTF-8 JSON. */
export function entryIn(out: NdjsonBuffer, start: number): Record<string, unknown> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(out.bytes.subarray(start, out.length))
  if (text.indexOf('\n') !== text.length - 1) throw new Error(`Cannot take for one line, got ${JSON.stringify(text)}`)
  const entry: unknown = JSON.parse(text)
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw new Error(`Not an entry: ${text}`)
  return { ...entry }
}
