import type { Clock } from '../../run/clock.ts'
import { yieldToLoop } from '../../run/clock.ts'
import type { Component } from '../../run/component.ts'
import type { Log } from '../../run/log.ts'
import { GuardedHistory } from './guarded-history.ts'
import { decodePart, type HistoryColumn } from './history-codec.ts'
import type { BlockRow, HistoryBlock, SeriesRow } from './history-file.ts'
import { blockOf } from './history-steps.ts'
import { parseSeriesKey } from './series.ts'
import type { RestoredSample, SeriesStore } from './series-store.ts'

export interface HistoryOptions {
  readonly dataDir: string
  /** How long samples are kept. */
  readonly historyMs: number
  /** Of which the last sample is kept. */
  readonly stepMs: number
  readonly maxBytes: number
}

export interface HistoryDeps {
  readonly store: SeriesStore
  readonly clock: Clock
  readonly log: Log
}

export interface HistoryStats {
  /** Size of the file. */
  readonly bytes: number
  /** Samples waiting to be written. */
  readonly waiting: number
  /** Samples that waited until there were too many. */
  readonly dropped: number
  /** By StoreError's codes, and `unknown`. */
  readonly failures: ReadonlyMap<string, number>
}

/** A crash loses this much of the history at most. */
const FLUSH_MS = 300_000
/** Waiting samples, 16 bytes each and little more: two hours of 1,500 series. */
const MAX_WAITING_SAMPLES = 200_000
/** Blocks written at once after some had to wait: each takes some 12 ms for 1,500 series, and nobody else is served meanwhile. */
const MAX_WRITTEN = 4

/**
 * The history of all series in series.db: the last sample of each step, written every five minutes. What cannot be written waits in
 * memory, up to a bound, and is dropped and counted then. Nothing here throws.
 */
export class SeriesHistory implements Component {
  readonly name = 'series history'
  readonly #options: HistoryOptions
  readonly #deps: HistoryDeps
  readonly #file: GuardedHistory
  /** What is not later than this was written, or waits. */
  #takenMs = Number.NEGATIVE_INFINITY
  readonly #waiting: HistoryBlock[] = []
  #dropped = 0
  #bytes = 0

  constructor(options: HistoryOptions, deps: HistoryDeps) {
    this.#options = options
    this.#deps = deps
    this.#file = new GuardedHistory(options.dataDir, deps)
  }

  /**
   * Opens the file, whatever state it is in, and gives the store its samples back: as far as it keeps them, name by name. To be
   * awaited before the first scrape: samples of the history cannot be appended after newer ones.
   */
  async restore(nowMs: number): Promise<void> {
    const { stepMs } = this.#options
    const lastMs = this.#file.attempt((file) => file.lastMs(), Number.NEGATIVE_INFINITY)
    const beforeMs = Math.floor(nowMs / stepMs) * stepMs
    // Samples of a time to come were written while the clock was wrong.
    this.#takenMs = lastMs > nowMs ? beforeMs : Math.max(lastMs, beforeMs - stepMs)
    for (const name of this.names()) {
      await yieldToLoop()
      this.#restoreName(name, nowMs)
    }
  }

  #restoreName(name: string, nowMs: number): void {
    const { store } = this.#deps
    const fromMs = nowMs - store.retentionMs(name)
    const found = this.seriesOf(name)
    if (!found) return
    const restored = new Map<number, RestoredSample[]>()
    for (const block of this.blocks(fromMs, nowMs)) {
      for (const { id, times, values, isStale } of this.columns(block, found.nameId)) {
        const samples = restored.get(id) ?? []
        restored.set(id, samples)
        for (const [i, tMs] of times.entries()) {
          if (tMs <= fromMs || tMs > nowMs) continue
          samples.push({ tMs, value: values[i] ?? Number.NaN, isStale: isStale[i] ?? false })
        }
      }
    }
    for (const { id, key, type } of found.series) {
      const samples = restored.get(id) ?? []
      if (samples.length > 0) store.restore({ ...parseSeriesKey(key), type }, samples)
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      await clock.sleep(FLUSH_MS, signal)
      if (!signal.aborted) this.flushOnce(clock.nowMs())
    }
    this.close(clock.nowMs())
  }

  /** Writes what came since the last time, up to the last whole step before `nowMs`, and removes what is too old or too much. Never throws. */
  flushOnce(nowMs: number): void {
    const { stepMs } = this.#options
    this.#flush(nowMs, { toMs: Math.floor(nowMs / stepMs) * stepMs, maxBlocks: MAX_WRITTEN })
  }

  /** Writes all there is, and closes the file. Never throws. */
  close(nowMs: number): void {
    this.#flush(nowMs, { toMs: nowMs, maxBlocks: Number.POSITIVE_INFINITY })
    this.#file.close()
  }

  #flush(nowMs: number, { toMs, maxBlocks }: { toMs: number; maxBlocks: number }): void {
    if (this.#file.isOver) return
    this.#take(toMs)
    for (let count = 0; count < maxBlocks && this.#writeOldest(); count++) this.#waiting.shift()
    this.#file.attempt((file) => {
      file.removeOld({ beforeMs: nowMs - this.#options.historyMs, maxBytes: this.#options.maxBytes })
      this.#bytes = file.sizeBytes()
    }, undefined)
  }

  /** False when there is none, or it is refused: then the others would be, too. */
  #writeOldest(): boolean {
    const [oldest] = this.#waiting
    if (!oldest) return false
    return this.#file.attempt((file) => {
      file.write(oldest)
      return true
    }, false)
  }

  #take(toMs: number): void {
    const { historyMs, stepMs } = this.#options
    // The clock was set back: what was taken under the wrong time stays, and what comes now is taken again.
    const isBack = toMs < this.#takenMs - stepMs
    const fromMs = isBack ? toMs - stepMs : Math.max(this.#takenMs, toMs - historyMs)
    if (toMs <= fromMs) return
    this.#takenMs = toMs
    const block = blockOf(this.#deps.store.all(), { fromMs, toMs, stepMs })
    if (block.sampleCount === 0) return
    this.#waiting.push(block)
    while (this.#waiting.length > 1 && this.#waitingSamples() > MAX_WAITING_SAMPLES) {
      this.#dropped += this.#waiting.shift()?.sampleCount ?? 0
    }
  }

  #waitingSamples(): number {
    return this.#waiting.reduce((sum, { sampleCount }) => sum + sampleCount, 0)
  }

  names(): string[] {
    return this.#file.attempt((file) => file.names().map(({ name }) => name), [])
  }

  seriesOf(name: string): { nameId: number; series: SeriesRow[] } | undefined {
    return this.#file.attempt((file) => {
      const nameId = file.nameId(name)
      return nameId === undefined ? undefined : { nameId, series: file.seriesOf(nameId) }
    }, undefined)
  }

  /** Blocks with samples in (fromMs, toMs], oldest first. */
  blocks(fromMs: number, toMs: number): BlockRow[] {
    return this.#file.attempt((file) => file.blocks(fromMs, toMs), [])
  }

  /** The samples of one name in one block; none when they were removed meanwhile, or are damaged. */
  columns({ id, fromMs }: BlockRow, nameId: number): HistoryColumn[] {
    const part = this.#file.attempt((file) => file.part(id, nameId), undefined)
    const columns = part && decodePart(part, fromMs)
    if (part && !columns) {
      this.#file.count('corrupt')
      this.#deps.log.warn('Cannot read a part of the series history: it is damaged')
    }
    return columns ?? []
  }

  stats(): HistoryStats {
    const { failures } = this.#file
    return { bytes: this.#bytes, waiting: this.#waitingSamples(), dropped: this.#dropped, failures }
  }
}
