import { REDACT_PRESETS, type RedactConfig } from '../../src/config/steps.ts'
import { type EntryFacts, NdjsonBuffer } from '../../src/parse/line.ts'
import { type ConfiguredFields, createRedactStep } from '../../src/process/redact/redact-step.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'
import { entryIn, newFacts, OWN, READ_AT } from '../parse/harness.ts'

export type Entry = Record<string, unknown>

export const CONFIGURED: ConfiguredFields = { service: 'checkout', version: '1.4.2', environment: 'production' }

export const MASK_ALL: RedactConfig = { presets: REDACT_PRESETS, patterns: [], mode: 'mask', key: '' }

/** An own pattern that never matches sends every entry the plain way. */
export const NEVER = [{ name: 'never', pattern: 'a^' }]

export function entryOf(fields: Entry): Entry {
  return { timestamp: READ_AT, level: 'INFO', message: '', ...CONFIGURED, ...fields, ...OWN }
}

export interface Redacted {
  readonly entry: Entry
  readonly hits: ReadonlyMap<string, number>
  readonly facts: EntryFacts
}

/** The entry whose bytes are `line`, after the step; there is one before it in the buffer. */
export function redactLine(line: string, config: RedactConfig = MASK_ALL, configured?: ConfiguredFields): Redacted {
  const out = new NdjsonBuffer(16)
  out.appendText(`{}\n${line}\n`)
  const facts = newFacts()
  const work = new WorkingEntry()
  work.begin(out, 3, facts)
  const step = createRedactStep(config, configured)
  if (step.apply(work) !== 'keep') throw new Error('Cannot lose an entry')
  const hits = step.lastHits
  work.flush()
  if (out.bytes.toString('utf8', 0, 3) !== '{}\n') throw new Error('Cannot touch the entry before')
  return { entry: entryIn(out, 3), hits, facts }
}

export function redact(fields: Entry, config: RedactConfig = MASK_ALL, configured?: ConfiguredFields): Redacted {
  return redactLine(JSON.stringify(entryOf(fields)), config, configured)
}

/** The message after the step. */
export function redactText(message: string, config: RedactConfig = MASK_ALL): unknown {
  return redact({ message }, config).entry.message
}
