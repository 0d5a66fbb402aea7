import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'

/** Time as the rest of the agent sees it. Nothing outside `run/` reads a clock or sets a timer. */
export interface Clock {
  /** Wall time, milliseconds since 1970. May jump. */
  nowMs(): number
  /** Milliseconds on a clock that never jumps; its zero means nothing. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    if (signal?.aborted) return
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch {
      // Aborted: sleeping is over, which is all the caller wanted to know.
    }
  },
}

/** Lets everything else that waits for the event loop have its turn. */
export const yieldToLoop = (): Promise<void> => immediate()
