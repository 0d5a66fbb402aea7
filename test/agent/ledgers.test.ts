import t from 'tap'
import { outputAccounts, outputImbalance, sourceImbalances } from '../../src/agent/ledgers.ts'
import type { Cursor } from '../../src/store/deliveries.ts'
import type { LedgerAccount, LedgerBooking } from '../../src/store/ledger.ts'

const book = (source: string, account: LedgerAccount, entries: number): LedgerBooking => ({
  source,
  account,
  entries,
  bytes: 0,
})

const sources: readonly { name: string; bookings: LedgerBooking[]; expected: [string, number][] }[] = [
  { name: 'nothing', bookings: [], expected: [] },
  { name: 'all stored', bookings: [book('a', 'read', 5), book('a', 'stored', 5)], expected: [['a', 0]] },
  {
    name: 'some dropped for two reasons',
    bookings: [
      book('a', 'read', 9),
      book('a', 'stored', 5),
      book('a', 'dropped:buffer_full', 3),
      book('a', 'dropped:blank_line', 1),
    ],
    expected: [['a', 0]],
  },
  {
    name: 'one lost, and one counted twice',
    bookings: [book('a', 'read', 5), book('a', 'stored', 4), book('b', 'read', 1), book('b', 'stored', 2)],
    expected: [
      ['a', 1],
      ['b', -1],
    ],
  },
]
for (const { name, bookings, expected } of sources) {
  t.test(`the ledger of sources with ${name}`, async (t) => {
    t.same([...sourceImbalances(bookings)], expected)
  })
}

const cursor: Cursor = { output: 'o', bufferId: 'b', seq: 9, bornEntries: 10, delivered: 20, dead: 3, expired: 4 }
const outputs: readonly {
  name: string
  cursor: Cursor
  stored: number
  waiting: number
  uptoSeq: number
  imbalance: number
}[] = [
  { name: 'up to date', cursor, stored: 37, waiting: 0, uptoSeq: 37, imbalance: 0 },
  { name: 'behind', cursor, stored: 50, waiting: 13, uptoSeq: 37, imbalance: 0 },
  { name: 'with entries nobody has an account for', cursor, stored: 50, waiting: 13, uptoSeq: 39, imbalance: -2 },
  {
    name: 'with entries counted twice',
    cursor: { ...cursor, delivered: 25 },
    stored: 50,
    waiting: 8,
    uptoSeq: 37,
    imbalance: 5,
  },
]
for (const { name, cursor, stored, waiting, uptoSeq, imbalance } of outputs) {
  t.test(`the ledger of an output ${name}`, async (t) => {
    const accounts = outputAccounts(cursor, stored)
    t.equal(accounts.waiting, waiting)
    t.equal(accounts.stored, accounts.delivered + accounts.waiting + accounts.dead + accounts.expired)
    t.equal(outputImbalance(cursor, uptoSeq), imbalance)
  })
}
