import type { Clock } from '../../src/run/clock.ts'

/** Time that moves only when a test says so. */
export class VirtualClock implements Clock {
  #ms = 0
  #sleepers = new Set<() => void>()

  nowMs(): number {
    return 1_700_000_000_000 + this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const untilMs = this.#ms + ms
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.#ms < untilMs && !signal?.aborted) return
        this.#sleepers.delete(check)
        resolve()
      }
      this.#sleepers.add(check)
      signal?.addEventListener('abort', check, { once: true })
      check()
    })
  }

  advance(ms: number): void {
    this.#ms += ms
    for (const check of this.#sleepers) check()
  }
}
