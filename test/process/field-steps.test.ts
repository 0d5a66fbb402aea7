import t from 'tap'
import { createAddStep, createDropStep, createRenameStep } from '../../src/process/field-steps.ts'
import { type Entry, entry, run, workOf } from './harness.ts'

t.test('add sets fields', async (t) => {
  const step = createAddStep({ team: 'pay', 'order.kind': 5, environment: 'staging', status_code: 'odd' })
  const { entry: made } = run(step, entry({ metadata: { team: 'old' } }))
  t.strictSame(
    made,
    entry({ environment: 'staging', metadata: { team: 'pay', order: { kind: 5 }, status_code: 'odd' } }),
  )
  t.ok(run(createAddStep({ team: 'pay', service: 'checkout' }), entry({ metadata: { team: 'pay' } })).isUntouched)
})

t.test('rename gives values another name', async (t) => {
  const cases: [Record<string, string>, Entry, Entry][] = [
    [{ took: 'duration' }, { metadata: { took: '0.5' } }, { duration: 0.5 }],
    [{ took: 'duration' }, { metadata: { took: 'long' } }, { metadata: { duration: 'long' } }],
    [{ a: 'b' }, { metadata: { a: 1, b: 2 } }, { metadata: { b: 2, b_: 1 } }],
    [{ a: 'b' }, { metadata: { a: 1, b: 2, b_: 3 } }, { metadata: { b: 2, b_: 3, b__: 1 } }],
    [{ a: 'x.y' }, { metadata: { a: 1 } }, { metadata: { x: { y: 1 } } }],
    [{ a: 'user_id' }, { user_id: 'u', metadata: { a: 'v' } }, { user_id: 'u', metadata: { user_id_: 'v' } }],
    [{ a: 'a' }, { metadata: { a: 1 } }, { metadata: { a: 1 } }],
    [{ a: 'b', b: 'c' }, { metadata: { a: 1 } }, { metadata: { c: 1 } }],
    [{ app: 'service' }, { metadata: { app: 'web' } }, { service: 'web' }],
    [{ a: 'level' }, { metadata: { a: 'loud' } }, { metadata: { level: 'loud' } }],
    [{ text: 'message' }, { metadata: { text: 'hi' } }, { message: 'hi', metadata: { message_: 'hello' } }],
    [{ message: 'text' }, {}, { message: '', metadata: { text: 'hello' } }],
    [{ service: 'app' }, {}, { metadata: { app: 'checkout' } }],
    [{ user_id: 'source' }, { user_id: 'u' }, { metadata: { source: 'u' } }],
    [{ a: '__proto__' }, { metadata: { a: 1 } }, { metadata: JSON.parse('{"__proto__":1}') }],
  ]
  for (const [fields, before, after] of cases) {
    const { entry: made } = run(createRenameStep(fields), entry(before))
    t.same(JSON.stringify(sorted(made)), JSON.stringify(sorted(entry(after))), JSON.stringify([fields, before]))
  }
  t.ok(run(createRenameStep({ nothing: 'x', user_id: 'y' }), entry()).isUntouched)
})

t.test('drop takes fields out, but for what every entry has', async (t) => {
  const before = entry({ user_id: 'u', metadata: { a: { b: 1 }, c: 2 } })
  t.strictSame(run(createDropStep(['user_id', 'a.b', 'c']), before).entry, entry({ metadata: { a: {} } }))
  t.strictSame(run(createDropStep(['metadata', 'message']), before).entry, entry({ user_id: 'u', message: '' }))
  t.ok(run(createDropStep(['timestamp', 'level', 'service', 'host', 'offset', 'nothing']), before).isUntouched)
})

t.test('steps further on see the facts of what was changed', async (t) => {
  const work = workOf(entry({ duration: 1, metadata: { code: '503' } }))
  createAddStep({ level: 'error', service: 'web' }).apply(work)
  createRenameStep({ code: 'status_code' }).apply(work)
  createDropStep(['duration']).apply(work)
  const { level, service, statusCode, durationSeconds } = work.facts
  t.strictSame([level, service, statusCode, durationSeconds], [3, 'web', 503, -1])
})

/** Members in one order, whatever the steps made of it. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)])
}
