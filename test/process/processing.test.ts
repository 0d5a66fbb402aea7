import t from 'tap'
import { type Condition, parseCondition } from '../../src/config/condition.ts'
import { createProcessing } from '../../src/process/processing.ts'
import { bytesOf, collected, context, entry, NOW_MS, workOf } from './harness.ts'

function condition(text: string): Condition {
  const parsed = parseCondition(text)
  if (parsed.kind === 'bad') throw new Error(`Cannot read the condition ${text}: ${parsed.message}`)
  return parsed.condition
}

t.test('steps are taken in their order, and the bytes follow', async (t) => {
  const processing = createProcessing(
    [
      { kind: 'rename', fields: { severity: 'level' } },
      { kind: 'add', fields: { team: 'pay' } },
      { kind: 'drop_if', condition: condition('level < ERROR') },
      { kind: 'drop', fields: ['team'] },
    ],
    context,
  )
  const error = workOf(entry({ metadata: { severity: 'err' } }))
  t.equal(processing.apply(error), 'keep')
  t.equal(processing.droppedBy, undefined)
  t.strictSame(JSON.parse(bytesOf(error)), entry({ level: 'ERROR' }))
  t.equal(error.facts.level, 3)
  t.equal(processing.apply(workOf(entry())), 'filtered')
  t.strictSame(processing.droppedBy, { index: 2, kind: 'drop_if' })
  processing.apply(error)
  t.equal(processing.droppedBy, undefined)
})

t.test('an entry that nothing concerns keeps its bytes and is not read', async (t) => {
  const processing = createProcessing(
    [
      { kind: 'keep_if', condition: condition('level >= INFO and status_code not in (500)') },
      { kind: 'sample', rate: 1, keepErrors: true },
      { kind: 'rate_limit', limit: 10, perMs: 1000, by: 'service' },
    ],
    context,
  )
  const work = workOf(entry())
  const before = bytesOf(work)
  t.equal(processing.apply(work), 'keep')
  t.equal(bytesOf(work), before)
  t.equal(work.wasRead, false)
})

t.test('what a step owes goes through the steps after it', async (t) => {
  const processing = createProcessing(
    [
      { kind: 'drop_if', condition: condition('level == WARNING') },
      { kind: 'rate_limit', limit: 1, perMs: 1000 },
      { kind: 'add', fields: { team: 'pay' } },
      { kind: 'dedupe', windowMs: 5000, by: ['level', 'user_id'] },
      { kind: 'drop_if', condition: condition('service != checkout or repeated > 1') },
    ],
    context,
  )
  const outcomes = [0, 0, 1000, 1000, 1000].map((offsetMs, i) =>
    processing.apply(workOf(entry({ user_id: `${i}` }, offsetMs))),
  )
  t.strictSame(outcomes, ['keep', 'rate_limited', 'keep', 'rate_limited', 'rate_limited'])
  const owed = collected(processing, NOW_MS + 2000)
  t.match(owed, [{ level: 'WARNING', service: 'checkout', host: 'web-1', metadata: { refused: 1, team: 'pay' } }])
  t.equal(owed.length, 1, 'the second count is a repeat of the first')
  t.match(collected(processing, Number.POSITIVE_INFINITY), [{ metadata: { refused: 2, repeated: 1 } }])
})

t.test('redact sees what the steps before it changed', async (t) => {
  const redact = { presets: ['email'], patterns: [], mode: 'mask', key: '' } as const
  const processing = createProcessing(
    [
      { kind: 'rename', fields: { contact: 'user_id' } },
      { kind: 'redact', redact },
      { kind: 'drop_if', condition: condition('user_id contains "@"') },
    ],
    context,
  )
  const work = workOf(entry({ metadata: { contact: 'ada@example.com' } }))
  t.equal(processing.apply(work), 'keep')
  t.equal(bytesOf(work).includes('ada@'), false)
  t.match(JSON.parse(bytesOf(work)), { user_id: '[email]' })
})
