import { parseArgs } from 'node:util'
import { FORMATS, type Format } from './corpus.ts'
import { PEER_NAMES } from './peers.ts'

const JOBS = ['throughput', 'steady', 'idle', 'crash', 'parse', 'host'] as const
export type JobName = (typeof JOBS)[number]

export interface Options {
  readonly lines: number
  readonly runs: number
  readonly jobs: readonly JobName[]
  readonly peers: readonly string[]
  readonly format: Format
  readonly seconds: number
  /** Where the results are written as JSON, too. */
  readonly json?: string
}

export const USAGE = `npm run bench -- [options]

  --lines N        lines of the corpus (1000000)
  --runs N         rounds of throughput and crash; in each, every peer has its turn (3)
  --jobs LIST      ${JOBS.join(',')} (throughput,steady,idle)
  --peers LIST     ${PEER_NAMES.join(',')} (all that are here)
  --format NAME    ${FORMATS.join(' or ')} (json)
  --seconds N      length of steady and idle (30)
  --json FILE      write every result there as well
`

export class UsageError extends Error {}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parse(args)
  if (values.help) return 'help'
  return {
    lines: wholeNumber('lines', values.lines, 100_000_000),
    runs: wholeNumber('runs', values.runs, 100),
    jobs: choices('jobs', values.jobs, JOBS),
    peers: choices('peers', values.peers, PEER_NAMES),
    format: choices('format', values.format, FORMATS)[0] ?? 'json',
    seconds: wholeNumber('seconds', values.seconds, 3600),
    ...(values.json !== undefined && { json: values.json }),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        lines: { type: 'string', default: '1000000' },
        runs: { type: 'string', default: '3' },
        jobs: { type: 'string', default: 'throughput,steady,idle' },
        peers: { type: 'string', default: PEER_NAMES.join(',') },
        format: { type: 'string', default: 'json' },
        seconds: { type: 'string', default: '30' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  const number = Number(text.replaceAll(/[,_]/g, ''))
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  throw new UsageError(`--${name}: expected a whole number from 1 to ${most}, got ${text}`)
}

function choices<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((one) => {
    const found = known.find((choice) => choice === one.trim())
    if (found === undefined) throw new UsageError(`--${name}: expected ${known.join(', ')}, got ${one}`)
    return found
  })
}
