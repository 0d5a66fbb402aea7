import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type tap from 'tap'
import { createJsonParser } from '../../src/parse/json.ts'
import type { FormatParser, LineContext } from '../../src/parse/line.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from './harness.ts'

const AGENT_FIELDS = ['host', 'source', 'file', 'offset'] as const

/**
 * Holds a format against `test/fixtures/parse/<folder>/*.log` and the entries beside them; UPDATE_GOLDEN=1 renews those. A
 * line that does not fit is `{"misfit": why, "line": …}` in the golden.
 */
export function goldens(
  t: typeof tap,
  folder: string,
  create: (context: LineContext) => FormatParser,
  options: Partial<LineContext> = {},
): void {
  const path = join(import.meta.dirname, '../fixtures/parse', folder)
  for (const name of readdirSync(path).filter((file) => file.endsWith('.log'))) {
    t.test(`${folder}/${name} becomes the entries of its golden`, (t) => {
      const found = recordsOf(readFileSync(join(path, name)), create(context)).map(({ bytes, offset }) =>
        entryOf(create({ ...context, ...options }), bytes, offset),
      )
      const golden = join(path, name.replace(/\.log$/, '.golden.ndjson'))
      if (process.env.UPDATE_GOLDEN || !existsSync(golden)) {
        if (process.env.CI) throw new Error(`Cannot compare: there is no ${golden}`)
        writeFileSync(golden, found.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
      }
      const wanted = readFileSync(golden, 'utf8').trimEnd().split('\n')
      t.same(
        found,
        wanted.map((line) => JSON.parse(line)),
      )
      for (const entry of found) if (!('misfit' in entry)) t.same(reparsed(entry), entry, 'read again it is the same')
      t.end()
    })
  }
}

/** The records of a file: its lines, joined where the format has headers. */
export function recordsOf(text: Buffer, parser: FormatParser): { bytes: Buffer; offset: number }[] {
  const records: { start: number; end: number }[] = []
  for (let start = 0; start < text.length; ) {
    const lf = text.indexOf(10, start)
    const end = lf < 0 ? text.length : lf
    const last = records.at(-1)
    const begins = parser.startsRecord?.(lineOf(text.subarray(start, end))) ?? true
    if (last && !begins) last.end = end
    else if (end > start) records.push({ start, end })
    start = end + 1
  }
  return records.map(({ start, end }) => ({ bytes: text.subarray(start, end), offset: start }))
}

function entryOf(parser: FormatParser, bytes: Buffer, offset: number): Record<string, unknown> {
  const out = new NdjsonBuffer(8)
  const misfit = parser.tryParse(lineOf(bytes, { offset }), out, newFacts())
  return misfit === undefined ? entryIn(out, 0) : { misfit, line: bytes.toString() }
}

/** The entry read again as a line of JSON. What only the agent knows is its own each time, so it is left out and put back. */
function reparsed(entry: Record<string, unknown>): Record<string, unknown> {
  const { host, source, file, offset, ...said } = entry
  const out = new NdjsonBuffer(8)
  createJsonParser(context).parse(lineOf(JSON.stringify(said)), out, newFacts())
  return {
    ...entryIn(out, 0),
    ...Object.fromEntries(AGENT_FIELDS.map((name) => [name, { host, source, file, offset }[name]])),
  }
}
