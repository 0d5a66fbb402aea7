import t from 'tap'
import { Semaphore } from '../../src/run/semaphore.ts'

const never = new AbortController().signal

t.test('so many are let in at once, the others in the order in which they came', async (t) => {
  const turns = new Semaphore(2)
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const begun: number[] = []
  const all = gates.map((gate, index) =>
    turns.hold(never, async () => {
      begun.push(index)
      await gate.promise
      return index
    }),
  )
  await Promise.resolve()
  t.same(begun, [0, 1])
  gates[1]?.resolve()
  await all[1]
  await Promise.resolve()
  t.same(begun, [0, 1, 2])
  for (const gate of gates) gate.resolve()
  t.same(await Promise.all(all), [0, 1, 2, 3])
})

t.test('one that fails gives its place up, and one that is called off while it waits takes none', async (t) => {
  const turns = new Semaphore(1)
  await t.rejects(
    turns.hold(never, () => Promise.reject(new Error('broke'))),
    /broke/,
  )
  const gate = Promise.withResolvers<void>()
  const first = turns.hold(never, () => gate.promise)
  const stop = new AbortController()
  const second = turns.hold(stop.signal, async () => t.fail('it was called off'))
  const third = turns.hold(never, async () => 'in')
  stop.abort(new Error('no more'))
  await t.rejects(second, /no more/)
  gate.resolve()
  await first
  t.equal(await third, 'in')
  await t.rejects(
    turns.hold(stop.signal, async () => {}),
    /no more/,
  )
})
