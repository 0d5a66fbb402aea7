import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { openCursor } from '../../src/deliver/opening.ts'
import { advance, entriesUpTo, type Taken } from '../../src/deliver/window.ts'
import type { Cursor } from '../../src/store/deliveries.ts'

const start: Cursor = { output: 'o', bufferId: 'b', seq: 0, bornEntries: 5, delivered: 0, dead: 0, expired: 0 }

const takenChunk = fc.record({
  entries: fc.integer({ min: 1, max: 9 }),
  gap: fc.nat(3),
  isAnswered: fc.boolean(),
  bad: fc.nat(9),
})

t.test('advance moves over the answered front and nothing else, and keeps the ledger', async (t) => {
  fc.assert(
    fc.property(fc.array(takenChunk, { maxLength: 8 }), (chunks) => {
      const window: Taken[] = chunks.map(({ entries, gap, isAnswered, bad }, i) => {
        const dead = { refused: Math.min(bad, entries), too_large: 0, corrupt: 0 }
        const deadLetters = Array.from({ length: dead.refused }, (_, j) => ({
          output: 'o',
          key: `${i}/${j}`,
          entry: '',
          status: 400,
          answer: '',
        }))
        const outcome = isAnswered ? { delivered: entries - dead.refused, dead, deadLetters } : undefined
        return { seq: i + 1, entries, gap, outcome }
      })
      const front = chunks.findIndex(({ isAnswered }) => !isAnswered)
      const length = front === -1 ? chunks.length : front
      const move = advance(start, window)
      if (length === 0) return assert.equal(move, undefined)
      if (move === undefined) return assert.fail('did not move')
      const { cursor, deadLetters, settled } = move
      assert.equal(settled, length)
      assert.equal(cursor.seq, length)
      const stored = 5 + window.slice(0, length).reduce((sum, { gap, entries }) => sum + gap + entries, 0)
      assert.equal(cursor.bornEntries + cursor.delivered + cursor.dead + cursor.expired, stored)
      assert.equal(deadLetters.length, cursor.dead)
      assert.equal(entriesUpTo(cursor, window.slice(length)), entriesUpTo(start, window))
    }),
    { numRuns: 300 },
  )
  t.pass('no counterexample')
})

t.test('openCursor goes on, or begins with what is stored', async (t) => {
  const buffer = { bufferId: 'b', lastSeq: 10, entries: 100, first: { seq: 4, firstEntry: 30 } }
  const saved: Cursor = { ...start, seq: 6, delivered: 45 }
  const fresh = { output: 'o', bufferId: 'b', seq: 3, bornEntries: 30, delivered: 0, dead: 0, expired: 0 }
  const cases = [
    { name: 'saved', saved, buffer, expected: { cursor: saved } },
    { name: 'new', saved: undefined, buffer, expected: { cursor: fresh, news: 'new_output' } },
    {
      name: 'rebuilt',
      saved: { ...saved, bufferId: 'a' },
      buffer,
      expected: { cursor: fresh, news: 'buffer_rebuilt' },
    },
    { name: 'went back', saved: { ...saved, seq: 11 }, buffer, expected: { cursor: fresh, news: 'buffer_went_back' } },
    {
      name: 'empty and never used',
      saved: undefined,
      buffer: { bufferId: 'b', lastSeq: 0, entries: 0, first: undefined },
      expected: { cursor: { ...fresh, seq: 0, bornEntries: 0 }, news: 'new_output' },
    },
    {
      name: 'emptied by retention',
      saved: undefined,
      buffer: { ...buffer, first: undefined },
      expected: { cursor: { ...fresh, seq: 10, bornEntries: 100 }, news: 'new_output' },
    },
  ]
  for (const { name, saved, buffer, expected } of cases) t.strictSame(openCursor('o', saved, buffer), expected, name)
})
