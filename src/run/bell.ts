/**
 * Wakes whoever waits, and carries no data. Rings while nobody waits are kept as one: the next wait returns at once.
 * A missed ring may cost time, never correctness, so every waiter also has a time-out.
 */
export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at the next ring, after `timeoutMs`, or when `signal` aborts. One waiter at a time. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#rung || signal?.aborted) {
      this.#rung = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.#wake = undefined
        this.#rung = false
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      signal?.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
  }
}
