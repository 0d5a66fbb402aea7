import { messageOf } from '../errors.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import { FamilySet, mergeFamilies } from '../metrics/family-set.ts'
import type { Clock } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import { withDeadline } from '../run/deadline.ts'
import type { Log } from '../run/log.ts'
import { sleepUntilTick } from '../run/ticks.ts'
import { type HostCollector, NoData } from './collector.ts'

export interface HostSamplerOptions {
  readonly intervalMs: number
  /** Labels of `up` and `scrape_duration_seconds`: what a Prometheus that scraped this host would put there. */
  readonly job: string
  readonly instance: string
}

export interface HostSamplerDeps {
  readonly clock: Clock
  readonly log: Log
  readonly collectors: readonly HostCollector[]
}

/** What a collector may take; then it has failed, and the others' samples do not wait for it. */
const COLLECTOR_DEADLINE_MS = 5000
/** A round is over when every collector answered, or after this: what comes later is there at the next one. */
const ROUND_MS = 1000

/** The state of one collector between rounds. */
interface Seat {
  readonly collector: HostCollector
  /** A collection that has not come back, even if it was given up. */
  isBusy: boolean
  /** On the clock that never jumps; when it was last begun. */
  begunMs: number
  families: readonly FamilySamples[]
  /** Undefined: never asked, or this host has no such thing. */
  succeeded: boolean | undefined
  seconds: number
  /** Why it failed, to say it once. */
  failure: string | undefined
}

/** Samples the host: all collectors side by side, so that one that hangs or fails costs its own samples and nothing else. */
export class HostSampler implements Component {
  readonly name = 'host'
  readonly #options: HostSamplerOptions
  readonly #deps: HostSamplerDeps
  readonly #seats: readonly Seat[]
  #round: Promise<void> = Promise.resolve()
  #roundSeconds = 0
  #sampledMs: number | undefined

  constructor(options: HostSamplerOptions, deps: HostSamplerDeps) {
    this.#options = options
    this.#deps = deps
    this.#seats = deps.collectors.map((collector) => ({
      ...{ collector, isBusy: false, begunMs: Number.NEGATIVE_INFINITY, families: [] },
      ...{ succeeded: undefined, seconds: 0, failure: undefined },
    }))
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sampleOnce(signal)
      await sleepUntilTick(this.#deps.clock, { intervalMs: this.#options.intervalMs, signal })
    }
  }

  /** One round. Never rejects. */
  sampleOnce(signal: AbortSignal): Promise<void> {
    this.#round = this.#sample(signal)
    return this.#round
  }

  /** Resolves when the round under way, if there is one, is over. */
  settled(): Promise<void> {
    return this.#round
  }

  /** When the last round was over, ms since 1970. */
  get sampledMs(): number | undefined {
    return this.#sampledMs
  }

  /** All that is known: the families of the collectors, and how they fared. */
  families(): readonly FamilySamples[] {
    if (this.#sampledMs === undefined) return []
    const own = new FamilySet()
    for (const { collector, succeeded, seconds } of this.#seats) {
      if (succeeded === undefined) continue
      const labels = { collector: collector.name }
      own.gauge('node_scrape_collector_duration_seconds', 'Time a collector took.', seconds, labels)
      own.gauge('node_scrape_collector_success', '1 when a collector succeeded.', Number(succeeded), labels)
    }
    const { job, instance } = this.#options
    own.gauge('up', '1 while the target can be asked.', 1, { job, instance })
    own.gauge('scrape_duration_seconds', 'Time it took to ask the target.', this.#roundSeconds, { job, instance })
    return mergeFamilies([...this.#seats.map(({ families }) => families), own.families()])
  }

  /** Whether a collector other than `collector` showed a family of this name at its last round. */
  hasFamily(name: string, { beside }: { beside: string }): boolean {
    return this.#seats.some(
      (seat) => seat.collector.name !== beside && seat.families.some((family) => family.name === name),
    )
  }

  async #sample(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const begunMs = clock.monotonicMs()
    const asked = this.#seats.filter((seat) => !seat.isBusy && this.#isDue(seat, begunMs))
    const round = new AbortController()
    const patience = clock.sleep(ROUND_MS, round.signal)
    await Promise.race([Promise.all(asked.map((seat) => this.#ask(seat, signal))), patience])
    round.abort()
    this.#roundSeconds = (clock.monotonicMs() - begunMs) / 1000
    this.#sampledMs = clock.nowMs()
  }

  #isDue({ collector, begunMs }: Seat, nowMs: number): boolean {
    // Half a round early rather than a whole one late.
    return nowMs - begunMs >= (collector.everyMs ?? 0) - this.#options.intervalMs / 2
  }

  async #ask(seat: Seat, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const begunMs = clock.monotonicMs()
    seat.isBusy = true
    seat.begunMs = begunMs
    const collect = async (deadline: AbortSignal): Promise<readonly FamilySamples[]> => {
      try {
        return await seat.collector.collect(deadline)
      } finally {
        // Only now: one that was given up may still hang in the kernel, and must not be asked again meanwhile.
        seat.isBusy = false
      }
    }
    try {
      seat.families = await withDeadline(COLLECTOR_DEADLINE_MS, signal, collect)
      seat.succeeded = true
      if (seat.failure !== undefined) this.#deps.log.info('A collector of the host is well again', nameOf(seat))
      seat.failure = undefined
    } catch (error) {
      seat.families = []
      if (!signal.aborted) this.#failed(seat, error)
    }
    seat.seconds = (clock.monotonicMs() - begunMs) / 1000
  }

  #failed(seat: Seat, error: unknown): void {
    const reason = messageOf(error)
    const hasNone = error instanceof NoData
    seat.succeeded = hasNone ? undefined : false
    if (seat.failure === reason) return
    seat.failure = reason
    if (hasNone) this.#deps.log.debug('The host has nothing for a collector', { ...nameOf(seat), reason })
    else this.#deps.log.warn('Cannot collect from the host', { ...nameOf(seat), reason })
  }
}

function nameOf({ collector }: Seat): { collector: string } {
  return { collector: collector.name }
}
