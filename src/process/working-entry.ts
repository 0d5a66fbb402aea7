import { LOG_LEVELS } from '../model/log-entry.ts'
import { INFO } from '../parse/level.ts'
import { type EntryFacts, NdjsonBuffer } from '../parse/line.ts'

/**
 * An entry on its way through the steps: its bytes at the end of the chunk's text, and an object only once a step asks for
 * one. One object for all entries. Whoever changes the object goes through `change`, whoever changes the bytes calls `rewritten`.
 */
export class WorkingEntry {
  out = new NdjsonBuffer(0)
  /** The entry is bytes [start, out.length) of `out`, its LF included. */
  start = 0
  facts: EntryFacts = {
    timeMs: 0,
    level: INFO,
    service: '',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasTimeFallback: false,
    hasInvalidUtf8: false,
  }
  #object: Record<string, unknown> | undefined
  #isChanged = false

  begin(out: NdjsonBuffer, start: number, facts: EntryFacts): void {
    this.out = out
    this.start = start
    this.facts = facts
    this.#object = undefined
    this.#isChanged = false
  }

  /** The entry, for reading. */
  get object(): Record<string, unknown> {
    if (this.#object === undefined) {
      const text = this.out.bytes.toString('utf8', this.start, this.out.length)
      this.#object = JSON.parse(text) as Record<string, unknown>
    }
    return this.#object
  }

  /** The entry, for changing. */
  change(): Record<string, unknown> {
    this.#isChanged = true
    return this.object
  }

  /** Brings bytes and facts up to what the object says; needed before anybody looks at those. */
  flush(): void {
    if (!this.#isChanged || this.#object === undefined) return
    this.#isChanged = false
    this.out.length = this.start
    this.out.appendText(`${JSON.stringify(this.#object)}\n`)
    this.#readFacts(this.#object)
  }

  /** The bytes were changed: the object, if there was one, says no longer what the entry is. Not while it has changes. */
  rewritten(): void {
    this.#object = undefined
  }

  /** The bytes were changed in fields that the facts tell of. */
  refreshFacts(): void {
    this.#readFacts(this.object)
  }

  #readFacts(entry: Record<string, unknown>): void {
    const { facts } = this
    const level = (LOG_LEVELS as readonly unknown[]).indexOf(entry.level)
    facts.level = level < 0 ? INFO : level
    facts.service = typeof entry.service === 'string' ? entry.service : ''
    facts.statusCode = typeof entry.status_code === 'number' ? entry.status_code : 0
    facts.durationSeconds = typeof entry.duration === 'number' ? entry.duration : -1
    const timeMs = Date.parse(String(entry.timestamp))
    if (Number.isFinite(timeMs)) facts.timeMs = timeMs
  }
}
