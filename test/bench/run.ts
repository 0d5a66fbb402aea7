import { statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { unreachable } from '../../src/errors.ts'
import { AGENT_NAMES } from './agent-peer.ts'
import { builtAgent } from './build.ts'
import { corpusFile, PARSE_FORMATS, type ParseFormat } from './corpus.ts'
import { hostRates } from './host.ts'
import { crash, idle, type Result, steady, throughput } from './jobs.ts'
import { lineupLines, machineLines } from './lineup.ts'
import { type JobName, type Options, readOptions, USAGE, UsageError } from './options.ts'
import { type ParseRate, parseRates } from './parse.ts'
import type { Peer } from './peer.ts'
import { findPeers } from './peers.ts'
import { hostReport, parseReport, reportOf } from './report.ts'
import type { Task } from './rig.ts'

/** `npm run bench`: the agent beside its peers on the same work. Progress goes to stderr, the report to stdout. */

/** Corpora stay here between runs; $TMPDIR moves it to another disk. */
const FOLDER = join(tmpdir(), `obs-agent-bench-${userInfo().username}`)
const STEADY_LINES_PER_SECOND = 1000
/** Enough for a figure, in a second or two for each. */
const PARSE_LINES = 200_000
const PARSE_ROUNDS = 7

const say = (text: string): boolean => process.stderr.write(`${text}\n`)

/** False: the agent did not deliver everything. */
async function bench(options: Options, signal: AbortSignal): Promise<boolean> {
  const head = machineLines()
  const results: Result[] = []
  if (options.jobs.some(isOnPeers)) {
    const lineup = findPeers(builtAgent(), process.env)
    const peers = lineup.peers.filter(({ name }) => options.peers.includes(name))
    const missing = lineup.missing.filter(({ name }) => options.peers.includes(name))
    head.push(...lineupLines(options, { peers, missing }))
    for (const one of missing) say(`${one.name} is left out: ${one.missing}`)
    results.push(...(await ship(peers, options, signal)))
  }
  const parseLines = Math.min(options.lines, PARSE_LINES)
  const rates = options.jobs.includes('parse') ? parse(parseLines) : []
  const host = options.jobs.includes('host') ? await hostRates(signal) : []
  const parts = [
    `${head.join('\n')}\n`,
    reportOf(results, AGENT_NAMES),
    parseReport(rates, parseLines),
    hostReport(host),
  ]
  process.stdout.write(parts.filter((part) => part !== '').join('\n'))
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ head, results, rates, host }, null, 2)}\n`)
  return results.every(({ peer, isComplete }) => isComplete || !AGENT_NAMES.some((name) => name === peer))
}

/** All of the work; the peers take turns, so that what disturbs the machine disturbs all of them. */
async function ship(peers: readonly Peer[], options: Options, signal: AbortSignal): Promise<Result[]> {
  const { format, lines, seconds } = options
  const results: Result[] = []
  const input = options.jobs.some(isOnCorpus) ? corpus({ format, lines }) : ''
  for (const job of options.jobs) {
    if (!isOnPeers(job)) continue
    const rounds = isOnCorpus(job) ? options.runs : 1
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

type PeerJob = Exclude<JobName, 'parse' | 'host'>
const isOnPeers = (job: JobName): job is PeerJob => job !== 'parse' && job !== 'host'
const isOnCorpus = (job: JobName): boolean => job === 'throughput' || job === 'crash'

function runJob(
  job: PeerJob,
  task: Task,
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

function corpus(about: { format: ParseFormat; lines: number }): string {
  const path = corpusFile(FOLDER, about)
  say(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`)
  return path
}

function parse(lines: number): ParseRate[] {
  const corpora = PARSE_FORMATS.map((format) => [format, corpus({ format, lines })] as const)
  return parseRates(new Map(corpora), { lines, rounds: PARSE_ROUNDS })
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
