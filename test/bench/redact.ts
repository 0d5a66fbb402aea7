/**
 * What `redact` with all presets costs beside parsing, in CPU microseconds a line. Run by
 * `node test/bench/redact.ts json|plain FILE [ROUNDS]`; FILE holds lines, 60,000 of them are used.
 */
import { readFileSync } from 'node:fs'
import { REDACT_PRESETS } from '../../src/config/steps.ts'
import { createJsonParser } from '../../src/parse/json.ts'
import { type Line, NdjsonBuffer } from '../../src/parse/line.ts'
import { createPlainParser } from '../../src/parse/plain.ts'
import { createRedactStep } from '../../src/process/redact/redact-step.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'
import { context, lineOf, newFacts } from '../parse/harness.ts'

const MAX_LINES = 60_000
const CHUNK_BYTES = 512 * 1024

const [format = 'json', file = '', rounds = '5'] = process.argv.slice(2)
const parser = format === 'plain' ? createPlainParser(context) : createJsonParser(context)
const bytes = readFileSync(file)
const lines: { start: number; end: number }[] = []
for (let start = 0; start < bytes.length && lines.length < MAX_LINES; ) {
  const end = bytes.indexOf(0x0a, start)
  if (end < 0) break
  lines.push({ start, end })
  start = end + 1
}

const line: Line = { ...lineOf(''), bytes, isUtf8: true }
const out = new NdjsonBuffer(CHUNK_BYTES * 2)
const facts = newFacts()
const work = new WorkingEntry()
const step = createRedactStep({ presets: REDACT_PRESETS, patterns: [], mode: 'mask', key: '' }, context)

function run(redacts: boolean): number {
  const before = process.cpuUsage()
  for (const { start, end } of lines) {
    line.start = start
    line.end = end
    if (out.length > CHUNK_BYTES) out.clear()
    const from = out.length
    parser.parse(line, out, facts)
    if (!redacts) continue
    work.begin(out, from, facts)
    step.apply(work)
  }
  return process.cpuUsage(before).user / lines.length
}

for (let round = 0; round < Number(rounds); round++) {
  const parsing = run(false)
  const both = run(true)
  const share = `${parsing.toFixed(2)} parse, ${(both - parsing).toFixed(2)} redact µs/line`
  process.stdout.write(`${share}; last entry ${out.bytes.toString('utf8', work.start, out.length)}`)
}
