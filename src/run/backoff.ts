export interface BackoffOptions {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * How long to wait before attempt `attempt + 1`, in ms: full jitter between `minMs / 2` and a ceiling that doubles from
 * `minMs` to `maxMs` (AWS Architecture Blog, "Exponential Backoff and Jitter"). `random` is uniform in [0, 1).
 */
export function backoffMs(attempt: number, random: number, options: BackoffOptions): number {
  const ceilingMs = Math.min(options.maxMs, options.minMs * 2 ** Math.min(attempt, 30))
  const floorMs = options.minMs / 2
  return floorMs + random * (ceilingMs - floorMs)
}
