import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import type { Cursor, DeadLetter } from '../../src/store/deliveries.ts'
import { openState } from '../../src/store/open-state.ts'
import { CursorReader, STATE_FILE, StateStore } from '../../src/store/state-store.ts'
import { NOW_MS, tempDir } from './buffer-fixture.ts'
import { damages } from './damage.ts'

const cursorOf = (output: string, seq: number, bufferId = 'b'): Cursor => ({
  ...{ output, bufferId, seq },
  ...{ bornEntries: 1, delivered: 2, dead: 3, expired: 4 },
})
const deadLetter = (n: number): DeadLetter => ({
  ...{ output: 'a', key: `b/${n}`, entry: `{"n":${n},"pad":"${'x'.repeat(2000)}"}`, status: 400, answer: 'no' },
})

function openStore(t: Test): { path: string; state: StateStore } {
  const path = join(tempDir(t), STATE_FILE)
  const state = new StateStore(path)
  t.teardown(() => state.close())
  return { path, state }
}

t.test('a cursor is kept with its dead letters', async (t) => {
  const { path, state } = openStore(t)
  t.equal(state.cursor('a'), undefined)
  state.moveCursor(cursorOf('a', 5), [deadLetter(1), deadLetter(2)])
  state.moveCursor(cursorOf('a', 6), [])
  t.same(state.cursor('a'), cursorOf('a', 6))
  state.close()
  const again = new StateStore(path)
  t.teardown(() => again.close())
  t.same(again.cursor('a'), cursorOf('a', 6))
  t.equal(again.deadLetterCount('a'), 2)
  t.same(again.deadLetters('a', 1), [deadLetter(1)])
})

t.test('a move that cannot be saved leaves neither cursor nor dead letters', async (t) => {
  const { path, state } = openStore(t)
  state.moveCursor(cursorOf('a', 5), [])
  const other = new Database(path)
  other.exec("CREATE TRIGGER refuse BEFORE INSERT ON cursors BEGIN SELECT raise(ABORT, 'refused'); END")
  other.close()
  t.throws(() => state.moveCursor(cursorOf('a', 6), [deadLetter(1)]), /refused/)
  t.same(state.cursor('a'), cursorOf('a', 5))
  t.equal(state.deadLetterCount('a'), 0)
})

const settled: readonly { outputs: string[]; cursors: Cursor[]; expected: number; name: string }[] = [
  { name: 'the slowest output', outputs: ['a', 'b'], cursors: [cursorOf('a', 9), cursorOf('b', 4)], expected: 4 },
  { name: 'an output without a cursor', outputs: ['a', 'b'], cursors: [cursorOf('a', 9)], expected: 0 },
  { name: 'a cursor of another buffer', outputs: ['a'], cursors: [cursorOf('a', 9, 'old')], expected: 0 },
  {
    name: 'no output that is left out of the configuration',
    outputs: ['a'],
    cursors: [cursorOf('a', 9), cursorOf('b', 4)],
    expected: 9,
  },
  { name: 'nobody, without outputs', outputs: [], cursors: [cursorOf('a', 9)], expected: Number.POSITIVE_INFINITY },
]
for (const { name, outputs, cursors, expected } of settled) {
  t.test(`what is settled waits for ${name}`, async (t) => {
    const { path, state } = openStore(t)
    for (const cursor of cursors) state.moveCursor(cursor, [])
    const reader = new CursorReader(path)
    t.teardown(() => reader.close())
    t.equal(reader.settledSeq(outputs, 'b'), expected)
  })
}

t.test('the highest settled number is that of the buffer asked for', async (t) => {
  const { path, state } = openStore(t)
  for (const cursor of [cursorOf('a', 9), cursorOf('b', 14), cursorOf('c', 99, 'old')]) state.moveCursor(cursor, [])
  const reader = new CursorReader(path)
  t.teardown(() => reader.close())
  t.equal(reader.highestSeq('b'), 14)
  t.equal(reader.highestSeq('new'), 0)
})

for (const { name, rowsIn, isFatal, inflict } of damages('dead_letters').filter(({ rowsIn }) => rowsIn === 'file')) {
  t.test(`a state.db whose ${name} is set aside, and a new one is begun`, async (t) => {
    const { path, state } = openStore(t)
    for (let i = 0; i < 300; i++) state.moveCursor(cursorOf('a', i), [deadLetter(i)])
    state.close()
    inflict(path)
    const opened = openState(join(path, '..'), NOW_MS)
    t.teardown(() => opened.state.close())
    const isNew = name === 'file is emptied'
    if (isFatal && !isNew) t.ok(existsSync(opened.quarantine ?? ''), `${rowsIn}: the damaged file is kept`)
    t.equal(opened.state.cursor('a'), undefined)
    opened.state.moveCursor(cursorOf('a', 1), [])
    t.same(opened.state.cursor('a'), cursorOf('a', 1))
  })
}

t.test('a state.db that is whole is not set aside', async (t) => {
  const { path, state } = openStore(t)
  state.moveCursor(cursorOf('a', 5), [])
  state.close()
  const opened = openState(join(path, '..'), NOW_MS)
  t.teardown(() => opened.state.close())
  t.equal(opened.quarantine, undefined)
  t.same(opened.state.cursor('a'), cursorOf('a', 5))
})

t.test('a state.db that a newer agent wrote is refused, not set aside', async (t) => {
  const { path, state } = openStore(t)
  state.close()
  const db = new Database(path)
  db.pragma('user_version = 99')
  db.close()
  t.throws(() => openState(join(path, '..'), NOW_MS), { code: 'newer_schema' })
  t.ok(statSync(path).size > 0)
  writeFileSync(path, 'no database, '.repeat(4000))
  t.ok(openState(join(path, '..'), NOW_MS).quarantine)
})
