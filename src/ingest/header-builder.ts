import { DURATION_BUCKETS } from '../metrics/buckets.ts'
import type { EntryFacts } from '../parse/line.ts'
import type { ServiceSummary, SourceSummary } from '../store/chunk.ts'

/** Services told apart of one source in one header; entries of further ones count for the last name. */
const MAX_SERVICES = 256
const OTHER_SERVICES = '_other'

/** What a chunk's row says of all its entries. */
export class ChunkSpan {
  entries = 0
  #minTimeMs = Number.POSITIVE_INFINITY
  #maxTimeMs = Number.NEGATIVE_INFINITY
  #levelMask = 0

  count({ timeMs, level }: EntryFacts): void {
    this.entries++
    if (timeMs < this.#minTimeMs) this.#minTimeMs = timeMs
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs
    this.#levelMask |= 1 << level
  }

  /** What was counted; counting begins again at nothing. */
  take(): { entries: number; minTimeMs: number; maxTimeMs: number; levelMask: number } {
    const taken = {
      entries: this.entries,
      minTimeMs: this.#minTimeMs,
      maxTimeMs: this.#maxTimeMs,
      levelMask: this.#levelMask,
    }
    this.entries = 0
    this.#minTimeMs = Number.POSITIVE_INFINITY
    this.#maxTimeMs = Number.NEGATIVE_INFINITY
    this.#levelMask = 0
    return taken
  }
}

/** Counts the entries of one source for the header of the chunk they go into. */
export class SummaryBuilder {
  #entries = 0
  #parseErrors = 0
  #services = new Map<string, ServiceSummary>()
  /** The service of the entry before: mostly the same. */
  #lastService = ''
  #lastSummary: ServiceSummary = { levels: [] }

  count({ level, service, statusCode, durationSeconds, hasParseError }: EntryFacts): void {
    if (service !== this.#lastService || this.#entries === 0) {
      this.#lastService = service
      this.#lastSummary = this.#summaryOf(service)
    }
    this.#entries++
    if (hasParseError) this.#parseErrors++
    const summary = this.#lastSummary
    summary.levels[level] = (summary.levels[level] ?? 0) + 1
    if (statusCode >= 100 && statusCode < 600) {
      summary.statuses ??= [0, 0, 0, 0, 0]
      const statusClass = Math.floor(statusCode / 100) - 1
      summary.statuses[statusClass] = (summary.statuses[statusClass] ?? 0) + 1
    }
    if (durationSeconds >= 0) addDuration(summary, durationSeconds)
  }

  #summaryOf(service: string): ServiceSummary {
    const known = this.#services.get(service)
    if (known) return known
    if (this.#services.size >= MAX_SERVICES && service !== OTHER_SERVICES) return this.#summaryOf(OTHER_SERVICES)
    const summary: ServiceSummary = { levels: [0, 0, 0, 0, 0] }
    this.#services.set(service, summary)
    return summary
  }

  /** What was counted, undefined when there was nothing; counting begins again at nothing. */
  take(): SourceSummary | undefined {
    if (this.#entries === 0) return undefined
    const summary: SourceSummary = {
      entries: this.#entries,
      services: Object.fromEntries(this.#services),
      ...(this.#parseErrors > 0 && { parseErrors: this.#parseErrors }),
    }
    this.#entries = 0
    this.#parseErrors = 0
    this.#services = new Map()
    return summary
  }
}

function addDuration(summary: ServiceSummary, seconds: number): void {
  summary.durations ??= { counts: new Array<number>(DURATION_BUCKETS.length + 1).fill(0), sum: 0 }
  let bucket = 0
  while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] ?? 0)) bucket++
  const { counts } = summary.durations
  counts[bucket] = (counts[bucket] ?? 0) + 1
  summary.durations.sum += seconds
}
