import { messageOf } from '../errors.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import { type Clock, yieldToLoop } from '../run/clock.ts'
import { Phases } from './phases.ts'
import type { Finding, Probe, ProbeRun } from './probe.ts'

export interface RunRecord extends Finding {
  /** When it began, ms since 1970. */
  readonly atMs: number
  readonly seconds: number
  /** Its time was over. */
  readonly isTimeout: boolean
}

/** What a run gets beyond its time to say how far it came. */
const GRACE_MS = 200
/** Time is told in such steps. A step that took longer, since the thread stood still (a disk that takes its time to sync), is not the target's fault. */
const STEP_MS = 100
const MAX_MESSAGE_LENGTH = 512

/** Runs one probe at a time, each time with an end: a run that does not come back is given up, and none begins until it does. */
export class ProbeRunner {
  readonly #probe: Probe
  readonly #timeoutMs: number
  readonly #clock: Clock
  #isBusy = false

  constructor(probe: Probe, { timeoutMs, clock }: { timeoutMs: number; clock: Clock }) {
    this.#probe = probe
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  /** A run that was given up is still under way. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Rejects only when `signal` aborts. */
  async run(signal: AbortSignal): Promise<RunRecord> {
    signal.throwIfAborted()
    const clock = this.#clock
    const atMs = clock.nowMs()
    const begunMs = clock.monotonicMs()
    const phases = new Phases(clock)
    const end = new AbortController()
    const over = new AbortController()
    const stop = (): void => {
      end.abort(signal.reason)
      over.abort()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      const finding = await Promise.race([
        this.#find({ signal: end.signal, phases }),
        this.#late(end, over.signal, phases),
      ])
      signal.throwIfAborted()
      const seconds = (clock.monotonicMs() - begunMs) / 1000
      return { ...finding, message: oneLine(finding.message), atMs, seconds, isTimeout: end.signal.aborted }
    } finally {
      over.abort()
      signal.removeEventListener('abort', stop)
    }
  }

  /** What the probe says; what it throws is a finding, too. */
  async #find(run: ProbeRun): Promise<Finding> {
    this.#isBusy = true
    try {
      return await this.#probe.run(run)
    } catch (error) {
      return { status: 'unhealthy', message: messageOf(error) || 'failed without a word' }
    } finally {
      this.#isBusy = false
    }
  }

  /** Ends the run when its time is over, and speaks for it when it does not. `over`: it has ended by itself. */
  async #late(end: AbortController, over: AbortSignal, phases: Phases): Promise<Finding> {
    await this.#spend(this.#timeoutMs, over)
    const message = lateText(this.#timeoutMs, phases.current)
    if (!over.aborted) end.abort(new DOMException(message, 'TimeoutError'))
    await this.#spend(GRACE_MS, over)
    return { status: 'unhealthy', message }
  }

  /** Lets `ms` pass in which the thread was awake. */
  async #spend(ms: number, signal: AbortSignal): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !signal.aborted; ) {
      const beganMs = this.#clock.monotonicMs()
      const stepMs = Math.min(leftMs, STEP_MS)
      await this.#clock.sleep(stepMs, signal)
      // Not more than was planned, however long it took.
      leftMs -= Math.min(stepMs, this.#clock.monotonicMs() - beganMs)
      // What came in meanwhile has its turn before time is called.
      if (leftMs <= 0) await yieldToLoop()
    }
  }
}

function lateText(timeoutMs: number, phase: string | undefined): string {
  return `no answer within ${timeoutMs / 1000} s${phase === undefined ? '' : `, while in phase ${phase}`}`
}

/** Control characters and line breaks away, and not endless. */
function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length <= MAX_MESSAGE_LENGTH ? line : `${line.slice(0, MAX_MESSAGE_LENGTH - 1)}…`
}

/** Every sample with these labels, unless it has them itself. */
export function labelled(
  families: readonly FamilySamples[],
  labels: Readonly<Record<string, string>>,
): FamilySamples[] {
  return families.map((family) => ({
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } })),
  }))
}
