import { type BackoffOptions, backoffMs } from '../run/backoff.ts'

/**
 * When an output may send. Closed: up to the limit that the ramp has reached. Open, after a failure: nothing until the back-off, or the longer time the
 * collector asked for, has passed. Then half open: one single request probes, and whatever it is answered, being an answer, closes the circuit again.
 * After that the ramp starts anew, 1, 2, 4 …, so that a collector that has just come back is not pushed over by a thousand hosts at once.
 *
 * Requests that were under way when the circuit opened belong to an earlier period: their success does not close it, their failure does not lengthen the
 * back-off, but what they say about waiting is heeded. Time is an argument: ms on a clock that never jumps.
 */

export type CircuitState = 'closed' | 'half_open' | 'open'

export interface CircuitOptions extends BackoffOptions {
  /** Most requests under way at once. */
  readonly inFlightCount: number
}

export interface Setback {
  readonly nowMs: number
  /** Uniform in [0, 1). */
  readonly random: number
  readonly afterMs?: number | undefined
  readonly isOperatorFault?: boolean | undefined
}

export class Circuit {
  readonly #options: CircuitOptions
  #state: CircuitState = 'closed'
  #isOperatorFault = false
  /** Counts the times the circuit changed; a request carries the one it was started in. */
  #period = 0
  #openUntilMs = 0
  #failures = 0
  #ramp = 1
  #rampSuccesses = 0

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  get state(): CircuitState {
    return this.#state
  }

  get isOperatorFault(): boolean {
    return this.#isOperatorFault
  }

  mayStart(nowMs: number, inFlight: number): boolean {
    if (inFlight >= this.#options.inFlightCount) return false
    if (this.#state === 'closed') return inFlight < this.#ramp
    return this.#state === 'open' && nowMs >= this.#openUntilMs
  }

  /** How long until an open circuit lets a probe out; 0 when it is not open. */
  waitMs(nowMs: number): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntilMs - nowMs) : 0
  }

  /** A request goes out. Returns the period to hand back with its outcome. */
  started(): number {
    if (this.#state === 'open') {
      this.#state = 'half_open'
      this.#period++
    }
    return this.#period
  }

  /** The destination answered, be it with a refusal. True when that closes the circuit. */
  answered(period: number): boolean {
    if (period !== this.#period) return false
    const isRecovery = this.#state === 'half_open'
    if (isRecovery) {
      this.#state = 'closed'
      this.#failures = 0
      this.#isOperatorFault = false
      this.#ramp = 1
      this.#rampSuccesses = 0
    }
    if (++this.#rampSuccesses >= this.#ramp) {
      this.#ramp = Math.min(this.#ramp * 2, this.#options.inFlightCount)
      this.#rampSuccesses = 0
    }
    return isRecovery
  }

  /** The request did not get as far as the destination; nothing was learned. */
  cancelled(period: number): void {
    if (period === this.#period && this.#state === 'half_open') this.#state = 'open'
  }

  /** The request must be repeated. */
  failed(period: number, setback: Setback): void {
    const askedMs = setback.nowMs + (setback.afterMs ?? 0)
    if (period === this.#period) {
      this.#openUntilMs = Math.max(askedMs, setback.nowMs + this.#pauseMs(setback))
      this.#failures++
      this.#state = 'open'
      this.#period++
      this.#isOperatorFault = setback.isOperatorFault ?? false
    } else if (this.#state === 'open') {
      this.#openUntilMs = Math.max(askedMs, this.#openUntilMs)
    }
  }

  /** Who waits for a person need not hurry: half to all of the longest back-off. */
  #pauseMs({ random, isOperatorFault }: Setback): number {
    if (isOperatorFault) return (this.#options.maxMs * (1 + random)) / 2
    return backoffMs(this.#failures, random, this.#options)
  }
}
