import { Buckets, DURATION_BUCKETS } from './buckets.ts'
import type { Counter, Histogram } from './instruments.ts'

/** By service: five series a source, five status classes, a histogram; so the number of services is bounded (promises, row 94). */
const MAX_SERVICES = 200
/** UTF-16 units. A name this long is an accident or an attack; longer ones are cut and counted together. */
const MAX_NAME_LENGTH = 128
const OVERFLOW = '_other'
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** What is read of a chunk's header. */
export interface LogCounts {
  readonly sources: Readonly<Record<string, SourceCounts>>
}

export interface SourceCounts {
  readonly services: Readonly<Record<string, ServiceCounts>>
  readonly parseErrors?: number
}

export interface ServiceCounts {
  /** Entries by level, in the order of `levels`. */
  readonly levels: readonly number[]
  /** Entries by status class, 1xx to 5xx. */
  readonly statuses?: readonly number[]
  /** Entries by `duration`, in the buckets of DURATION_BUCKETS. */
  readonly durations?: { readonly counts: readonly number[]; readonly sum: number }
}

export interface LogInstruments {
  readonly logEntries: Counter<'service' | 'level' | 'source'>
  readonly logRequests: Counter<'service' | 'status_class'>
  readonly logRequestSeconds: Histogram<'service'>
  readonly logParseErrors: Counter<'source'>
}

/** The metrics every entry counts for. Names of services come from log lines, so their number and length are bounded. */
export class LogSeries {
  readonly #instruments: LogInstruments
  readonly #levels: readonly string[]
  readonly #services = new Set<string>()
  readonly #durations = new Map<string, Buckets>()

  constructor(instruments: LogInstruments, levels: readonly string[]) {
    this.#instruments = instruments
    this.#levels = levels
  }

  count(counts: LogCounts): void {
    for (const [source, { services, parseErrors = 0 }] of Object.entries(counts.sources)) {
      this.#instruments.logParseErrors.inc({ source }, parseErrors)
      for (const [name, service] of Object.entries(services)) this.#countService(source, this.#admit(name), service)
    }
  }

  #countService(source: string, service: string, { levels, statuses, durations }: ServiceCounts): void {
    const { logEntries, logRequests, logRequestSeconds } = this.#instruments
    for (const [index, level] of this.#levels.entries()) {
      logEntries.inc({ service, level, source }, levels[index] ?? 0)
    }
    if (statuses) {
      for (const [index, status_class] of STATUS_CLASSES.entries()) {
        logRequests.inc({ service, status_class }, statuses[index] ?? 0)
      }
    }
    if (durations) {
      const buckets = this.#durations.get(service) ?? new Buckets(DURATION_BUCKETS)
      this.#durations.set(service, buckets)
      buckets.add(durations)
      logRequestSeconds.mirror({ service }, buckets.totals())
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
