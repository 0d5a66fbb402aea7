import type { Test } from 'tap'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import type { Clock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'
import { type HistoryOptions, SeriesHistory } from '../../src/store/series/history.ts'
import type { Series } from '../../src/store/series/series.ts'
import type { SeriesStoreOptions } from '../../src/store/series/series-limits.ts'
import { SeriesStore } from '../../src/store/series/series-store.ts'
import { NOW_MS, tempDir } from './buffer-fixture.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const TARGET = { job: 'node', instance: 'h' }

export type Labels = Record<string, string | number>

export function family(
  type: string,
  name: string,
  ...samples: readonly [labels: Labels, value: number][]
): FamilySamples {
  return { name, type, help: '', samples: samples.map(([labels, value]) => ({ name, labels, value })) }
}

export const gauge = (name: string, ...samples: readonly [labels: Labels, value: number][]): FamilySamples =>
  family('gauge', name, ...samples)

/** Each sample as its time and value. */
export const told = ({ samples }: Series): (number | 'stale')[][] =>
  Array.from({ length: samples.length }, (_, i) => [
    samples.timeAt(i),
    samples.isStaleAt(i) ? 'stale' : samples.valueAt(i),
  ])

/** All that a store holds, by key. */
export const contents = (store: SeriesStore): Record<string, unknown> =>
  Object.fromEntries([...store.all()].map((series) => [series.key, [series.type, told(series)]]).sort())

/** A clock that stands still but for its owner. */
export function handClock(nowMs = NOW_MS): Clock & { nowAt: number } {
  return {
    nowAt: nowMs,
    nowMs() {
      return this.nowAt
    },
    monotonicMs: () => performance.now(),
    sleep: async () => {},
  }
}

export interface HistoryRig {
  readonly dir: string
  readonly clock: Clock & { nowAt: number }
  readonly warnings: string[]
  store: SeriesStore
  history: SeriesHistory
  /** Scrapes at `tMs`, which is what the clock says from then on. */
  scrape(tMs: number, ...families: readonly FamilySamples[]): void
  /** A new process on the same folder. */
  restart(options?: Partial<SeriesStoreOptions>): Promise<void>
}

export async function historyRig(t: Test, options: Partial<HistoryOptions> = {}): Promise<HistoryRig> {
  const dir = options.dataDir ?? tempDir(t)
  const clock = handClock()
  const warnings: string[] = []
  const quiet = (): void => {}
  const log: Log = {
    ...{ debug: quiet, info: quiet, error: quiet, child: () => log },
    warn: (message) => warnings.push(message),
  }
  const begin = (store: SeriesStore): SeriesHistory =>
    new SeriesHistory(
      { dataDir: dir, historyMs: 7 * 24 * HOUR, stepMs: MINUTE, maxBytes: 2 ** 28, ...options },
      { store, clock, log },
    )
  const store = new SeriesStore()
  const rig = {
    ...{ dir, clock, warnings, store, history: begin(store) },
    scrape: (tMs: number, ...families: readonly FamilySamples[]) => {
      clock.nowAt = tMs
      rig.store.appendScrape('s', { tMs, families, targetLabels: TARGET })
    },
    restart: async (about: Partial<SeriesStoreOptions> = {}) => {
      rig.history.close(clock.nowAt)
      rig.store = new SeriesStore(about)
      rig.history = begin(rig.store)
      await rig.history.restore(clock.nowAt)
    },
  }
  await rig.history.restore(clock.nowAt)
  t.teardown(() => rig.history.close(clock.nowAt))
  return rig
}
