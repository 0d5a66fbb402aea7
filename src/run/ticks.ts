import type { Clock } from './clock.ts'

/** Milliseconds from `nowMs` to the next tick: a multiple of the interval, plus the offset. Never 0. */
export function untilTickMs(
  nowMs: number,
  { intervalMs, offsetMs = 0 }: { intervalMs: number; offsetMs?: number },
): number {
  const intoMs = (nowMs - offsetMs) % intervalMs
  return intoMs < 0 ? -intoMs : intervalMs - intoMs
}

/**
 * Sleeps until the next tick of the clock that never jumps. Loops with the same interval wake together, a round that took long costs no drift,
 * and ticks that were missed are left out.
 */
export function sleepUntilTick(
  clock: Clock,
  { signal, ...ticks }: { intervalMs: number; offsetMs?: number; signal: AbortSignal },
): Promise<void> {
  return clock.sleep(untilTickMs(clock.monotonicMs(), ticks), signal)
}
