import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { unreachable } from '../../src/errors.ts'
import { AGENT_NAMES, takesApart } from './agent-peer.ts'
import { builtAgent } from './build.ts'
import { corpusFile } from './corpus.ts'
import { crash, idle, type Result, steady, throughput } from './jobs.ts'
import { type JobName, type Options, readOptions, USAGE, UsageError } from './options.ts'
import { type ParseRate, parseRates } from './parse.ts'
import type { Peer } from './peer.ts'
import { findPeers } from './peers.ts'
import { parseReport, reportOf } from './report.ts'

/** `npm run bench`: the agent beside its peers on the same work. Progress goes to stderr, the report to stdout. */

/** Corpora stay here between runs; $TMPDIR moves it to another disk. */
const FOLDER = join(tmpdir(), `obs-agent-bench-${userInfo().username}`)
const STEADY_LINES_PER_SECOND = 1000
/** Enough for a figure, in a second or two for each. */
const PARSE_LINES = 200_000
const PARSE_ROUNDS = 7

const say = (text: string): boolean => process.stderr.write(`${text}\n`)

async function bench(options: Options, signal: AbortSignal): Promise<boolean> {
  const isShipping = options.jobs.some((job) => job !== 'parse')
  const { peers, missing } = isShipping ? findPeers(builtAgent(), process.env) : { peers: [], missing: [] }
  const chosen = peers.filter(({ name }) => options.peers.includes(name))
  const absent = missing.filter(({ name }) => options.peers.includes(name))
  for (const { name, missing } of absent) say(`${name} is left out: ${missing}`)

  const head = [...headOf(options), ...chosen.map(({ name, about }) => `- ${name}: ${about}`)]
  head.push(...absent.map(({ name, missing }) => `- ${name}: left out, ${missing}`))
  if (!takesApart[options.format])
    head.push(`- the agent takes ${options.format} as plain text; its peers take it apart`)

  const results = isShipping ? await ship(chosen, options, signal) : []
  const rates = options.jobs.includes('parse') ? parse(options) : []
  process.stdout.write(`${head.join('\n')}\n\n${reportOf(results, AGENT_NAMES)}\n`)
  if (rates.length > 0) process.stdout.write(`${parseReport(rates)}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ head, results, rates }, null, 2)}\n`)
  return results.every(({ peer, isComplete }) => isComplete || !AGENT_NAMES.some((name) => name === peer))
}

function headOf({ lines, format, runs, seconds }: Options): string[] {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string
  }
  const cores = cpus()
  return [
    `# obs-agent ${version} beside its peers`,
    '',
    `- Node ${process.versions.node}, Linux ${release()}, ${cores.length} × ${cores[0]?.model}`,
    `- load before: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
    `- ${format}: ${lines.toLocaleString('en-US')} lines in ${runs} rounds, or ${STEADY_LINES_PER_SECOND} a second for ${seconds} s`,
  ]
}

/** All of the work; the peers take turns, so that what disturbs the machine disturbs all of them. */
async function ship(peers: readonly Peer[], options: Options, signal: AbortSignal): Promise<Result[]> {
  const { format, lines, seconds } = options
  const results: Result[] = []
  const input = options.jobs.some((job) => job === 'throughput' || job === 'crash') ? corpus(options) : ''
  for (const job of options.jobs) {
    if (job === 'parse') continue
    const rounds = job === 'throughput' || job === 'crash' ? options.runs : 1
    for (let round = 1; round <= rounds; round++) {
      for (const peer of peers) {
        const result = await runJob(job, { peer, round, format, folder: FOLDER, signal }, { input, lines, seconds })
        results.push(result)
        say(`${job} ${round}/${rounds} ${peer.name}: ${brief(result)}`)
      }
    }
  }
  return results
}

function runJob(
  job: Exclude<JobName, 'parse'>,
  task: Parameters<typeof throughput>[0],
  { input, lines, seconds }: { input: string; lines: number; seconds: number },
): Promise<Result> {
  switch (job) {
    case 'throughput':
      return throughput(task, { input, lines })
    case 'steady':
      return steady(task, { perSecond: STEADY_LINES_PER_SECOND, seconds })
    case 'idle':
      return idle(task, { seconds })
    case 'crash':
      return crash(task, { input, lines })
    default:
      return unreachable(job)
  }
}

function brief(result: Result): string {
  if (!result.isComplete) return 'not complete'
  switch (result.job) {
    case 'throughput':
      return `${result.cpuSeconds.toFixed(2)} CPU s`
    case 'steady':
    case 'idle':
      return `${(result.cpuRatio * 100).toFixed(2)} % of a core`
    case 'crash':
      return `${result.lost} lost, ${result.duplicates} twice`
    default:
      return unreachable(result)
  }
}

function corpus({ format, lines }: Pick<Options, 'format' | 'lines'>): string {
  const path = corpusFile(FOLDER, { format, lines })
  say(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`)
  return path
}

function parse(options: Options): ParseRate[] {
  const lines = Math.min(options.lines, PARSE_LINES)
  const corpora = { json: corpus({ format: 'json', lines }), nginx: corpus({ format: 'nginx', lines }) }
  return parseRates(corpora, { lines, rounds: PARSE_ROUNDS })
}

async function main(): Promise<number> {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
  try {
    const options = readOptions(process.argv.slice(2))
    if (options === 'help') {
      process.stdout.write(USAGE)
      return 0
    }
    return (await bench(options, stopping.signal)) ? 0 : 1
  } catch (error) {
    if (stopping.signal.aborted) return 130
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n\n${USAGE}`)
    return 2
  }
}

process.exitCode = await main()
