import type { OutputStatus } from '../deliver/output-status.ts'
import type { IngestVitals, SourceVitals } from '../ingest/messages.ts'
import { Buckets, COMMIT_SECONDS_BUCKETS } from '../metrics/buckets.ts'
import type { Metrics } from '../metrics.ts'
import type { LedgerBooking } from '../store/ledger.ts'

/** Numbers that are kept elsewhere, taken over into the registry when it is scraped. */

/** Takes over a snapshot of the ingest thread. */
export function mirrorVitals(metrics: Metrics, vitals: IngestVitals, nowMs: number): void {
  for (const source of vitals.sources) mirrorSource(metrics, source, nowMs)
  metrics.bufferBytes.set({}, vitals.usedBytes)
  metrics.bufferFileBytes.set({}, vitals.fileBytes)
  metrics.bufferWalBytes.set({}, vitals.walBytes)
  metrics.bufferFreeBytes.set({}, vitals.diskFreeBytes)
  metrics.bufferState.select({ state: vitals.store.kind === 'ok' ? 'ok' : vitals.store.code })
  metrics.watchMode.select({ mode: vitals.watchProblem === undefined ? 'events' : 'sweep' })
}

function mirrorSource(metrics: Metrics, { name: source, stats, files, ...rest }: SourceVitals, nowMs: number): void {
  metrics.sourceReadBytes.mirror({ source }, stats.readBytes)
  metrics.sourceLines.mirror({ source }, stats.readLines)
  metrics.sourceLinesTruncated.mirror({ source }, stats.truncatedLines)
  metrics.sourceLinesPartial.mirror({ source }, stats.partialLines)
  metrics.sourceInvalidUtf8.mirror({ source }, stats.invalidUtf8Lines)
  metrics.sourceNulBytesSkipped.mirror({ source }, stats.nulBytes)
  metrics.parseErrors.mirror({ source }, stats.parseErrors)
  metrics.timeFallbacks.mirror({ source }, stats.timeFallbacks)
  for (const [kind, count] of Object.entries(stats.rotations)) metrics.sourceRotations.mirror({ source, kind }, count)
  for (const [how, count] of Object.entries(stats.truncations)) metrics.sourceTruncations.mirror({ source, how }, count)
  for (const [state, count] of Object.entries(files)) metrics.sourceFiles.set({ source, state }, count)
  metrics.sourceOpenFiles.set({ source }, rest.openFiles)
  metrics.sourceLagBytes.set({ source }, rest.lagBytes)
  const lagMs = rest.lagBytes > 0 && rest.lastReadMs > 0 ? nowMs - rest.lastReadMs : 0
  metrics.sourceLagSeconds.set({ source }, Math.max(0, lagMs / 1000))
}

/** Takes over what a forwarder counts. */
export function mirrorOutput(metrics: Metrics, status: OutputStatus): void {
  const { name: output, counters } = status
  for (const [code, count] of Object.entries(counters.requests)) metrics.forwardRequests.mirror({ output, code }, count)
  for (const [reason, count] of Object.entries(counters.retries))
    metrics.forwardRetries.mirror({ output, reason }, count)
  const { counts, sumSeconds } = counters.latency
  metrics.forwardLatency.mirror({ output }, { counts, sum: sumSeconds })
  metrics.forwardInflight.set({ output }, status.inFlight)
  metrics.forwardWaiting.set({ output }, status.waitingEntries)
  metrics.forwardOldestWaiting.set({ output }, status.oldestWaitingMs / 1000)
  metrics.forwardLastSuccess.set({ output }, (status.lastSuccessMs ?? 0) / 1000)
  metrics.forwardCircuit.select({ output, state: status.circuit })
  metrics.forwardDelivered.mirror({ output }, counters.deliveredEntries)
  metrics.forwardExpired.mirror({ output }, counters.expiredEntries)
}

/** The ledger of the sources, as it is stored: totals since the buffer was made. */
export function mirrorSourceLedger(metrics: Metrics, bookings: readonly LedgerBooking[]): void {
  const dropped = new Map<string, number>()
  for (const { source, account, entries, bytes } of bookings) {
    const [kind = '', reason] = account.split(':')
    if (reason === undefined) {
      metrics.ledgerEntries.set({ kind: 'source', name: source, account: kind }, entries)
      continue
    }
    dropped.set(source, (dropped.get(source) ?? 0) + entries)
    metrics.entriesDropped.mirror({ source, reason }, entries)
    metrics.bytesDropped.mirror({ source, reason }, bytes)
  }
  for (const [name, entries] of dropped)
    metrics.ledgerEntries.set({ kind: 'source', name, account: 'dropped' }, entries)
}

/** The ledger of one output. */
export interface OutputAccounts {
  readonly output: string
  readonly stored: number
  readonly delivered: number
  readonly waiting: number
  readonly dead: number
  readonly expired: number
}

export function mirrorOutputLedger(metrics: Metrics, { output: name, ...accounts }: OutputAccounts): void {
  for (const [account, entries] of Object.entries(accounts)) {
    metrics.ledgerEntries.set({ kind: 'output', name, account }, entries)
  }
}

/** Commit times come as they are measured, and are kept as a histogram. */
export class CommitTimes {
  readonly #buckets = new Buckets(COMMIT_SECONDS_BUCKETS)

  add(seconds: readonly number[]): void {
    for (const one of seconds) this.#buckets.observe(one)
  }

  mirror(metrics: Metrics): void {
    metrics.bufferCommitSeconds.mirror({}, this.#buckets.totals())
  }
}
