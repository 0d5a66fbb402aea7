import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { ACCEPTED, Collector, entriesOf, REFUSED, RETRY } from './collector.ts'
import { Rig } from './forwarder-rig.ts'

/**
 * Whatever happens, in whatever order: no entry is lost, the ledger is exact at every moment, a key names the same bytes for ever, and what is taken twice
 * was taken under the same key (which a collector recognises) or had no answer saved before a crash.
 */

type Command =
  | { readonly kind: 'append'; readonly entries: readonly boolean[] }
  | { readonly kind: 'remove' | 'damage'; readonly back: number }
  | { readonly kind: 'answers'; readonly verdicts: readonly number[] }
  | { readonly kind: 'store'; readonly isWell: boolean }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'crash' }

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), entries: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }) }),
  fc.record({
    kind: fc.constant('append' as const),
    entries: fc.array(fc.constant(false), { minLength: 1, maxLength: 20 }),
  }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'damage' as const), back: fc.nat(5) }),
  fc.record({ kind: fc.constant('answers' as const), verdicts: fc.array(fc.nat(4), { maxLength: 6 }) }),
  fc.record({ kind: fc.constant('store' as const), isWell: fc.boolean() }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 500, 10_000, 60_000) }),
  fc.record({ kind: fc.constant('crash' as const) }),
)

t.test('forwarder loses nothing and invents nothing under any sequence of events', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now())
  t.comment(`SEED=${seed}`)
  const property = fc.asyncProperty(
    fc.array(command, { maxLength: 40 }),
    fc.integer({ min: 1, max: 5 }),
    async (commands, inFlightCount) => {
      let script: number[] = []
      /** An honest collector once the script is used up: takes what is sound, refuses poison, at most 6 entries at once. */
      const honest = (batch: Parameters<Collector['answer']>[0]): Verdict => {
        if (batch.entries > 6) return { kind: 'too_large', status: 413 }
        return batch.body.includes('bad') ? REFUSED : ACCEPTED
      }
      const collector = new Collector((batch) => {
        const scripted = script.shift()
        if (scripted === 0) return RETRY
        if (scripted === 1) return { ...RETRY, isOperatorFault: true }
        // Took it, and the answer was lost.
        if (scripted === 2 && honest(batch).kind === 'accepted') {
          collector.taken.push(...entriesOf(batch))
          return RETRY
        }
        return honest(batch)
      })
      const rig = new Rig(collector, { inFlightCount })
      const issued: string[] = []
      const excused = new Set<string>()
      const chunks: string[][] = []
      for (const c of commands) {
        switch (c.kind) {
          case 'append': {
            const entries = c.entries.map((isBad, i) => `{"${isBad ? 'bad' : 'n'}":${issued.length + i}}`)
            issued.push(...entries)
            chunks.push(entries)
            rig.buffer.append(entries)
            break
          }
          case 'remove':
          case 'damage': {
            const seq = chunks.length - c.back
            for (const entry of chunks[seq - 1] ?? []) excused.add(entry)
            rig.buffer[c.kind](seq)
            break
          }
          case 'answers':
            script = [...c.verdicts]
            break
          case 'store':
            rig.cursors.refusal = c.isWell ? undefined : new Error('disk is full')
            break
          case 'pass':
            await rig.pass(c.ms)
            break
          case 'crash':
            rig.start()
        }
        await rig.settle()
        assert.equal(rig.imbalance, 0)
      }
      rig.cursors.refusal = undefined
      script = []
      for (let i = 0; i < 60 && rig.cursor?.seq !== chunks.length; i++) await rig.pass(60_000)

      assert.equal(rig.imbalance, 0)
      assert.deepEqual(collector.broken, [])
      assert.ok(collector.mostInFlight <= inFlightCount)
      const taken = new Set(collector.taken)
      const dead = new Set(rig.cursors.deadLetters.map(({ entry }) => entry))
      // All that is left unsettled is at most a tail of wholly poisoned chunks, which only a newer chunk could judge.
      const settled = chunks.slice(0, rig.cursor?.seq ?? 0).flat()
      for (const entry of chunks.slice(rig.cursor?.seq ?? 0).flat())
        assert.ok(entry.includes('bad') || excused.has(entry), `${entry} was not settled`)
      for (const entry of settled) {
        if (excused.has(entry)) continue
        if (entry.includes('bad')) assert.ok(dead.has(entry) && !taken.has(entry), `${entry} was not dead-lettered`)
        else assert.ok(taken.has(entry) && !dead.has(entry), `${entry} was lost`)
      }
      for (const entry of taken) assert.ok(issued.includes(entry), `${entry} was invented`)
    },
  )
  await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 150), seed })
  t.pass('no counterexample')
})
