import { type Clock, yieldToLoop } from './clock.ts'

/** For work that is long: lets the event loop have its turn now and then. */
export class Breather {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #workMs: number
  #sinceMs: number

  /** `workMs`: how long to work in one go, to the next call of `breathe`. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, workMs = 5) {
    this.#clock = clock
    this.#workMs = workMs
    this.#sinceMs = clock.monotonicMs()
  }

  /** To be called between small pieces of work; mostly costs a look at the clock. Rejects with the reason of `signal` once it has aborted. */
  async breathe(signal?: AbortSignal): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sinceMs < this.#workMs) return
    await yieldToLoop()
    signal?.throwIfAborted()
    this.#sinceMs = this.#clock.monotonicMs()
  }
}
