import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { bisect, type Part, type PartAnswer, type Split } from '../../src/deliver/bisect.ts'

interface Collector {
  /** Entries it never takes. */
  readonly poison: ReadonlySet<number>
  /** Most entries at once. */
  readonly most: number
}

function judge({ from, to }: Part, { poison, most }: Collector): PartAnswer {
  if (to - from > most) return { kind: 'too_large', status: 413, answer: '' }
  for (let i = from; i < to; i++) if (poison.has(i)) return { kind: 'refused', status: 400, answer: `entry ${i}` }
  return { kind: 'accepted' }
}

function run(entries: number, collector: Collector): { split: Split; sent: Part[]; accepted: Part[] } {
  const steps = bisect(entries)
  const sent: Part[] = []
  const accepted: Part[] = []
  let step = steps.next()
  while (!step.done) {
    sent.push(step.value)
    const answer = judge(step.value, collector)
    if (answer.kind === 'accepted') accepted.push(step.value)
    step = steps.next(answer)
  }
  return { split: step.value, sent, accepted }
}

t.test('bisect finds exactly the culprits, and delivers every other entry once', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(299)),
      fc.integer({ min: 1, max: 300 }),
      (entries, bad, most) => {
        const poison = new Set(bad.filter((index) => index < entries))
        const { split, sent, accepted } = run(entries, { poison, most })
        const taken = accepted.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))
        const culprits = split.culprits.map(({ index }) => index)
        const expected = Array.from({ length: entries }, (_, i) => i).filter((i) => !poison.has(i))
        assert.deepEqual(taken, expected)
        assert.deepEqual(
          culprits,
          [...poison].sort((a, b) => a - b),
        )
        assert.equal(split.delivered, expected.length)
        // No part is asked about twice, so no key names two different things.
        assert.equal(new Set(sent.map(({ from, to }) => `${from}-${to}`)).size, sent.length)
      },
    ),
    { numRuns: 200 },
  )
  t.pass('no counterexample')
})

t.test('bisect needs at most 2 log2 n + 1 requests for one culprit, wherever it is', async (t) => {
  for (let bad = 0; bad < 4096; bad += 37) {
    const { sent, split } = run(4096, { poison: new Set([bad]), most: 4096 })
    t.ok(sent.length <= 25, `${sent.length} requests for entry ${bad}`)
    t.match(split.culprits, [{ index: bad, why: 'refused', status: 400, answer: `entry ${bad}` }])
  }
})

t.test('bisect splits at the same places whatever is refused', async (t) => {
  const tree = new Set<string>()
  const walk = (from: number, to: number): void => {
    tree.add(`${from}-${to}`)
    if (to - from > 1) {
      walk(from, (from + to) >> 1)
      walk((from + to) >> 1, to)
    }
  }
  walk(0, 100)
  for (const most of [100, 60, 13, 1]) {
    for (const { from, to } of run(100, { poison: new Set([7, 90]), most }).sent)
      t.ok(tree.has(`${from}-${to}`), `${from}-${to}`)
  }
})
