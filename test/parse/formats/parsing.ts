import type { Test } from 'tap'
import { type FormatParser, type LineContext, NdjsonBuffer } from '../../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from '../harness.ts'

/** A line, and what its entry must say. */
export interface Case {
  readonly line: string
  readonly time?: string
  readonly level: string
  readonly message: string
  readonly metadata?: Record<string, unknown>
  readonly fields?: Record<string, unknown>
}

/** One format's parser, asked about single lines. */
export function parsingBy(createParser: (context: LineContext) => FormatParser): {
  readonly parse: (text: string | Buffer, times?: LineContext['times']) => Record<string, unknown> | string
  readonly check: (t: Test, expected: Case) => void
} {
  /** The entry, or why there is none. */
  function parse(text: string | Buffer, times = context.times): Record<string, unknown> | string {
    const out = new NdjsonBuffer(8)
    const reason = createParser({ ...context, times }).tryParse(lineOf(text), out, newFacts())
    if (reason === undefined) return entryIn(out, 0)
    if (out.length > 0) throw new Error('Cannot take back what was appended')
    return reason
  }

  function check(t: Test, { line, time, level, message, metadata, fields }: Case): void {
    const entry = Object(parse(line))
    t.equal(entry.level, level, line)
    t.equal(entry.message, message, line)
    t.same(entry.metadata, metadata, line)
    if (time !== undefined) t.equal(entry.timestamp, time, line)
    for (const [name, value] of Object.entries(fields ?? {})) t.equal(entry[name], value, line)
  }

  return { parse, check }
}
