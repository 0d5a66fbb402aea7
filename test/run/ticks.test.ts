import fc from 'fast-check'
import t from 'tap'
import { sleepUntilTick, untilTickMs } from '../../src/run/ticks.ts'
import { VirtualClock } from '../deliver/virtual-clock.ts'

t.test(
  'the next tick is a multiple of the interval plus the offset, ahead, and no further than an interval',
  async (t) => {
    const cases: [nowMs: number, intervalMs: number, offsetMs: number, waitMs: number][] = [
      [0, 1000, 0, 1000],
      [999, 1000, 0, 1],
      [1000, 1000, 0, 1000],
      [1000, 1000, 250, 250],
      [100, 1000, 250, 150],
      [250, 1000, 250, 1000],
    ]
    for (const [nowMs, intervalMs, offsetMs, waitMs] of cases) {
      t.equal(untilTickMs(nowMs, { intervalMs, offsetMs }), waitMs, `${nowMs} ${intervalMs} ${offsetMs}`)
    }
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), (nowMs, intervalMs, offset) => {
        const offsetMs = offset % intervalMs
        const waitMs = untilTickMs(nowMs, { intervalMs, offsetMs })
        return waitMs > 0 && waitMs <= intervalMs && (nowMs + waitMs - offsetMs) % intervalMs === 0
      }),
    )
  },
)

t.test('a round that took longer than an interval leaves out the ticks it missed', async (t) => {
  const clock = new VirtualClock()
  clock.advance(3500)
  const woken = sleepUntilTick(clock, { intervalMs: 1000, signal: new AbortController().signal })
  clock.advance(500)
  await woken
  t.equal(clock.monotonicMs(), 4000)
})
