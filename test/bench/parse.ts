import { closeSync, openSync, readSync } from 'node:fs'
import { type EntryFacts, NdjsonBuffer } from '../../src/parse/line.ts'
import { createLineParser, type LineFormat } from '../../src/parse/parser.ts'
import { LineSplitter } from '../../src/tail/line-splitter.ts'
import type { Format } from './corpus.ts'

/** What parsing costs, beside the least that any program would pay: reading and cutting, and JSON.parse. */

export interface ParseRate {
  readonly job: 'parse'
  readonly name: string
  readonly corpus: Format
  /** One for each round. */
  readonly linesPerCpuSecond: readonly number[]
}

/** Takes a block of whole lines, and says how many there were. */
type Contender = (block: Buffer, offset: number) => number

/** As the agent reads. */
const BLOCK_BYTES = 256 * 1024
const MAX_LINE_BYTES = 256 * 1024
const LF = 10

/** Measures all contenders in turns, `rounds` times after one to warm up. @throws {Error} when one loses a line. */
export function parseRates(
  corpora: Readonly<Record<Format, string>>,
  { lines, rounds }: { lines: number; rounds: number },
) {
  const contenders = [
    { name: 'read and cut at newlines', corpus: 'json', take: cut },
    { name: 'JSON.parse of each line', corpus: 'json', take: jsonParse },
    { name: "createLineParser('json')", corpus: 'json', take: lineParser('json') },
    { name: 'read and cut at newlines', corpus: 'nginx', take: cut },
    { name: "createLineParser('plain')", corpus: 'nginx', take: lineParser('plain') },
  ] as const
  const results = contenders.map(({ name, corpus }) => ({
    job: 'parse' as const,
    name,
    corpus,
    linesPerCpuSecond: [] as number[],
  }))
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { name, corpus, take }] of contenders.entries()) {
      const before = process.cpuUsage()
      const taken = readBlocks(corpora[corpus], take)
      const { user, system } = process.cpuUsage(before)
      if (taken !== lines) throw new Error(`Cannot trust ${name}: it took ${taken} lines of ${lines}`)
      if (round > 0) results[index]?.linesPerCpuSecond.push((lines * 1e6) / (user + system))
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

/** The agent's splitter and parser; the entries are written, and thrown away with the next block. */
function lineParser(format: LineFormat): Contender {
  const context = {
    service: 'bench',
    version: '1',
    environment: 'bench',
    host: 'bench',
    source: 'app',
    file: '/bench.log',
  }
  const parser = createLineParser(format, context)
  const splitter = new LineSplitter()
  const out = new NdjsonBuffer(4 * BLOCK_BYTES)
  const facts: EntryFacts = {
    timeMs: 0,
    level: 0,
    service: '',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasInvalidUtf8: false,
  }
  let lines = 0
  const sink = {
    accept: (...[line]: Parameters<Parameters<LineSplitter['split']>[1]['accept']>) => {
      parser.parse(line, out, facts)
      lines++
      return true
    },
    drop: () => {},
  }
  return (block, offset) => {
    out.clear()
    lines = 0
    const window = { bytes: block, start: 0, end: block.length, offset, readMs: Date.now() }
    splitter.split(window, sink, { maxLineBytes: MAX_LINE_BYTES, isContinued: false })
    return lines
  }
}
