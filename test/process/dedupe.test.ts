import fc from 'fast-check'
import t from 'tap'
import { DedupeStep } from '../../src/process/dedupe.ts'
import { collected, entry, NOW_MS, run, workOf } from './harness.ts'

const at = (offsetMs: number, more = {}) => workOf(entry(more, offsetMs))
const step = (by: string[] = [], windowMs = 1000) => new DedupeStep({ windowMs, by })
const outcomes = (dedupe: DedupeStep, offsets: readonly number[], more = {}): string[] =>
  offsets.map((offsetMs) => dedupe.apply(at(offsetMs, more)))

t.test('the first goes on, repeats become one entry', async (t) => {
  const dedupe = step()
  t.strictSame(outcomes(dedupe, [0, 10, 999]), ['keep', 'deduplicated', 'deduplicated'])
  t.strictSame(collected(dedupe, NOW_MS + 999), [])
  t.strictSame(collected(dedupe, NOW_MS + 1000), [entry({ metadata: { repeated: 2 } }, 999)])
  t.strictSame(collected(dedupe, Number.POSITIVE_INFINITY), [])
  t.ok(run(step(), entry()).isUntouched)
})

t.test('the window begins with the first entry, and another after it', async (t) => {
  const dedupe = step()
  t.strictSame(outcomes(dedupe, [0, 999, 1000, 1001]), ['keep', 'deduplicated', 'keep', 'deduplicated'])
  t.match(collected(dedupe, NOW_MS), [{ metadata: { repeated: 1 } }], 'over by the entries’ own time')
  t.match(collected(dedupe, Number.POSITIVE_INFINITY), [{ metadata: { repeated: 1 } }])
})

t.test('a window that is over by the wall clock goes on by the entries’ own', async (t) => {
  const dedupe = step()
  outcomes(dedupe, [0, 1])
  t.match(collected(dedupe, NOW_MS + 5000), [{ metadata: { repeated: 1 } }])
  t.strictSame(outcomes(dedupe, [2, 3]), ['deduplicated', 'deduplicated'])
  t.match(collected(dedupe, NOW_MS + 6000), [{ metadata: { repeated: 2 } }])
})

t.test('entries are equal by the fields that are named', async (t) => {
  const cases: [string[], object, object, string][] = [
    [[], {}, { level: 'ERROR' }, 'keep'],
    [[], {}, { message: 'other' }, 'keep'],
    [[], {}, { user_id: 'u', service: 'web' }, 'deduplicated'],
    [['user_id'], { user_id: 'u' }, { user_id: 'u', message: 'other' }, 'deduplicated'],
    [['user_id'], { user_id: 'u' }, {}, 'keep'],
    [['a', 'b'], { metadata: { a: 'x', b: 'yz' } }, { metadata: { a: 'xy', b: 'z' } }, 'keep'],
    [['a'], { metadata: { a: 1 } }, { metadata: { a: '1' } }, 'keep'],
    [['a.b'], { metadata: { a: { b: [1] } } }, { metadata: { 'a.b': [1] } }, 'deduplicated'],
    [[], { message: 'x'.repeat(999) }, { message: 'x'.repeat(999) }, 'deduplicated'],
    [[], { message: 'x'.repeat(999) }, { message: `${'x'.repeat(998)}y` }, 'keep'],
  ]
  for (const [by, first, second, expected] of cases) {
    const dedupe = step(by)
    dedupe.apply(at(0, first))
    t.equal(dedupe.apply(at(1, second)), expected, JSON.stringify([by, second]).slice(0, 60))
  }
})

t.test('a repeat keeps a member of its own that is called repeated', async (t) => {
  const dedupe = step()
  outcomes(dedupe, [0, 1], { metadata: { repeated: 'yes' } })
  t.match(collected(dedupe, Number.POSITIVE_INFINITY), [{ metadata: { repeated: 'yes', repeated_: 1 } }])
})

t.test('an entry with a wrong clock is no repeat, and does not keep its repeats waiting', async (t) => {
  const dedupe = step()
  t.strictSame(outcomes(dedupe, [3_600_000, 3_600_001, 0, 1]), ['keep', 'deduplicated', 'keep', 'deduplicated'])
  t.equal(collected(dedupe, NOW_MS + 1000).length, 2)
  outcomes(dedupe, [7_200_000, 7_200_001])
  t.equal(collected(dedupe, NOW_MS + 1000).length, 1)
})

t.test('of more than 10,000 different entries the oldest is forgotten, and what it owes handed over', async (t) => {
  const dedupe = step()
  outcomes(dedupe, [0, 1], { message: 'm0' })
  for (let i = 1; i < 10_000; i++) outcomes(dedupe, [2], { message: `m${i}` })
  t.strictSame(outcomes(dedupe, [3], { message: 'm0' }), ['deduplicated'])
  outcomes(dedupe, [4], { message: 'one more' })
  t.match(collected(dedupe, NOW_MS), [{ message: 'm0', metadata: { repeated: 2 } }])
  t.strictSame(outcomes(dedupe, [5], { message: 'm0' }), ['keep'])
})

t.test('repeats go through when 8 MiB of others are held', async (t) => {
  const dedupe = step(['user_id'])
  const message = 'x'.repeat(2 * 2 ** 20)
  for (const user_id of ['a', 'b', 'c'])
    t.strictSame(outcomes(dedupe, [0, 1, 2], { user_id, message }), ['keep', 'deduplicated', 'deduplicated'])
  outcomes(dedupe, [0], { user_id: 'd', message })
  t.strictSame(outcomes(dedupe, [1], { user_id: 'd', message }), ['keep'])
  t.equal(collected(dedupe, Number.POSITIVE_INFINITY).length, 3)
  t.strictSame(outcomes(dedupe, [2], { user_id: 'd', message }), ['deduplicated'])
})

t.test('every entry goes on or is counted in one that stands for it', async (t) => {
  const moves = fc.array(fc.tuple(fc.integer({ min: -2000, max: 4000 }), fc.constantFrom('a', 'b', 'c'), fc.boolean()))
  const counted = fc.property(moves, (moves) => {
    const dedupe = step()
    let held = 0
    const owed = []
    for (const [offsetMs, message, isCollected] of moves) {
      if (dedupe.apply(at(offsetMs, { message })) !== 'keep') held++
      if (isCollected) owed.push(...collected(dedupe, NOW_MS + offsetMs))
    }
    owed.push(...collected(dedupe, Number.POSITIVE_INFINITY))
    let told = 0
    for (const { metadata } of owed) told += Number(Object(metadata).repeated)
    return told === held
  })
  t.doesNotThrow(() => fc.assert(counted))
})
