import type { IngestVitals } from '../ingest/messages.ts'

/** Records of a source, and those of them that did not fit its format. */
export interface Fit {
  readonly records: number
  readonly misfits: number
}

interface Mark extends Fit {
  readonly atMs: number
}

/** What is looked back at, ms, and how far marks lie apart: so a share is one of 60 to 70 s. */
const WINDOW_MS = 60_000
const MARK_MS = 10_000
/** One odd line among few says nothing about a source. */
const MIN_MISFITS = 10

/** Remembers, from snapshot to snapshot, how many records of each source fitted lately. */
export class Misfits {
  readonly #marks = new Map<string, Mark[]>()

  see({ atMs, sources }: IngestVitals): void {
    const names = new Set(sources.map(({ name }) => name))
    for (const name of this.#marks.keys()) if (!names.has(name)) this.#marks.delete(name)
    for (const { name, stats } of sources) {
      const marks = this.#marks.get(name) ?? [{ atMs, records: 0, misfits: 0 }]
      this.#marks.set(name, marks)
      const mark = { atMs, records: stats.records, misfits: stats.parseErrors }
      const [before, last] = marks.slice(-2)
      // The last one is the present; it stays as soon as it is far enough from the one before it.
      if (before && last && last.atMs - before.atMs < MARK_MS) marks.pop()
      marks.push(mark)
      while ((marks[1]?.atMs ?? atMs) < atMs - WINDOW_MS) marks.shift()
    }
  }

  /** Sources most of whose records of the last minute did not fit. */
  troubled(nowMs: number): ReadonlyMap<string, Fit> {
    const troubled = new Map<string, Fit>()
    for (const [name, marks] of this.#marks) {
      const last = marks.at(-1)
      const base = marks.findLast(({ atMs }) => atMs <= nowMs - WINDOW_MS) ?? marks[0]
      if (!last || !base) continue
      const fit = { records: last.records - base.records, misfits: last.misfits - base.misfits }
      if (fit.misfits >= MIN_MISFITS && fit.misfits > fit.records / 2) troubled.set(name, fit)
    }
    return troubled
  }
}
