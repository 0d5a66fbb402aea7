/**
 * Heartbeats: one Int32 per judged thread in memory that all threads share. A thread counts its own slot up from a timer
 * of its own event loop, so a slot that stands still is a loop that stands still. The watchdog only compares; the numbers
 * mean nothing and may wrap.
 */

/** The threads without which the agent is not alive, in the order of their slots. */
export const judgedThreads = ['main', 'ingest'] as const
export type JudgedThread = (typeof judgedThreads)[number]

export function createHeartbeats(): SharedArrayBuffer {
  return new SharedArrayBuffer(judgedThreads.length * Int32Array.BYTES_PER_ELEMENT)
}

export class Heartbeat {
  readonly #beats: Int32Array
  readonly #slot: number

  constructor(heartbeats: SharedArrayBuffer, thread: JudgedThread) {
    this.#beats = new Int32Array(heartbeats)
    this.#slot = judgedThreads.indexOf(thread)
  }

  beat(): void {
    Atomics.add(this.#beats, this.#slot, 1)
  }
}

/** Beats now and every `everyMs`, without keeping the process alive, until the returned function is called. */
export function startBeating(heartbeat: Heartbeat, everyMs: number): () => void {
  heartbeat.beat()
  const timer = setInterval(() => heartbeat.beat(), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** How often to beat: four times between two looks of the watchdog, which come at a third of systemd's time; every 5 s without. */
export function beatEveryMs(watchdogUsec: number | undefined): number {
  return Math.min(5000, (watchdogUsec ?? Number.POSITIVE_INFINITY) / 1000 / 12)
}

/** Tells, whenever asked, how long a thread's beats have stood still, on the clock `monotonicMs`. */
export class Pulse {
  readonly #beats: Int32Array
  readonly #slot: number
  #last = -1
  #movedAtMs = 0

  constructor(heartbeats: SharedArrayBuffer, thread: JudgedThread) {
    this.#beats = new Int32Array(heartbeats)
    this.#slot = judgedThreads.indexOf(thread)
  }

  stillMs(monotonicMs: number): number {
    const beats = Atomics.load(this.#beats, this.#slot)
    if (beats !== this.#last) this.#movedAtMs = monotonicMs
    this.#last = beats
    return monotonicMs - this.#movedAtMs
  }
}

/** What one look at a slot found. */
export interface Look {
  readonly beats: number
  /** Looks in a row, this one included, that found the slot where it was. */
  readonly unmovedCount: number
}

/** Looks at every slot again; an empty `previous` makes a first look, which finds nobody standing still. */
export function look(previous: readonly Look[], heartbeats: SharedArrayBuffer): readonly Look[] {
  const slots = new Int32Array(heartbeats)
  return judgedThreads.map((_, slot) => {
    const before = previous[slot]
    const beats = Atomics.load(slots, slot)
    return { beats, unmovedCount: before?.beats === beats ? before.unmovedCount + 1 : 0 }
  })
}

/**
 * The threads that stood still for two looks in a row. One is forgiven: a slow disk may hold a thread for a while, and
 * after the whole process was stopped and continued the watchdog may be the first to wake. Looks are counted, not
 * seconds, because of the second reason.
 */
export function stalledThreads(looks: readonly Look[]): readonly JudgedThread[] {
  return judgedThreads.filter((_, slot) => (looks[slot]?.unmovedCount ?? 0) >= 2)
}
