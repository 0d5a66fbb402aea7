import { systemClock } from '../../src/run/clock.ts'
import { SeriesHistory } from '../../src/store/series/history.ts'
import { SeriesStore } from '../../src/store/series/series-store.ts'
import { NOW_MS } from './buffer-fixture.ts'
import { gauge, HOUR, type Labels, MINUTE, TARGET } from './series-fixture.ts'

/** Writes history until it is killed, and says so after each flush. */
const [dir = '', round = '0'] = process.argv.slice(2)
const quiet = (): void => {}
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log }
const store = new SeriesStore()
const history = new SeriesHistory(
  { dataDir: dir, historyMs: 365 * 24 * HOUR, stepMs: MINUTE, maxBytes: 2 ** 30 },
  { store, clock: systemClock, log },
)
let nowMs = NOW_MS + Number(round) * 1000 * MINUTE
await history.restore(nowMs)
for (;;) {
  nowMs += MINUTE
  const samples = Array.from({ length: 300 }, (_, n): [Labels, number] => [{ n }, Math.sin(n * nowMs)])
  store.appendScrape('s', { tMs: nowMs, families: [gauge('m', ...samples)], targetLabels: TARGET })
  history.flushOnce(nowMs)
  await new Promise((resolve) => process.send?.('flushed', resolve))
}
