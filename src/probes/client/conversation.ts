import type { Secret } from '../../config/secret.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { ProbeStatus } from '../../model/probe-result.ts'
import type { Finding, ProbeRun } from '../probe.ts'
import { failureText, Refusal, serverText, wasStopped } from './failure-text.ts'
import { dial, type Wire, type WireAddress } from './wire.ts'

export interface Conversation {
  readonly address: WireAddress
  /** Over it, the run is degraded. */
  readonly maxLatencyMs?: number | undefined
  /** What must not show up in a message, even when the server sends it back. */
  readonly secrets: readonly (Secret | undefined)[]
  /** Speaks the protocol; throws `Refusal` when the server says no. Closes nothing. */
  readonly talk: (wire: Wire, remarks: Remarks) => Promise<void>
}

/** What a run has noticed besides that it succeeded. */
export class Remarks {
  readonly families = new FamilySet()
  /** Each makes it degraded: `replication is 31 s behind, more than 10 s`. */
  readonly shortcomings: string[] = []
  /** What answered: `PostgreSQL 15.14`. */
  server = 'the server'
}

/** Longest message of a finding, in characters. */
const MAX_MESSAGE = 512

/** One connection, opened, spoken over and closed: what it found. Never rejects, and returns only when the connection is closed. */
export async function converse(
  run: ProbeRun,
  { address, maxLatencyMs, secrets, talk }: Conversation,
): Promise<Finding> {
  const remarks = new Remarks()
  let wire: Wire | undefined
  let failure: string | undefined
  try {
    wire = await dial(address, run)
    await wire.whileOpen(talk(wire, remarks))
  } catch (error) {
    const text = error instanceof Refusal ? serverText(error.text, secrets) : ''
    failure = failureText(error, { address, run }) + (text === '' ? '' : `: ${text}`)
  }
  const seconds = run.phases.seconds()
  const latencyMs = 1000 * [...seconds.values()].reduce((sum, spent) => sum + spent, 0)
  if (maxLatencyMs !== undefined && latencyMs > maxLatencyMs) {
    remarks.shortcomings.push(`took ${Math.round(latencyMs)} ms, more than ${maxLatencyMs} ms`)
  }
  for (const [phase, spent] of seconds) {
    remarks.families.gauge('probe_phase_duration_seconds', 'Seconds spent in each phase of the run.', spent, { phase })
  }
  if (wire?.certificate) {
    const { earliestEndSeconds } = wire.certificate
    remarks.families.gauge('probe_ssl_earliest_cert_expiry', EXPIRY_HELP, earliestEndSeconds)
  }
  if (failure !== undefined) wire?.destroy()
  await wire?.leave()
  const status = failure === undefined ? statusOf(remarks) : wasStopped(run.signal) ? 'unknown' : 'unhealthy'
  const message = failure ?? praise(remarks, latencyMs)
  return { status, message: message.slice(0, MAX_MESSAGE), families: remarks.families.families() }
}

const EXPIRY_HELP = 'Seconds since 1970 at which the first certificate of the chain ends.'

function statusOf({ shortcomings }: Remarks): ProbeStatus {
  return shortcomings.length > 0 ? 'degraded' : 'healthy'
}

function praise({ server, shortcomings }: Remarks, latencyMs: number): string {
  if (shortcomings.length > 0) return `${server}: ${shortcomings.join('; ')}`
  return `${server} answered in ${latencyMs < 10 ? latencyMs.toFixed(1) : Math.round(latencyMs)} ms`
}
