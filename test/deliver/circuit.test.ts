import t from 'tap'
import { Breaker } from '../../src/deliver/breaker.ts'
import { Circuit } from '../../src/deliver/circuit.ts'

const options = { inFlightCount: 8, minMs: 1000, maxMs: 60_000 }

/** How many requests may start at once. */
function room(circuit: Circuit, nowMs: number): number {
  let count = 0
  while (circuit.mayStart(nowMs, count)) count++
  return count
}

t.test('circuit ramps 1, 2, 4, 8 with answers', async (t) => {
  const circuit = new Circuit(options)
  const seen: number[] = []
  for (let i = 0; i < 16; i++) {
    seen.push(room(circuit, 0))
    circuit.answered(circuit.started())
  }
  t.same(seen, [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8])
})

t.test('circuit opens at a failure, lets one probe out when the pause is over, and ramps anew after it', async (t) => {
  const circuit = new Circuit(options)
  for (let i = 0; i < 8; i++) circuit.answered(circuit.started())
  circuit.failed(circuit.started(), { nowMs: 0, random: 1 })
  t.equal(circuit.state, 'open')
  t.equal(room(circuit, 999), 0)
  t.ok(circuit.mayStart(1000, 0))
  const probe = circuit.started()
  t.equal(circuit.state, 'half_open')
  t.equal(room(circuit, 1e9), 0)
  t.ok(circuit.answered(probe))
  t.equal(circuit.state, 'closed')
  t.equal(room(circuit, 1e9), 2)
})

t.test('circuit doubles its pause with every failed probe, up to the longest', async (t) => {
  const circuit = new Circuit(options)
  const pauses: number[] = []
  for (let i = 0, nowMs = 0; i < 9; i++) {
    circuit.failed(circuit.started(), { nowMs, random: 1 })
    pauses.push(circuit.waitMs(nowMs))
    nowMs += circuit.waitMs(nowMs)
  }
  t.same(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

t.test('circuit waits as long as it was told, if that is longer; and long for a person', async (t) => {
  const cases = [
    { setback: { afterMs: 30_000 }, pause: 30_000 },
    { setback: { afterMs: 10 }, pause: 750 },
    { setback: { isOperatorFault: true }, pause: 45_000 },
    { setback: { isOperatorFault: true, afterMs: 600_000 }, pause: 600_000 },
  ]
  for (const { setback, pause } of cases) {
    const circuit = new Circuit(options)
    circuit.failed(circuit.started(), { nowMs: 0, random: 0.5, ...setback })
    t.equal(circuit.waitMs(0), pause)
  }
})

t.test('circuit is not closed, nor its back-off lengthened, by requests from before it opened', async (t) => {
  const circuit = new Circuit(options)
  const early = circuit.started()
  const alsoEarly = circuit.started()
  const third = circuit.started()
  circuit.failed(early, { nowMs: 0, random: 1 })
  t.notOk(circuit.answered(alsoEarly))
  t.equal(circuit.state, 'open')
  circuit.failed(alsoEarly, { nowMs: 500, random: 1 })
  t.equal(circuit.waitMs(500), 500)
  circuit.failed(third, { nowMs: 500, random: 1, afterMs: 20_000 })
  t.equal(circuit.waitMs(500), 20_000)
})

t.test(
  'breaker trips at the fourth wholly refused chunk in a row, not before, and not after one was taken',
  async (t) => {
    const breaker = new Breaker()
    for (const seq of [1, 2, 3, 3, 1]) breaker.refusedWhole(seq)
    t.notOk(breaker.isTripped)
    breaker.refusedWhole(4)
    t.ok(breaker.isTripped)
    breaker.taken(5)
    t.notOk(breaker.isTripped)
    for (const seq of [1, 2, 3, 4]) {
      breaker.refusedWhole(seq)
      t.ok(breaker.isProven(seq))
    }
    t.notOk(breaker.isTripped, 'chunks before one that was taken are poison')
    for (const seq of [6, 7, 8]) breaker.refusedWhole(seq)
    t.notOk(breaker.isTripped)
    t.notOk(breaker.isProven(6))
    breaker.refusedWhole(9)
    t.ok(breaker.isTripped)
  },
)
