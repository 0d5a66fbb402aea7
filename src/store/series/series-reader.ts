import { Breather } from '../../run/breather.ts'
import type { Clock } from '../../run/clock.ts'
import type { SeriesHistory } from './history.ts'
import type { BlockRow } from './history-file.ts'
import type { SampleArrays } from './ring.ts'
import { parseSeriesKey, type Series } from './series.ts'
import type { SeriesStore } from './series-store.ts'

export type SeriesIdentity = Pick<Series, 'name' | 'type' | 'labels' | 'key'>

export interface SeriesAsk {
  /** Without it: of every name. */
  readonly name?: string
  readonly accepts: (series: SeriesIdentity) => boolean
  /** The range (fromMs, toMs]. */
  readonly fromMs: number
  readonly toMs: number
  readonly signal?: AbortSignal
}

/** Samples of one series in the range, staleness markers left out. */
export interface SeriesSamples extends SampleArrays {
  readonly series: SeriesIdentity
}

/** More samples would have to be looked at than a question may cost. */
export class TooManySamples extends Error {
  readonly code = 'too_many_samples'

  constructor(maxSamples: number) {
    super(
      `Cannot answer: more than ${maxSamples} samples would have to be read; ask for a shorter time, or for fewer series`,
    )
    this.name = 'TooManySamples'
  }
}

/**
 * Samples looked at for one question. 1,500 series make as many in a day; the samples of one name are held at once, 16 bytes each,
 * so this bounds a question's memory to some 32 MB.
 */
export const MAX_SAMPLES = 2_000_000

export interface SeriesReaderDeps {
  readonly store: SeriesStore
  /** Absent: only what is in memory. */
  readonly history?: SeriesHistory
  readonly clock: Clock
}

/** All there is of series, from memory and, where that does not reach, from the history: a series is read in memory from its oldest sample there. */
export class SeriesReader {
  readonly #deps: SeriesReaderDeps
  readonly #maxSamples: number

  constructor(deps: SeriesReaderDeps, { maxSamples = MAX_SAMPLES }: { maxSamples?: number } = {}) {
    this.#deps = deps
    this.#maxSamples = maxSamples
  }

  /** The series that are accepted and have samples in the range, name by name; works 5 ms at a time. @throws {TooManySamples} */
  async *read(ask: SeriesAsk): AsyncGenerator<SeriesSamples> {
    const reading = { breather: new Breather(this.#deps.clock), seen: 0 }
    for (const name of this.#names(ask)) {
      for (const joined of (await this.#readName(name, ask, reading)).values()) {
        const samples = arraysOf(joined)
        if (samples.times.length > 0) yield { series: joined.series, ...samples }
        await reading.breather.breathe(ask.signal)
      }
    }
  }

  #names({ name, fromMs }: SeriesAsk): Iterable<string> {
    const { store, history } = this.#deps
    if (name !== undefined) return [name]
    const isRecent = this.#isInMemory(fromMs, store.retentionMs(''))
    return new Set([...store.names(), ...(isRecent ? [] : (history?.names() ?? []))])
  }

  /** Whether nothing in the history is not in memory, from `fromMs` on. */
  #isInMemory(fromMs: number, retentionMs: number): boolean {
    const { store, clock } = this.#deps
    return fromMs >= clock.nowMs() - retentionMs && store.stats().shortened === 0
  }

  async #readName(name: string, ask: SeriesAsk, reading: Reading): Promise<Map<string, Joined>> {
    const { store, history } = this.#deps
    const found = new Map<string, Joined>()
    for (const series of store.select(name)) {
      if (!ask.accepts(series)) continue
      const recent = series.samples.between(ask.fromMs, ask.toMs)
      this.#look(recent.times.length, reading)
      found.set(series.key, { series, untilMs: series.samples.firstMs, times: [], values: [], recent })
      await reading.breather.breathe(ask.signal)
    }
    if (history && !this.#isInMemory(ask.fromMs, store.retentionMs(name))) {
      await this.#readHistory(history, { name, ask, found, reading })
    }
    return found
  }

  async #readHistory(history: SeriesHistory, { name, ask, found, reading }: HistoryAsk): Promise<void> {
    const known = history.seriesOf(name)
    if (!known) return
    const wanted = new Map<number, Joined>()
    for (const { id, key, type } of known.series) {
      await reading.breather.breathe(ask.signal)
      const series = { ...parseSeriesKey(key), type, key }
      if (!ask.accepts(series)) continue
      const joined = found.get(key) ?? {
        series,
        untilMs: Number.POSITIVE_INFINITY,
        times: [],
        values: [],
        recent: NONE,
      }
      found.set(key, joined)
      wanted.set(id, joined)
    }
    if (wanted.size === 0) return
    let untilMs = Number.NEGATIVE_INFINITY
    for (const joined of wanted.values()) untilMs = Math.max(untilMs, joined.untilMs)
    for (const block of history.blocks(ask.fromMs, Math.min(ask.toMs, untilMs))) {
      this.#readBlock(history, { block, nameId: known.nameId, wanted, ask, reading })
      await reading.breather.breathe(ask.signal)
    }
  }

  #readBlock(history: SeriesHistory, { block, nameId, wanted, ask, reading }: BlockAsk): void {
    for (const { id, times, values, isStale } of history.columns(block, nameId)) {
      this.#look(times.length, reading)
      const joined = wanted.get(id)
      if (!joined) continue
      let lastMs = joined.times.at(-1) ?? ask.fromMs
      for (let i = 0; i < times.length; i++) {
        const tMs = times[i] ?? 0
        // Where the clock was set back, blocks tell of the same time twice.
        if (tMs <= lastMs || isStale[i] || tMs > ask.toMs || tMs >= joined.untilMs) continue
        joined.times.push(tMs)
        joined.values.push(values[i] ?? Number.NaN)
        lastMs = tMs
      }
    }
  }

  #look(samples: number, reading: Reading): void {
    reading.seen += samples
    if (reading.seen > this.#maxSamples) throw new TooManySamples(this.#maxSamples)
  }
}

/** One series while it is put together: from the history before `untilMs`, and from memory. */
interface Joined {
  readonly series: SeriesIdentity
  readonly untilMs: number
  readonly times: number[]
  readonly values: number[]
  readonly recent: SampleArrays
}

interface Reading {
  readonly breather: Breather
  seen: number
}

interface HistoryAsk {
  readonly name: string
  readonly ask: SeriesAsk
  readonly found: Map<string, Joined>
  readonly reading: Reading
}

interface BlockAsk {
  readonly block: BlockRow
  readonly nameId: number
  readonly wanted: ReadonlyMap<number, Joined>
  readonly ask: SeriesAsk
  readonly reading: Reading
}

const NONE: SampleArrays = { times: new Float64Array(0), values: new Float64Array(0) }

function arraysOf({ times, values, recent }: Joined): SampleArrays {
  if (times.length === 0) return recent
  return { times: concat(times, recent.times), values: concat(values, recent.values) }
}

function concat(head: readonly number[], tail: Float64Array): Float64Array {
  const whole = new Float64Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
