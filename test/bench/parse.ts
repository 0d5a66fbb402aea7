import { closeSync, openSync, readSync } from 'node:fs'
import { REDACT_PRESETS, type StepConfig } from '../../src/config/steps.ts'
import { RecordSink } from '../../src/ingest/record-sink.ts'
import { createEntryFacts, type LineContext, NdjsonBuffer } from '../../src/parse/line.ts'
import { RecordStream } from '../../src/parse/record-stream.ts'
import { createProcessing } from '../../src/process/processing.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'
import { LineSplitter } from '../../src/tail/line-splitter.ts'
import type { ParseFormat } from './corpus.ts'

/** What parsing costs, beside the least that any program would pay: reading and cutting, and JSON.parse. */

export interface ParseRate {
  readonly job: 'parse'
  readonly name: string
  readonly corpus: ParseFormat
  /** One for each round. */
  readonly linesPerCpuSecond: readonly number[]
}

const CONTEXT: LineContext = {
  ...{ service: 'bench', version: '1', environment: 'bench', host: 'bench', source: 'app', file: '/bench.log' },
  times: { zone: 'UTC' },
}
const REDACT_ALL: StepConfig = {
  kind: 'redact',
  redact: { presets: REDACT_PRESETS, patterns: [], mode: 'mask', key: '' },
}

/** Takes a block of whole lines, and says how many there were. */
type Contender = (block: Buffer, offset: number) => number

/** As the agent reads. */
const BLOCK_BYTES = 256 * 1024
const MAX_LINE_BYTES = 256 * 1024
const LF = 10

/** Measures all contenders in turns, `rounds` times after one to warm up. @throws {Error} when one loses a line. */
export function parseRates(
  corpora: ReadonlyMap<ParseFormat, string>,
  { lines, rounds }: { lines: number; rounds: number },
) {
  const contenders = [...corpora].flatMap(([corpus, path]) => [
    { name: 'read and cut at newlines', corpus, path, take: cut },
    ...(corpus === 'json' ? [{ name: 'JSON.parse of each line', corpus, path, take: jsonParse }] : []),
    { name: `parse: ${corpus}`, corpus, path, take: records(corpus) },
    { name: `parse: ${corpus}, redact: all presets`, corpus, path, take: records(corpus, [REDACT_ALL]) },
  ])
  const results = contenders.map(({ name, corpus }) => ({
    job: 'parse' as const,
    name,
    corpus,
    linesPerCpuSecond: [] as number[],
  }))
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { name, path, take }] of contenders.entries()) {
      const before = process.cpuUsage()
      const taken = readBlocks(path, take)
      const { user, system } = process.cpuUsage(before)
      const isWhole = taken >= lines
      if (!isWhole) throw new Error(`Cannot trust ${name}: it took ${taken} lines of ${lines}`)
      if (round > 0) results[index]?.linesPerCpuSecond.push((taken * 1e6) / (user + system))
    }
  }
  return results satisfies ParseRate[]
}

/** Reads a file block by block; a line that a block cuts is moved to the beginning of the next. */
function readBlocks(path: string, take: Contender): number {
  const file = openSync(path, 'r')
  const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  let lines = 0
  let kept = 0
  let offset = 0
  for (;;) {
    const read = readSync(file, bytes, kept, BLOCK_BYTES - kept, null)
    if (read === 0) break
    const end = bytes.lastIndexOf(LF, kept + read - 1) + 1
    lines += take(bytes.subarray(0, end), offset)
    offset += end
    bytes.copy(bytes, 0, end, kept + read)
    kept += read - end
  }
  closeSync(file)
  return lines
}

function cut(block: Buffer): number {
  let lines = 0
  for (let lf = block.indexOf(LF); lf >= 0; lf = block.indexOf(LF, lf + 1)) lines++
  return lines
}

/** One string for the block, cut as a string: cheaper than a string for each line. */
function jsonParse(block: Buffer): number {
  const lines = block.toString('latin1', 0, block.length - 1).split('\n')
  let objects = 0
  for (const line of lines) if (typeof JSON.parse(line) === 'object') objects++
  return objects
}

/** The agent's splitter, its joining of lines, and its parser; the entries are written, and thrown away with the next block. */
function records(format: ParseFormat, steps: readonly StepConfig[] = []): Contender {
  const out = new NdjsonBuffer(4 * BLOCK_BYTES)
  const facts = createEntryFacts()
  const work = new WorkingEntry()
  const processing = steps.length > 0 ? createProcessing(steps, CONTEXT) : undefined
  const parse = { kind: 'format', format } as const
  let lines = 0
  const sink = new RecordSink(
    { timeoutMs: 1000, maxLines: 500, maxBytes: 2 ** 20 },
    {
      frames: [],
      isFramed: false,
      createStream: (isInFrame) => new RecordStream({ parse, join: { kind: 'auto' }, isInFrame }, CONTEXT),
      take: (record, about) => {
        const start = out.length
        about.stream.parse(record, out, facts)
        if (processing) {
          work.begin(out, start, facts)
          processing.apply(work)
        }
        lines += about.lines
        return true
      },
      drop: () => {},
      hold: () => {},
      monotonicMs: () => 0,
    },
  )
  const splitter = new LineSplitter()
  return (block, offset) => {
    out.clear()
    lines = 0
    const window = { bytes: block, start: 0, end: block.length, offset, readMs: Date.now() }
    splitter.split(window, sink, { maxLineBytes: MAX_LINE_BYTES, isContinued: false })
    sink.finish()
    return lines
  }
}
