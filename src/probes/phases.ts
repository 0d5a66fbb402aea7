import type { Clock } from '../run/clock.ts'

/** The seconds a run spends in each of its phases, such as resolve, connect, tls, processing, transfer. A phase may be entered again: its times add up. */
export class Phases {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #seconds = new Map<string, number>()
  #current: string | undefined
  #sinceMs = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** The one that is under way, or was when the run ended. */
  get current(): string | undefined {
    return this.#current
  }

  /** Ends the phase before, and begins this one. */
  enter(phase: string): void {
    this.#close()
    this.#current = phase
    this.#sinceMs = this.#clock.monotonicMs()
    if (!this.#seconds.has(phase)) this.#seconds.set(phase, 0)
  }

  /** Seconds in each phase until now, in the order in which they were first entered. */
  seconds(): ReadonlyMap<string, number> {
    this.#close()
    this.#sinceMs = this.#clock.monotonicMs()
    return this.#seconds
  }

  #close(): void {
    if (this.#current === undefined) return
    const spent = (this.#clock.monotonicMs() - this.#sinceMs) / 1000
    this.#seconds.set(this.#current, (this.#seconds.get(this.#current) ?? 0) + spent)
  }
}
