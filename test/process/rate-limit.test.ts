import fc from 'fast-check'
import t from 'tap'
import { RateLimitStep } from '../../src/process/rate-limit.ts'
import { collected, entry, NOW_MS, workOf } from './harness.ts'

const at = (offsetMs: number, more = {}) => workOf(entry(more, offsetMs))
const kept = (step: RateLimitStep, offsets: readonly number[], more = {}): number =>
  offsets.filter((offsetMs) => step.apply(at(offsetMs, more)) === 'keep').length

t.test('a window takes so many entries, and the next one as many again', async (t) => {
  const step = new RateLimitStep({ limit: 2, perMs: 1000 })
  t.equal(kept(step, [0, 10, 20, 999]), 2)
  t.equal(kept(step, [1000, 1999, 1999]), 2)
  t.equal(kept(step, [500]), 0, 'an entry of an earlier window counts in the present one')
})

t.test('what was refused is handed over when its window is over', async (t) => {
  const step = new RateLimitStep({ limit: 1, perMs: 1000 })
  kept(step, [0, 1, 2])
  t.strictSame(collected(step, NOW_MS + 999), [])
  const message = '2 entries over the limit of 1 in 1s were refused'
  const metadata = { refused: 2, limit: 1, per: '1s' }
  const owed = { timestamp: '2026-03-01T12:00:00.002Z', level: 'WARNING', message, metadata }
  t.strictSame(collected(step, NOW_MS + 1000), [owed])
  t.strictSame(collected(step, NOW_MS + 2000), [])
  t.equal(kept(step, [3]), 0, 'the window’s share is still used up')
  t.match(collected(step, NOW_MS + 2000), [{ message: '1 entry over the limit of 1 in 1s was refused' }])
  kept(step, [5000, 5000])
  t.match(collected(step, Number.POSITIVE_INFINITY), [{ metadata: { refused: 1 } }])
})

t.test('keys have windows of their own', async (t) => {
  const step = new RateLimitStep({ limit: 1, perMs: 60_000, by: 'service' })
  t.equal(kept(step, [0, 1], { service: 'a' }), 1)
  t.equal(kept(step, [0, 1, 2], { service: 'b' }), 1)
  const [first, second, ...none] = collected(step, NOW_MS + 60_000)
  t.match(first, { service: 'a', metadata: { refused: 1, limit: 1, per: '1m', by: 'service', key: 'a' } })
  t.match(second, { service: 'b', message: '2 entries over the limit of 1 in 1m for service "b" were refused' })
  t.strictSame(none, [])
})

t.test('keys beyond 4,096 share one window', async (t) => {
  const step = new RateLimitStep({ limit: 1, perMs: 1000, by: 'user_id' })
  let passed = 0
  for (let i = 0; i < 5000; i++) passed += kept(step, [0], { user_id: `u${i}` })
  t.equal(passed, 4097)
  t.match(collected(step, NOW_MS + 1000), [{ metadata: { refused: 903, key: '_other' } }])
  t.equal(kept(step, [1000], { user_id: 'u4999' }), 1)
})

t.test('an entry with a wrong clock does not hold back the hours after it', async (t) => {
  const step = new RateLimitStep({ limit: 1, perMs: 1000 })
  t.equal(kept(step, [3_600_000, 0, 1]), 1)
  t.match(collected(step, NOW_MS), [])
  t.equal(kept(step, [0]), 1)
  t.match(collected(step, NOW_MS + 1000), [{ metadata: { refused: 2 } }])
})

t.test('every refused entry is in one of the counts', async (t) => {
  const moves = fc.array(fc.tuple(fc.integer({ min: -3000, max: 9000 }), fc.constantFrom('a', 'b'), fc.boolean()))
  const counted = fc.property(moves, (moves) => {
    const step = new RateLimitStep({ limit: 2, perMs: 1000, by: 'user_id' })
    let refused = 0
    const owed = []
    for (const [offsetMs, user_id, isCollected] of moves) {
      if (step.apply(at(offsetMs, { user_id })) !== 'keep') refused++
      if (isCollected) owed.push(...collected(step, NOW_MS + offsetMs))
    }
    owed.push(...collected(step, Number.POSITIVE_INFINITY))
    let told = 0
    for (const { metadata } of owed) told += Number(Object(metadata).refused)
    return told === refused
  })
  t.doesNotThrow(() => fc.assert(counted))
})
