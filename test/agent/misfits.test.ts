import t from 'tap'
import { Misfits } from '../../src/agent/misfits.ts'
import type { IngestVitals } from '../../src/ingest/messages.ts'
import { createSourceStats } from '../../src/tail/line-sink.ts'

/** Snapshots of one source, as they come from the ingest thread: each with its time in s, and totals. */
function seen(...snapshots: readonly (readonly [atS: number, records: number, misfits: number])[]): Misfits {
  const misfits = new Misfits()
  for (const [atS, records, parseErrors] of snapshots) {
    const source = {
      ...{ name: 'app', files: { live: 1, rotated: 0, parked: 0 }, formats: {}, lagBytes: 0, openFiles: 1 },
      ...{ stats: { ...createSourceStats(), records, parseErrors }, lastReadMs: 0 },
    }
    const vitals: IngestVitals = {
      ...{ atMs: atS * 1000, store: { kind: 'ok' }, usedBytes: 0, fileBytes: 0, walBytes: 0, diskFreeBytes: 0 },
      ...{ commitSeconds: [], ledger: [], lookSeconds: 0, sources: [source] },
    }
    misfits.see(vitals)
  }
  return misfits
}

const table: readonly { what: string; misfits: Misfits; atS: number; fit?: { records: number; misfits: number } }[] = [
  { what: 'more than half', misfits: seen([0, 0, 0], [1, 20, 11]), atS: 1, fit: { records: 20, misfits: 11 } },
  { what: 'half', misfits: seen([0, 0, 0], [1, 20, 10]), atS: 1 },
  { what: 'a few', misfits: seen([0, 0, 0], [1, 9, 9]), atS: 1 },
  { what: 'all of the first snapshot', misfits: seen([0, 10, 10]), atS: 0, fit: { records: 10, misfits: 10 } },
  {
    what: 'most of the last minute, after a good hour',
    misfits: seen([0, 0, 0], [3000, 1e6, 0], [3601, 1e6 + 30, 20]),
    atS: 3602,
    fit: { records: 30, misfits: 20 },
  },
  {
    what: 'few of the last minute, after a bad hour',
    misfits: seen([0, 0, 0], [3600, 1e6, 1e6], [3665, 1e6 + 30, 1e6]),
    atS: 3665,
  },
  { what: 'all, but long ago', misfits: seen([0, 0, 0], [1, 20, 20]), atS: 62 },
  {
    what: 'most, a second at a time',
    misfits: seen(...Array.from({ length: 200 }, (_, i) => [i, i * 10, Math.max(0, i - 150) * 10] as const)),
    atS: 199,
    fit: { records: 690, misfits: 490 },
  },
]

for (const { what, misfits, atS, fit } of table) {
  t.test(`a source is ${fit ? '' : 'not '}in trouble when ${what} did not fit`, async (t) => {
    t.strictSame(misfits.troubled(atS * 1000), new Map(fit ? [['app', fit]] : []))
  })
}
