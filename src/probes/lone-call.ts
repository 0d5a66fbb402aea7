import type { Clock } from '../run/clock.ts'
import { spanText } from './words.ts'

/**
 * Calls that may hang for ever, one at a time: into a file system whose server is gone, or the memory of a process that the
 * kernel holds. Such a call keeps one of the few threads that Node has for files (UV_THREADPOOL_SIZE, 4) and cannot be taken
 * back, so as long as one has not settled, the next is not begun.
 */
export class LoneCall {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #pending: { readonly what: string; readonly sinceMs: number } | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Of a call that an earlier run gave up on and that has not settled: `for … for 5m`; otherwise nothing. */
  get stillWaiting(): string | undefined {
    if (!this.#pending) return undefined
    return `still waiting for ${this.#pending.what}, for ${spanText(this.#clock.monotonicMs() - this.#pending.sinceMs)}`
  }

  /** What `call` gives. Rejects with the reason of `signal` when that aborts first; the call then goes on alone. @throws when one is under way. */
  async ask<T>(what: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#pending) throw new Error(`Cannot ask for ${what}: ${this.stillWaiting}`)
    this.#pending = { what, sinceMs: this.#clock.monotonicMs() }
    const settled = call().finally(() => {
      this.#pending = undefined
    })
    let onAbort = (): void => {}
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([settled, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
