import type { Counter } from './instruments.ts'

/** Five series each: 1,000 in all, whatever the logs say (promises, row 94). */
const MAX_SERVICES = 200
/** UTF-16 units. A name this long is an accident or an attack; longer ones are cut and counted together. */
const MAX_NAME_LENGTH = 128
const OVERFLOW = '_other'

/** What is read of a chunk's header. */
export interface LogCounts {
  readonly services: Readonly<Record<string, { readonly levels: readonly number[] }>>
}

/** Counts stored entries by service and level. Names come from log lines, so their number and length are bounded. */
export class LogSeries {
  readonly #counter: Counter<'service' | 'level'>
  readonly #levels: readonly string[]
  readonly #services = new Set<string>()

  constructor(counter: Counter<'service' | 'level'>, levels: readonly string[]) {
    this.#counter = counter
    this.#levels = levels
  }

  /** `counts.services[…].levels`: entries by level, in the order of `levels`. */
  count(counts: LogCounts): void {
    for (const [name, { levels }] of Object.entries(counts.services)) {
      const service = this.#admit(name)
      for (const [index, level] of this.#levels.entries()) this.#counter.inc({ service, level }, levels[index] ?? 0)
    }
  }

  #admit(name: string): string {
    // Lone surrogates all become U+FFFD on the wire: two such names would be one series given twice, which fails a scrape.
    const service = name.slice(0, MAX_NAME_LENGTH).toWellFormed()
    if (this.#services.has(service)) return service
    if (this.#services.size >= MAX_SERVICES) return OVERFLOW
    this.#services.add(service)
    return service
  }
}
