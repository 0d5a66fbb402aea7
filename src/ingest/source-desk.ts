import type { LogMetricDeltas } from '../metrics/log-metrics.ts'
import type { LineContext } from '../parse/line.ts'
import { createLogMetrics, type LogMetrics } from '../process/log-metrics.ts'
import { createProcessing, type Processing } from '../process/processing.ts'
import type { SourceSummary } from '../store/chunk.ts'
import type { Ledger } from '../store/ledger.ts'
import type { Source } from '../tail/source.ts'
import { SummaryBuilder } from './header-builder.ts'

/** All that is counted of one source, and done to its entries, between its records and the chunk. */
export class SourceDesk {
  readonly summary = new SummaryBuilder()
  /** Undefined when the source has no steps: the usual entry passes by. */
  processing: Processing | undefined
  metrics: LogMetrics | undefined
  /** Stored since the last seal; plain numbers, since every record adds to them. */
  entries = 0
  bytes = 0
  #source: Source
  /** What entries are from that a step made: they have no file. */
  #context: LineContext
  /** Of metrics the configuration had before. */
  #earlier: LogMetricDeltas | undefined

  constructor(source: Source, context: LineContext) {
    this.#source = source
    this.#context = context
    this.#build()
  }

  get source(): Source {
    return this.#source
  }

  /**
   * Takes over a source whose settings were read again. Steps that did not change keep what they remember; what others owe must
   * have been collected.
   */
  adopt(source: Source, context: LineContext): void {
    const isSame = worksOf(this.#source) === worksOf(source)
    this.#source = source
    this.#context = context
    if (isSame) return
    this.#earlier = joined(this.#earlier, this.metrics?.take())
    this.#build()
  }

  #build(): void {
    const { config } = this.#source
    this.processing = config.process.length > 0 ? createProcessing(config.process, this.#context) : undefined
    this.metrics = config.metrics.length > 0 ? createLogMetrics(config.metrics) : undefined
  }

  /** Books what was stored since the last time. */
  bookTo(ledger: Ledger): void {
    const { entries, bytes } = this
    if (entries === 0 && bytes === 0) return
    const { name } = this.#source.config
    ledger.book(name, 'read', entries, bytes)
    ledger.book(name, 'stored', entries, bytes)
    this.entries = 0
    this.bytes = 0
  }

  /** What the header says of the source, undefined when no entry of it is in the chunk. */
  takeSummary(): SourceSummary | undefined {
    const summary = this.summary.take()
    if (!summary) return undefined
    const metrics = joined(this.#earlier, this.metrics?.take())
    this.#earlier = undefined
    return { ...summary, ...(metrics && { metrics }) }
  }
}

/** What a source has done to its entries, to be compared. */
function worksOf({ config }: Source): string {
  return JSON.stringify([config.process, config.metrics])
}

/** Deltas add up, so two lists of them are one behind the other. */
function joined(a: LogMetricDeltas | undefined, b: LogMetricDeltas | undefined): LogMetricDeltas | undefined {
  if (!a || !b) return a ?? b
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries(
    [...names].map((name) => {
      const [first, second] = [a[name], b[name]]
      return [
        name,
        {
          series: [...(first?.series ?? []), ...(second?.series ?? [])],
          overflow: (first?.overflow ?? 0) + (second?.overflow ?? 0),
          skipped: (first?.skipped ?? 0) + (second?.skipped ?? 0),
        },
      ]
    }),
  )
}
