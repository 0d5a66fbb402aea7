import type { HostConfig } from '../config/host-settings.ts'
import type { OutputStatus } from '../deliver/output-status.ts'
import type { IngestVitals, SourceVitals } from '../ingest/messages.ts'
import type { HealthStatus, JudgedCheck } from '../model/health.ts'
import type { ProbeStatusReport } from '../probes/probe-seat.ts'
import { type HostUsage, hostChecks } from './host-checks.ts'
import type { Fit } from './misfits.ts'
import { probeCheck } from './probe-checks.ts'

/** Everything /health is told from. */
export interface HealthFacts {
  readonly nowMs: number
  readonly vitals: IngestVitals | undefined
  readonly outputs: readonly OutputStatus[]
  /** Why the ingest thread is not running. */
  readonly ingestFailure: string | undefined
  /** Threads that make no progress. */
  readonly stalledThreads: readonly string[]
  /** The buffer was damaged and set aside since the start. */
  readonly corruption: { readonly quarantine: string } | undefined
  /** Where a damaged state.db was set aside at this start. */
  readonly stateQuarantine: string | undefined
  /** Why the last reload was refused. */
  readonly reloadProblem: string | undefined
  /** Sources and outputs whose books do not balance. */
  readonly imbalanced: readonly string[]
  /** Sources most of whose latest records did not fit their format. */
  readonly misfits: ReadonlyMap<string, Fit>
  readonly rssBytes: number
  readonly host: { readonly usage: HostUsage; readonly config: HostConfig } | undefined
  readonly probes: readonly ProbeStatusReport[]
}

/** Resident memory from which on something is wrong: the unit's MemoryHigh, and near its MemoryMax. */
const RSS_DEGRADED_BYTES = 320 * 2 ** 20
const RSS_UNHEALTHY_BYTES = 420 * 2 ** 20
/** Unread bytes that are more than being a little behind. */
const LAG_BYTES = 64 * 2 ** 20

type Finding = readonly [status: HealthStatus, message: string]

/**
 * One check for the store, the agent itself, each source, output and probe, the host's memory and each of its file systems; the configuration and
 * the threads when they are in trouble.
 */
export function healthChecks(facts: HealthFacts): JudgedCheck[] {
  const { vitals, nowMs } = facts
  const last_check = new Date(nowMs).toISOString()
  const check = (name: string, [status, message]: Finding): JudgedCheck => {
    return { name, status, message, last_check, ...(status !== 'healthy' && { error: message }) }
  }
  const checks = [check('store', storeFinding(facts)), check('agent', memoryFinding(facts.rssBytes))]
  for (const source of vitals?.sources ?? []) {
    checks.push(check(`source:${source.name}`, sourceFinding(source, facts)))
  }
  for (const output of facts.outputs) checks.push(check(`output:${output.name}`, outputFinding(output, nowMs)))
  const probes = facts.probes.map((probe) => probeCheck(probe, nowMs))
  // Who configures a probe named memory wants that one.
  const isFree = ({ name }: JudgedCheck): boolean => !probes.some((probe) => probe.name === name)
  if (facts.host) checks.push(...hostChecks(facts.host.usage, facts.host.config, nowMs).filter(isFree))
  checks.push(...probes)
  if (facts.reloadProblem !== undefined) {
    checks.push(
      check('config', [
        'degraded',
        `the last reload was refused, the configuration before it is in use: ${facts.reloadProblem}`,
      ]),
    )
  }
  if (facts.stalledThreads.length > 0) {
    checks.push(check('threads', ['unhealthy', `no progress in: ${facts.stalledThreads.join(', ')}`]))
  }
  return checks
}

function storeFinding({ vitals, ingestFailure, corruption, stateQuarantine, imbalanced }: HealthFacts): Finding {
  if (ingestFailure !== undefined)
    return ['unhealthy', `the ingest thread is not running: ${ingestFailure.split('\n')[0]}`]
  if (!vitals) return ['degraded', 'starting']
  if (vitals.store.kind === 'blocked') {
    return [
      'unhealthy',
      `reading is stopped (${vitals.store.code}): ${vitals.store.message}; nothing is lost, the files keep what is not read`,
    ]
  }
  if (imbalanced.length > 0) return ['degraded', `the ledger does not balance for: ${imbalanced.join(', ')}`]
  if (corruption)
    return ['degraded', `the buffer was damaged and lies in ${corruption.quarantine}; a new one is in use`]
  if (stateQuarantine !== undefined)
    return ['degraded', `state.db was damaged and lies in ${stateQuarantine}; outputs are sent again what is stored`]
  return ['healthy', `${mib(vitals.usedBytes)} in use, ${mib(vitals.diskFreeBytes)} free on the disk`]
}

function memoryFinding(rssBytes: number): Finding {
  const message = `${mib(rssBytes)} resident`
  if (rssBytes >= RSS_UNHEALTHY_BYTES) return ['unhealthy', message]
  return rssBytes >= RSS_DEGRADED_BYTES ? ['degraded', message] : ['healthy', message]
}

function sourceFinding(source: SourceVitals, { nowMs, misfits }: HealthFacts): Finding {
  const { files, lagBytes, lastReadMs, lastError } = source
  const readCount = files.live + files.rotated + files.parked
  const last = lastReadMs > 0 ? `, last line ${seconds(nowMs - lastReadMs)} ago` : ''
  const lag = lastReadMs > 0 ? ` for ${seconds(nowMs - lastReadMs)}` : ''
  const behind = lagBytes > 0 ? `, ${mib(lagBytes)} not read yet${lag}` : ''
  const formats = Object.entries(source.formats).sort(([, a], [, b]) => b - a)
  const kinds = formats.map(([format, count]) => (formats.length > 1 ? `${format} ${count}` : format)).join(', ')
  const message = `${readCount} files${kinds === '' ? '' : ` (${kinds})`}${behind}${last}`
  const refused = (files.permission_denied ?? 0) + (files.unreadable ?? 0) + (files.damaged ?? 0)
  if (refused > 0) return ['degraded', `${message}; ${refused} cannot be read: ${lastError ?? ''}`]
  if (readCount === 0) return ['healthy', 'no file matches']
  const fit = misfits.get(source.name)
  if (fit !== undefined) {
    return [
      'degraded',
      `${message}; ${fit.misfits} of the last ${fit.records} records do not fit: see parse_error in them`,
    ]
  }
  return lagBytes > LAG_BYTES ? ['degraded', message] : ['healthy', message]
}

function outputFinding(output: OutputStatus, nowMs: number): Finding {
  const { waitingEntries, oldestWaitingMs, lastAnswer, circuit, isOperatorFault } = output
  const waiting =
    waitingEntries > 0 ? `${waitingEntries} entries wait, the oldest for ${seconds(oldestWaitingMs)}` : 'nothing waits'
  const answer = lastAnswer
    ? `; last answer ${seconds(nowMs - lastAnswer.atMs)} ago: ${lastAnswer.status ?? ''} ${lastAnswer.text}`
    : ''
  const message = waiting + answer
  if (isOperatorFault) return ['unhealthy', `${message}; check its url, token and certificates`]
  return circuit === 'closed' ? ['healthy', message] : ['degraded', message]
}

const mib = (bytes: number): string => (Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : 'unknown')
const seconds = (ms: number): string => `${Math.max(0, ms / 1000).toFixed(1)} s`
