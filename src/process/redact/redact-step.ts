/**
 * `redact`: takes secrets out of everything a record brought in (message, fields, metadata with its keys, numbers too), not
 * out of what the agent says itself. See secret-scanner.ts for how they are found, entry-redactor.ts for how entries are changed.
 */
import { REDACT_PRESETS, type RedactConfig } from '../../config/steps.ts'
import { type LineContext, NdjsonBuffer } from '../../parse/line.ts'
import type { Step } from '../step.ts'
import type { WorkingEntry } from '../working-entry.ts'
import { EntryRedactor } from './entry-redactor.ts'
import { Masks } from './masks.ts'
import { ObjectRedactor } from './object-redactor.ts'
import { OpenKeys } from './open-keys.ts'
import { OwnPattern } from './own-pattern.ts'
import { PRESET } from './presets.ts'
import { ROLE, roleOf } from './roles.ts'
import { SecretScanner } from './secret-scanner.ts'

/** What entries get that do not say it: configured, so no secret. */
export type ConfiguredFields = Pick<LineContext, 'service' | 'version' | 'environment'>

export function createRedactStep(config: RedactConfig, configured?: ConfiguredFields): RedactStep {
  return new RedactStep(config, configured)
}

export class RedactStep implements Step {
  readonly kind = 'redact'
  readonly #masks: Masks
  readonly #counts: Int32Array
  #hasHits = false
  readonly #isPlain: boolean
  readonly #scanner: SecretScanner
  readonly #openKeys = new OpenKeys()
  readonly #fast: EntryRedactor
  readonly #plain: ObjectRedactor

  constructor(config: RedactConfig, configured?: ConfiguredFields) {
    this.#masks = new Masks(config)
    this.#counts = new Int32Array(this.#masks.names.length)
    this.#isPlain = config.patterns.length > 0
    this.#scanner = new SecretScanner(config.presets)
    const parts = {
      scanner: this.#scanner,
      masks: this.#masks,
      counts: this.#counts,
      own: ownTexts(configured),
    }
    this.#fast = new EntryRedactor(parts)
    const patterns = config.patterns.map(({ pattern }, i) => new OwnPattern(pattern, REDACT_PRESETS.length + i))
    this.#plain = new ObjectRedactor({ ...parts, patterns })
  }

  /** How often what was found in the last entry, by preset or name of the pattern. */
  get lastHits(): ReadonlyMap<string, number> {
    const hits = new Map<string, number>()
    this.#counts.forEach((count, kind) => {
      const name = this.#masks.names[kind]
      if (count > 0 && name !== undefined) hits.set(name, (hits.get(name) ?? 0) + count)
    })
    return hits
  }

  apply(work: WorkingEntry): 'keep' {
    if (this.#hasHits) this.#counts.fill(0)
    this.#hasHits = false
    const hasRest = !this.#openKeys.isEmpty && this.#maskRestOfKey(work)
    if (this.#isPlain) this.#applyPlainly(work)
    else this.#applyFast(work)
    if (hasRest) this.#countKey()
    if (this.#scanner.hasOpenKey) {
      this.#scanner.hasOpenKey = false
      this.#openKeys.open(work.object)
    }
    return 'keep'
  }

  #maskRestOfKey(work: WorkingEntry): boolean {
    const length = this.#openKeys.restIn(work.object)
    if (length === 0) return false
    const entry = work.change()
    const message = String(entry.message)
    const secret = Buffer.from(message.slice(0, length))
    const mask = new NdjsonBuffer(64)
    const view = new DataView(secret.buffer, secret.byteOffset, secret.length)
    this.#masks.append(mask, PRESET.privateKey, { view, start: 0, end: secret.length })
    entry.message = mask.bytes.toString('utf8', 0, mask.length) + message.slice(length)
    return true
  }

  #countKey(): void {
    this.#hasHits = true
    this.#counts[PRESET.privateKey] = (this.#counts[PRESET.privateKey] ?? 0) + 1
  }

  #applyFast(work: WorkingEntry): void {
    work.flush()
    switch (this.#fast.redact(work.out, work.start)) {
      case 'same':
        break
      case 'changed':
        this.#hasHits = true
        work.rewritten()
        if (this.#fast.changedFacts) work.refreshFacts()
        break
      default:
        // What was counted before it was unsure is counted again.
        this.#counts.fill(0)
        this.#applyPlainly(work)
    }
  }

  #applyPlainly(work: WorkingEntry): void {
    const changes = this.#plain.changes(work.object)
    if (changes.size === 0) return
    this.#hasHits = true
    const entry = work.change()
    for (const [key, value] of changes) {
      if (value === undefined) delete entry[key]
      else entry[key] = value
    }
  }
}

/** By role, as they stand between the quotes. */
function ownTexts(configured: ConfiguredFields | undefined): (Buffer | undefined)[] {
  const texts: (Buffer | undefined)[] = Object.values(ROLE).map(() => undefined)
  if (configured === undefined) return texts
  for (const name of ['service', 'version', 'environment'] as const) {
    texts[roleOf(name)] = Buffer.from(JSON.stringify(configured[name]).slice(1, -1))
  }
  return texts
}
