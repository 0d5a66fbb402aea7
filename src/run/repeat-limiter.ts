import type { Clock } from './clock.ts'
import type { LogRecord, OwnLevel } from './log-record.ts'

/**
 * Holds back messages that repeat in a tight loop: each may be said `most` times in a window, which begins with the first
 * of them; then it is counted, and when the window is over one summary says how often. No timers: a summary comes with
 * the next message of any kind, or when somebody asks (the agent does at every scrape and before it ends).
 */

export interface RepeatLimits {
  readonly most: number
  readonly windowMs: number
}

export const USUAL_REPEATS: RepeatLimits = { most: 10, windowMs: 60_000 }

/** Messages are constant texts, so there are never this many; if there are, they are taken for one. */
const MAX_KEYS = 1000
const CROWD = 'Too many different messages'

interface Window {
  readonly component: string
  readonly level: OwnLevel
  readonly message: string
  readonly untilMs: number
  said: number
  suppressed: number
}

export class RepeatLimiter {
  readonly #limits: RepeatLimits
  readonly #clock: Clock
  readonly #onSuppressed: (count: number) => void
  readonly #windows = new Map<string, Window>()
  #nextDueMs = Number.POSITIVE_INFINITY

  /** `onSuppressed` is told of every message held back, for a counter. */
  constructor(limits: RepeatLimits, deps: { clock: Clock; onSuppressed: (count: number) => void }) {
    this.#limits = limits
    this.#clock = deps.clock
    this.#onSuppressed = deps.onSuppressed
  }

  admits({ component, level, message }: Pick<LogRecord, 'component' | 'level' | 'message'>): boolean {
    const window = this.#window({ component, level, message })
    if (window.said < this.#limits.most) {
      window.said++
      return true
    }
    window.suppressed++
    this.#onSuppressed(1)
    return false
  }

  /** The summaries that are due; with `all`, those of windows that are not over yet as well. */
  summaries({ all = false }: { all?: boolean } = {}): LogRecord[] {
    const nowMs = this.#clock.monotonicMs()
    if (!all && nowMs < this.#nextDueMs) return []
    const due: LogRecord[] = []
    this.#nextDueMs = Number.POSITIVE_INFINITY
    for (const [key, window] of this.#windows) {
      if (!all && nowMs < window.untilMs) {
        this.#nextDueMs = Math.min(this.#nextDueMs, window.untilMs)
        continue
      }
      this.#windows.delete(key)
      if (window.suppressed > 0) due.push(this.#summary(window))
    }
    return due
  }

  #window({ component, level, message }: Pick<LogRecord, 'component' | 'level' | 'message'>): Window {
    const key = `${component}\n${level}\n${message}`
    const known = this.#windows.get(key)
    if (known) return known
    if (this.#windows.size >= MAX_KEYS && message !== CROWD)
      return this.#window({ component: '', level, message: CROWD })
    const untilMs = this.#clock.monotonicMs() + this.#limits.windowMs
    const window = { component, level, message, untilMs, said: 0, suppressed: 0 }
    this.#windows.set(key, window)
    this.#nextDueMs = Math.min(this.#nextDueMs, untilMs)
    return window
  }

  #summary({ component, level, message, suppressed }: Window): LogRecord {
    const text = `${message} … suppressed ${suppressed}`
    return { timeMs: this.#clock.nowMs(), level, component, message: text, fields: { suppressed } }
  }
}
