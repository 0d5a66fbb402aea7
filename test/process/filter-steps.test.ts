import t from 'tap'
import { parseCondition } from '../../src/config/condition.ts'
import { createFilterStep, createSampleStep } from '../../src/process/filter-steps.ts'
import type { Step } from '../../src/process/step.ts'
import { type Entry, entry, run, workOf } from './harness.ts'

const outcomes = (step: Step, entries: readonly Entry[]): string[] => entries.map((e) => step.apply(workOf(e)))
const keptOf = (step: Step, entries: readonly Entry[]): number[] =>
  outcomes(step, entries).flatMap((outcome, index) => (outcome === 'keep' ? [index + 1] : []))
const many = (count: number, more: (i: number) => Entry = () => ({})): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(more(i)))

t.test('keep_if and drop_if are each other’s opposite', async (t) => {
  const parsed = parseCondition('level >= ERROR')
  if (parsed.kind === 'bad') throw new Error(parsed.message)
  const two = [entry(), entry({ level: 'ERROR' })]
  t.strictSame(outcomes(createFilterStep('keep_if', parsed.condition), two), ['filtered', 'keep'])
  t.strictSame(outcomes(createFilterStep('drop_if', parsed.condition), two), ['keep', 'filtered'])
  t.ok(run(createFilterStep('drop_if', parsed.condition), entry()).isUntouched)
})

t.test('sample keeps evenly', async (t) => {
  const rated = (rate: number, count: number): number[] =>
    keptOf(createSampleStep({ rate, keepErrors: false }), many(count))
  t.strictSame(rated(0.1, 40), [10, 20, 30, 40])
  t.strictSame(rated(0.5, 6), [2, 4, 6])
  t.strictSame(rated(1, 3), [1, 2, 3])
  t.strictSame(rated(0.3, 10).length, 3)
  t.strictSame(rated(0, 100), [])
  for (const rate of [0.01, 0.29, 1 / 3, 0.57, 0.7, 0.999])
    t.equal(rated(rate, 10_000).length, Math.floor(rate * 10_000 + 1e-9), `${rate}`)
})

t.test('sample by a field keeps what belongs together', async (t) => {
  const step = createSampleStep({ rate: 0.1, by: 'trace_id', keepErrors: false })
  const traces = many(10_000, (i) => ({ trace_id: `trace-${i >> 1}` }))
  const results = outcomes(step, traces)
  t.ok(results.every((result, i) => result === results[i ^ 1]))
  const share = results.filter((result) => result === 'keep').length / results.length
  t.ok(Math.abs(share - 0.1) < 0.015, `${share}`)
  t.strictSame(outcomes(createSampleStep({ rate: 0.1, by: 'trace_id', keepErrors: false }), traces), results)
  t.strictSame(keptOf(step, many(20)), [10, 20], 'entries without the field are sampled evenly')
  t.equal(outcomes(createSampleStep({ rate: 1, by: 'trace_id', keepErrors: false }), traces).indexOf('sampled'), -1)
})

t.test('sample keeps errors when asked, beside its share', async (t) => {
  const mixed = many(20, (i) => ({ level: i % 2 === 0 ? 'ERROR' : 'INFO' }))
  const errors = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
  t.strictSame(keptOf(createSampleStep({ rate: 0.1, keepErrors: true }), mixed), [...errors, 20])
  t.strictSame(keptOf(createSampleStep({ rate: 0, keepErrors: true }), [entry({ level: 'CRITICAL' })]), [1])
})
