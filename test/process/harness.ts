import { createEntryFacts, type LineContext, NdjsonBuffer } from '../../src/parse/line.ts'
import type { Step, StepDrop } from '../../src/process/step.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'

export type Entry = Record<string, unknown>

export const context: LineContext = {
  service: 'checkout',
  version: '1.4.2',
  environment: 'production',
  host: 'web-1',
  source: 'app',
  file: '',
  times: { zone: 'UTC' },
}

/** Wall time of the tests, ms; a whole number of seconds and minutes. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12)

/** An entry as the parsers make it: `offsetMs` after NOW_MS. */
export function entry(more: Entry = {}, offsetMs = 0): Entry {
  const timestamp = new Date(NOW_MS + offsetMs).toISOString()
  const { service, version, environment, host, source } = context
  const own = { timestamp, level: 'INFO', message: 'hello', service, version, environment }
  return { ...own, ...more, host, source, file: '/var/log/app.log', offset: 7 }
}

/** On its way through the steps, behind another entry. Looking at its object sets `wasRead`. */
export class WatchedEntry extends WorkingEntry {
  wasRead = false

  override get object(): Entry {
    this.wasRead = true
    return super.object
  }
}

export function workOf(fields: Entry): WatchedEntry {
  const out = new NdjsonBuffer(16)
  out.appendText('{}\n')
  const work = new WatchedEntry()
  // Blanks that JSON.stringify would not write: bytes that are written anew differ.
  out.appendText(`${JSON.stringify(fields).replace('{', '{ ')}\n`)
  work.begin(out, 3, createEntryFacts())
  work.refreshFacts()
  work.begin(out, 3, work.facts)
  work.wasRead = false
  return work
}

export function bytesOf(work: WorkingEntry): string {
  return work.out.bytes.toString('utf8', work.start, work.out.length)
}

/** What the step makes of the entry, and whether its bytes stayed as they were. */
export function run(step: Step, fields: Entry): { outcome: 'keep' | StepDrop; entry: Entry; isUntouched: boolean } {
  const work = workOf(fields)
  const before = bytesOf(work)
  const outcome = step.apply(work)
  work.flush()
  return { outcome, entry: JSON.parse(bytesOf(work)), isUntouched: bytesOf(work) === before }
}

export function collected(step: Pick<Step, 'collect'>, nowMs: number): Entry[] {
  const entries: Entry[] = []
  step.collect?.(nowMs, (given) => entries.push(given))
  return entries
}
