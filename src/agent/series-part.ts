import type { AgentConfig } from '../config/schema.ts'
import { messageOf } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import type { Log } from '../run/log.ts'
import { sleepUntilTick } from '../run/ticks.ts'
import { SeriesHistory } from '../store/series/history.ts'
import { SeriesReader } from '../store/series/series-reader.ts'
import { SeriesStore } from '../store/series/series-store.ts'

export interface SeriesPartDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Resolves when the sample of the host that is under way is there. */
  readonly settled: () => Promise<void>
  /** After each scrape. */
  readonly onScraped: () => void
}

/** The agent scrapes itself: at each tick all its metrics become samples of series, in memory and, thinned out, on the disk. */
export class SeriesPart implements Component {
  readonly name = 'series'
  readonly store: SeriesStore
  /** Undefined when none is kept. */
  readonly history: SeriesHistory | undefined
  readonly reader: SeriesReader
  readonly #intervalMs: number
  readonly #deps: SeriesPartDeps
  #lastMs = Number.NEGATIVE_INFINITY

  constructor({ metrics: config, dataDir }: AgentConfig, deps: SeriesPartDeps) {
    const { clock, log } = deps
    const { intervalMs, retentionMs, maxBytes, historyMs, historyStepMs, historyMaxBytes } = config
    this.#deps = deps
    this.#intervalMs = intervalMs
    this.store = new SeriesStore({ retentionMs, maxBytes })
    this.history =
      historyMs === 0
        ? undefined
        : new SeriesHistory(
            { dataDir, historyMs, stepMs: historyStepMs, maxBytes: historyMaxBytes },
            { store: this.store, clock, log },
          )
    this.reader = new SeriesReader({ store: this.store, clock, ...(this.history && { history: this.history }) })
    deps.metrics.onCollect(() => this.#tell())
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps
    await this.history?.restore(clock.nowMs())
    const keeping = this.history?.run(signal)
    while (!signal.aborted) {
      try {
        await this.scrapeOnce()
      } catch (error) {
        // The next one is due soon, and its series tell the gap.
        log.error('Cannot scrape the metrics of the agent', { reason: messageOf(error) })
      }
      await sleepUntilTick(clock, { intervalMs: this.#intervalMs, signal })
    }
    await keeping
  }

  async scrapeOnce(): Promise<void> {
    const { clock, metrics, settled, onScraped } = this.#deps
    await settled()
    const scrapes = await metrics.scrape()
    const tMs = clock.nowMs()
    if (tMs <= this.#lastMs) this.store.forgetAfter(tMs - 1)
    this.#lastMs = tMs
    for (const { name, labels, families } of scrapes) {
      // The agent's own counters begin with it, at 0; those of the host were there before.
      this.store.appendScrape(name, { tMs, families, targetLabels: labels, isBornAtZero: name === 'obs-agent' })
    }
    onScraped()
  }

  #tell(): void {
    const { metrics } = this.#deps
    const { series, samples, bytes, refused, outOfOrder, shortened } = this.store.stats()
    metrics.series.set({}, series)
    metrics.seriesSamples.set({}, samples)
    metrics.seriesBytes.set({}, bytes)
    metrics.seriesRefused.mirror({}, refused)
    metrics.seriesOutOfOrder.mirror({}, outOfOrder)
    metrics.seriesShortened.mirror({}, shortened)
    if (!this.history) return
    const history = this.history.stats()
    metrics.seriesHistoryBytes.set({}, history.bytes)
    metrics.seriesHistoryDropped.mirror({}, history.dropped)
    for (const [code, count] of history.failures) metrics.seriesHistoryFailures.mirror({ code }, count)
  }
}
