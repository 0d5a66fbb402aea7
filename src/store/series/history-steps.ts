import type { BlockSeries, HistoryBlock } from './history-file.ts'
import type { Samples } from './ring.ts'
import type { Series } from './series.ts'

/** A span of time (fromMs, toMs], and how much of it is kept: the last sample in each step. */
export interface Steps {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

/** What the history keeps of all series: of each step, which ends at a multiple of `stepMs`, the last sample with its own time. */
export function blockOf(all: Iterable<Series>, steps: Steps): HistoryBlock {
  const series = new Map<string, BlockSeries[]>()
  let sampleCount = 0
  for (const one of all) {
    const kept = lastOfSteps(one.samples, steps)
    if (kept.times.length === 0) continue
    sampleCount += kept.times.length
    const ofName = series.get(one.name)
    if (ofName) ofName.push({ series: one, ...kept })
    else series.set(one.name, [{ series: one, ...kept }])
  }
  return { fromMs: steps.fromMs, toMs: steps.toMs, sampleCount, series }
}

/** The last sample of each step, staleness markers included. */
export function lastOfSteps(samples: Samples, { fromMs, toMs, stepMs }: Steps): Omit<BlockSeries, 'series'> {
  const [times, values, isStale]: [number[], number[], boolean[]] = [[], [], []]
  const end = samples.firstAfter(toMs)
  let stepOfLast = Number.NEGATIVE_INFINITY
  for (let index = samples.firstAfter(fromMs); index < end; index++) {
    const step = Math.ceil(samples.timeAt(index) / stepMs)
    const place = step === stepOfLast ? times.length - 1 : times.length
    times[place] = samples.timeAt(index)
    values[place] = samples.valueAt(index)
    isStale[place] = samples.isStaleAt(index)
    stepOfLast = step
  }
  return { times, values, isStale }
}
