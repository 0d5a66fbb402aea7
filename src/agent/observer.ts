import type { OutputStatus } from '../deliver/output-status.ts'
import { messageOf } from '../errors.ts'
import type { IngestVitals } from '../ingest/messages.ts'
import type { Metrics } from '../metrics.ts'
import type { JudgedCheck } from '../model/health.ts'
import type { OwnLog } from '../own-log.ts'
import type { Clock } from '../run/clock.ts'
import { Pulse } from '../run/heartbeat.ts'
import type { Corruption } from '../store/open-buffer.ts'
import type { StateStore } from '../store/state-store.ts'
import type { BufferView } from './buffer-view.ts'
import { type HealthFacts, healthChecks } from './health-checks.ts'
import { outputAccounts, outputImbalance, sourceImbalances } from './ledgers.ts'
import { CommitTimes, mirrorOutput, mirrorOutputLedger, mirrorSourceLedger, mirrorVitals } from './metrics-bridge.ts'
import { Misfits } from './misfits.ts'

export interface ObserverDeps {
  readonly clock: Clock
  readonly ownLog: OwnLog
  readonly metrics: Metrics
  readonly buffer: BufferView
  readonly state: StateStore
  readonly heartbeats: SharedArrayBuffer
  readonly outputs: () => readonly OutputStatus[]
  /** Why the ingest thread is not running. */
  readonly ingestFailure: () => string | undefined
  readonly rssBytes: () => number
  /** The host and the probes. */
  readonly senses: () => Pick<HealthFacts, 'host' | 'probes'>
  /** Where a damaged state.db was set aside at the start. */
  readonly stateQuarantine?: string
}

/** Beats come every 5 s at most; three missing are no accident. */
const STILL_MS = 15_000
/** Headers looked at in one step: a second's worth at full speed is a fifth of it. */
const HEADERS_STEP = 500

/** Knows how everything is, and tells it: to /health as checks, to /metrics as numbers. */
export class Observer {
  readonly #deps: ObserverDeps
  readonly #commitTimes = new CommitTimes()
  readonly #misfits = new Misfits()
  readonly #ingestPulse: Pulse
  #vitals: IngestVitals | undefined
  #corruption: Corruption | undefined
  /** By the watchdog. */
  #stalledThreads: readonly string[] = []
  #headerSeq = 0
  #hasOpened = false
  /** Why the last reload was refused. */
  reloadProblem: string | undefined

  constructor(deps: ObserverDeps) {
    this.#deps = deps
    this.#ingestPulse = new Pulse(deps.heartbeats, 'ingest')
  }

  /** The buffer is open, perhaps a new one. */
  opened({ wasClean, corruption }: { wasClean: boolean; corruption?: Corruption }): void {
    const { buffer, metrics } = this.#deps
    this.#hasOpened = true
    this.#headerSeq = buffer.totals().lastSeq
    metrics.uncleanStart.set({}, wasClean ? 0 : 1)
    if (!corruption) return
    this.#corruption = corruption
    metrics.bufferCorruptions.inc({})
  }

  see(vitals: IngestVitals): void {
    this.#vitals = vitals
    this.#misfits.see(vitals)
    this.#commitTimes.add(vitals.commitSeconds)
    this.#deps.metrics.sweepSeconds.observe({}, vitals.lookSeconds)
    this.#readHeaders()
  }

  seeStalled(threads: readonly string[]): void {
    this.#stalledThreads = threads
    if (threads.length > 0) this.#deps.ownLog.log.error('A thread makes no progress', { threads })
  }

  /** Counts what the chunks since the last time say of their entries. */
  #readHeaders(): void {
    const { buffer, metrics, ownLog } = this.#deps
    try {
      for (const { seq, header } of buffer.headersAfter(this.#headerSeq, HEADERS_STEP)) {
        metrics.logSeries.count(header)
        for (const { metrics: deltas } of Object.values(header.sources)) if (deltas) metrics.logMetrics.add(deltas)
        this.#headerSeq = seq
      }
    } catch (error) {
      // The headers are still there next time.
      ownLog.log.debug('Cannot read chunk headers', { error: messageOf(error) })
    }
  }

  /** Brings the registry up to date; called before each scrape. */
  collect(): void {
    const { clock, ownLog, metrics, buffer } = this.#deps
    ownLog.flush()
    this.#readHeaders()
    if (this.#vitals) {
      mirrorVitals(metrics, this.#vitals, clock.nowMs())
      mirrorSourceLedger(metrics, this.#vitals.ledger)
      for (const [name, entries] of sourceImbalances(this.#vitals.ledger)) {
        metrics.ledgerImbalance.set({ kind: 'source', name }, entries)
      }
    }
    this.#commitTimes.mirror(metrics)
    for (const { name: metric, overflow, skipped } of metrics.logMetrics.losses()) {
      metrics.logMetricOverflow.mirror({ metric }, overflow)
      metrics.logMetricSkipped.mirror({ metric }, skipped)
    }
    const stalled = this.#stalled()
    for (const thread of ['main', 'ingest']) metrics.threadStalled.set({ thread }, Number(stalled.includes(thread)))
    const { entries, oldestMs } = buffer.held()
    metrics.bufferEntries.set({}, entries)
    metrics.bufferOldestAge.set({}, oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs) / 1000)
    for (const status of this.#deps.outputs()) this.#collectOutput(status)
  }

  #collectOutput(status: OutputStatus): void {
    const { metrics, buffer, state } = this.#deps
    const { name } = status
    mirrorOutput(metrics, status)
    metrics.deadLetterEntries.set({ output: name }, state.deadLetterCount(name))
    const cursor = state.cursor(name)
    if (!cursor || cursor.bufferId !== buffer.bufferId) return
    mirrorOutputLedger(metrics, outputAccounts(cursor, buffer.totals().entries))
    metrics.ledgerImbalance.set({ kind: 'output', name }, outputImbalance(cursor, buffer.entriesUpto(cursor.seq)))
  }

  checks(): JudgedCheck[] {
    const { clock, rssBytes, outputs, ingestFailure, stateQuarantine, senses } = this.#deps
    const imbalanced = [...sourceImbalances(this.#vitals?.ledger ?? [])].filter(([, entries]) => entries !== 0)
    return healthChecks({
      nowMs: clock.nowMs(),
      vitals: this.#vitals,
      outputs: outputs(),
      ingestFailure: ingestFailure(),
      stalledThreads: this.#stalled(),
      corruption: this.#corruption,
      stateQuarantine,
      reloadProblem: this.reloadProblem,
      imbalanced: imbalanced.map(([name]) => name),
      misfits: this.#misfits.troubled(clock.nowMs()),
      rssBytes: rssBytes(),
      ...senses(),
    })
  }

  /** What the watchdog says of main, and what main sees of ingest. */
  #stalled(): readonly string[] {
    const isIngestStill = this.#hasOpened && this.#ingestPulse.stillMs(this.#deps.clock.monotonicMs()) > STILL_MS
    return isIngestStill ? [...new Set([...this.#stalledThreads, 'ingest'])] : this.#stalledThreads
  }
}
