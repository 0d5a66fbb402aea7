import { median, ratios, spread } from './figures.ts'
import type { HostRate } from './host.ts'
import type { Result } from './jobs.ts'
import type { ParseRate } from './parse.ts'

/** Results as Markdown: medians, and the least and most beside them when there was more than one round. */

interface Column<R> {
  readonly title: string
  readonly of: (result: R) => number | undefined
  readonly digits?: number
}

type Of<J extends Result['job']> = Extract<Result, { job: J }>

const MB = 1e6
const MIB = 1024 * 1024

const THROUGHPUT: readonly Column<Of<'throughput'>>[] = [
  { title: '**CPU s**', of: (r) => r.cpuSeconds, digits: 2 },
  { title: 'lines per CPU s', of: (r) => r.lines / r.cpuSeconds },
  { title: 'wall s', of: (r) => r.wallSeconds, digits: 1 },
  { title: 'peak memory MiB', of: (r) => r.peakRssBytes / MIB },
  { title: 'wire MB', of: (r) => r.wireBytes / MB, digits: 1 },
  { title: 'written MB', of: (r) => r.writtenBytes / MB },
  { title: 'requests', of: (r) => r.requests },
  { title: 'others’ CPU s', of: (r) => r.otherCpuSeconds, digits: 1 },
]

const STEADY: readonly Column<Of<'steady'>>[] = [
  { title: '**CPU %**', of: (r) => r.cpuRatio * 100, digits: 2 },
  { title: 'memory MiB', of: (r) => r.rssBytes / MIB, digits: 1 },
  { title: 'peak MiB', of: (r) => r.peakRssBytes / MIB, digits: 1 },
  { title: 'latency p50 ms', of: (r) => r.latency?.p50 },
  { title: 'p90', of: (r) => r.latency?.p90 },
  { title: 'p99', of: (r) => r.latency?.p99 },
  { title: 'max', of: (r) => r.latency?.max },
  { title: 'requests', of: (r) => r.requests },
]

const IDLE: readonly Column<Of<'idle'>>[] = [
  { title: '**CPU %**', of: (r) => r.cpuRatio * 100, digits: 2 },
  { title: 'memory MiB', of: (r) => r.rssBytes / MIB, digits: 1 },
  { title: 'CPU s to start', of: (r) => r.startCpuSeconds, digits: 2 },
]

const CRASH: readonly Column<Of<'crash'>>[] = [
  { title: 'arrived when killed', of: (r) => r.deliveredAtKill },
  { title: 'duplicates a collector can tell', of: (r) => r.toldDuplicates },
]

const COUNTS: readonly { title: string; of: (result: Result) => number }[] = [
  { title: 'lost', of: (r) => (r.job === 'idle' ? 0 : r.lost) },
  { title: 'duplicates', of: (r) => (r.job === 'idle' ? 0 : r.duplicates) },
]

export function reportOf(results: readonly Result[], agents: readonly string[]): string {
  const of = <J extends Result['job']>(job: J): Of<J>[] => results.filter((r): r is Of<J> => r.job === job)
  return [
    section('Throughput: a file that is there, from beginning to end', of('throughput'), THROUGHPUT),
    section('Steady: lines come one by one', of('steady'), STEADY),
    section('Idle', of('idle'), IDLE),
    section('Crash: SIGKILL in the middle, and a second start', of('crash'), CRASH),
    ratioSection(results, agents),
    ...results.filter((r) => !r.isComplete).map(complaint),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function section<R extends Result>(title: string, results: readonly R[], columns: readonly Column<R>[]): string {
  if (results.length === 0) return ''
  const counts = results.some((r) => r.job === 'idle') ? [] : COUNTS
  const titles = ['', ...columns.map((column) => column.title), ...counts.map((count) => count.title)]
  const rows = [...Map.groupBy(results, (r) => r.peer)].map(([peer, all]) => {
    // Figures of a run that did not end say nothing; what it lost and repeated says all the more.
    const whole = all.filter((r) => r.isComplete || r.job === 'crash')
    const figures = columns.map(({ of, digits = 0 }) => spread(whole.map(of), digits))
    return [peer, ...figures, ...counts.map(({ of }) => perRound(all.map(of)))]
  })
  return `## ${title}\n\n${table(titles, rows)}`
}

/** One count when all rounds agree. */
const perRound = (counts: readonly number[]): string =>
  new Set(counts).size === 1 ? String(counts[0]) : counts.join(' / ')

const RATIOS: readonly { title: string; of: (result: Result) => number | undefined }[] = [
  { title: '**CPU, throughput**', of: (r) => (r.job === 'throughput' ? r.cpuSeconds : undefined) },
  { title: 'wall', of: (r) => (r.job === 'throughput' ? r.wallSeconds : undefined) },
  { title: 'peak memory', of: (r) => (r.job === 'throughput' ? r.peakRssBytes : undefined) },
  { title: '**CPU, steady**', of: (r) => (r.job === 'steady' ? r.cpuRatio : undefined) },
  { title: 'latency p99', of: (r) => (r.job === 'steady' ? r.latency?.p99 : undefined) },
  { title: 'memory, idle', of: (r) => (r.job === 'idle' ? r.rssBytes : undefined) },
]

function ratioSection(results: readonly Result[], agents: readonly string[]): string {
  const whole = results.filter((r) => r.isComplete)
  const names = [...new Set(results.map((r) => r.peer))]
  const others = names.filter((name) => !agents.includes(name))
  const ours = names.filter((name) => agents.includes(name))
  const columns = RATIOS.filter(({ of }) => whole.some((r) => of(r) !== undefined))
  if (others.length === 0 || ours.length === 0 || columns.length === 0) return ''
  const rows = others.flatMap((other) =>
    ours.map((name) => {
      const cells = columns.map(({ of }) => spread(ratios(whole, of, { of: name, to: other }), 2))
      return [`${name} ÷ ${other}`, ...cells]
    }),
  )
  const titles = ['', ...columns.map(({ title }) => title)]
  return `## The agent by its peers, round by round (below 1: the agent needs less)\n\n${table(titles, rows)}`
}

function complaint(result: Result): string {
  const words = result.lastWords ? `\n\n    ${result.lastWords.replaceAll('\n', '\n    ')}` : ''
  const unreadable =
    result.job !== 'idle' && result.unreadable > 0 ? ` ${result.unreadable} bodies cannot be decoded.` : ''
  return `**${result.peer}, ${result.job}, round ${result.round}: not complete**, left out of the figures.${unreadable}${words}\n`
}

export function parseReport(rates: readonly ParseRate[], lines: number): string {
  if (rates.length === 0) return ''
  const rows = rates.map(({ name, corpus, linesPerCpuSecond: all }) => {
    const floor = rates.find((rate) => rate.corpus === corpus && rate.name.startsWith('read'))
    const times = all.map((rate, round) => (floor?.linesPerCpuSecond[round] ?? Number.NaN) / rate)
    return [name, corpus, spread(all, 0), (1e6 / median(all)).toFixed(2), spread(times, 2)]
  })
  const titles = ['', 'corpus', 'lines per CPU s', 'CPU s per 1,000,000 lines', 'CPU by reading and cutting']
  return `## Parse: ${lines.toLocaleString('en-US')} lines, one by one, to entries\n\n${table(titles, rows)}`
}

export function hostReport(rates: readonly HostRate[]): string {
  const [own] = rates
  if (own === undefined) return ''
  const rows = rates.map(({ name, samples, cpuMs }) => {
    const ratios = cpuMs.map((ms, batch) => ms / (own.cpuMs[batch] ?? Number.NaN))
    return [name, String(samples), spread(cpuMs, 2), spread(ratios, 1)]
  })
  return `## Host: one sample of everything\n\n${table(['', 'series', 'CPU ms', '÷ the agent'], rows)}`
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  const rule = `|---|${'---:|'.repeat(titles.length - 1)}\n`
  return `${line(titles)}${rule}${rows.map(line).join('')}`
}
