import type { EntryFacts } from '../parse/line.ts'
import { type ChunkHeader, DURATION_BUCKETS, type ServiceSummary } from '../store/chunk.ts'

/** Services told apart in one header; entries of further ones count for the last name. */
const MAX_SERVICES = 256
const OTHER_SERVICES = '_other'

/** Counts entries for the header of the chunk they go into. */
export class HeaderBuilder {
  entries = 0
  #minTimeMs = Number.POSITIVE_INFINITY
  #maxTimeMs = Number.NEGATIVE_INFINITY
  #levelMask = 0
  #services = new Map<string, ServiceSummary>()
  #sources = new Map<string, number>()
  #parseErrors = new Map<string, number>()
  /** The service of the entry before: mostly the same. */
  #lastService = ''
  #lastSummary: ServiceSummary = { levels: [] }

  count(facts: EntryFacts, source: string): void {
    const { timeMs, level, service, statusCode, durationSeconds } = facts
    this.entries++
    if (timeMs < this.#minTimeMs) this.#minTimeMs = timeMs
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs
    this.#levelMask |= 1 << level
    if (service !== this.#lastService || this.entries === 1) {
      this.#lastService = service
      this.#lastSummary = this.#summaryOf(service)
    }
    const summary = this.#lastSummary
    summary.levels[level] = (summary.levels[level] ?? 0) + 1
    if (statusCode >= 100 && statusCode < 600) {
      summary.statuses ??= [0, 0, 0, 0, 0]
      const statusClass = Math.floor(statusCode / 100) - 1
      summary.statuses[statusClass] = (summary.statuses[statusClass] ?? 0) + 1
    }
    if (durationSeconds >= 0) addDuration(summary, durationSeconds)
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1)
    if (facts.hasParseError) this.#parseErrors.set(source, (this.#parseErrors.get(source) ?? 0) + 1)
  }

  #summaryOf(service: string): ServiceSummary {
    const known = this.#services.get(service)
    if (known) return known
    if (this.#services.size >= MAX_SERVICES && service !== OTHER_SERVICES) return this.#summaryOf(OTHER_SERVICES)
    const summary: ServiceSummary = { levels: [0, 0, 0, 0, 0] }
    this.#services.set(service, summary)
    return summary
  }

  /** What was counted; counting begins again at nothing. */
  take(): { entries: number; minTimeMs: number; maxTimeMs: number; levelMask: number; header: ChunkHeader } {
    const { entries } = this
    const header: ChunkHeader = {
      services: Object.fromEntries(this.#services),
      sources: Object.fromEntries(this.#sources),
      ...(this.#parseErrors.size > 0 && { parseErrors: Object.fromEntries(this.#parseErrors) }),
    }
    const taken = {
      entries,
      minTimeMs: this.#minTimeMs,
      maxTimeMs: this.#maxTimeMs,
      levelMask: this.#levelMask,
      header,
    }
    this.entries = 0
    this.#minTimeMs = Number.POSITIVE_INFINITY
    this.#maxTimeMs = Number.NEGATIVE_INFINITY
    this.#levelMask = 0
    this.#services = new Map()
    this.#sources = new Map()
    this.#parseErrors = new Map()
    return taken
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
