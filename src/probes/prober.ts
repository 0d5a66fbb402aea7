import { createHash } from 'node:crypto'
import type { NamedProbe } from '../config/probe-settings.ts'
import { pack } from '../config/transfer.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import { mergeFamilies } from '../metrics/family-set.ts'
import type { ProbeResult } from '../model/probe-result.ts'
import { Semaphore } from '../run/semaphore.ts'
import type { Probe } from './probe.ts'
import { ProbeSeat, type ProbeStatusReport, type SeatDeps } from './probe-seat.ts'

export interface ProberDeps extends Omit<SeatDeps, 'turns' | 'isUnhealthy'> {
  /** Most runs under way at once. */
  readonly concurrencyCount: number
  readonly create: (config: NamedProbe) => Promise<Probe>
  /** What was remembered of a probe, oldest first. */
  readonly restore: (name: string) => readonly ProbeResult[]
}

interface Running {
  readonly config: NamedProbe
  readonly seat: ProbeSeat
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Probes begin spread over this time, so that a start is no storm; each always at the same moment of its interval. */
const MAX_JITTER_MS = 10_000

/** All probes, each running on its own. */
export class Prober {
  readonly #deps: ProberDeps
  readonly #turns: Semaphore
  readonly #running = new Map<string, Running>()
  #isClosed = false

  constructor(deps: ProberDeps) {
    this.#deps = deps
    this.#turns = new Semaphore(deps.concurrencyCount)
  }

  /** Runs exactly these probes. One whose settings did not change goes on undisturbed. */
  async apply(configs: readonly NamedProbe[]): Promise<void> {
    const leaving = [...this.#running.values()].filter(({ config }) => !configs.some((other) => isSame(config, other)))
    await Promise.all(leaving.map((running) => this.#end(running)))
    if (this.#isClosed) return
    const coming = configs.filter(({ name }) => !this.#running.has(name))
    const probes = await Promise.all(coming.map((config) => this.#deps.create(config)))
    if (this.#isClosed) return
    for (const [index, config] of coming.entries()) {
      const probe = probes[index]
      if (probe) this.#start(config, probe)
    }
  }

  reports(): readonly ProbeStatusReport[] {
    return [...this.#running.values()].map(({ seat }) => seat.report())
  }

  /** The probe's configuration, for whoever calls in. */
  config(name: string): NamedProbe | undefined {
    return this.#running.get(name)?.config
  }

  /** What the last runs found, as metrics: one sample for each probe that could tell something. */
  families(): readonly FamilySamples[] {
    const taken = new Set<string>()
    const parts = [...this.#running.values()].map(({ seat }) => {
      const identity = JSON.stringify(Object.entries(seat.labels).sort())
      // Two probes of one job and target: told apart by their names, since a series twice spoils the whole exposition.
      const isTaken = taken.has(identity)
      taken.add(identity)
      return seat.families(isTaken ? { ...seat.labels, probe: seat.name } : seat.labels)
    })
    return mergeFamilies(parts)
  }

  /** Runs a probe now, besides its ticks: somebody called in. */
  runNow(name: string): void {
    const running = this.#running.get(name)
    if (running) void running.seat.runNow(running.stop.signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running.values()].map((running) => this.#end(running)))
  }

  #start(config: NamedProbe, probe: Probe): void {
    const { clock, log, connectivity, restore, onResult, onSkipped, keepCount } = this.#deps
    const { name } = config
    const deps: SeatDeps = {
      ...{ clock, connectivity, onResult, onSkipped, keepCount, turns: this.#turns, log: log.child(`probe ${name}`) },
      isUnhealthy: (dependency) => this.#running.get(dependency)?.seat.report().status === 'unhealthy',
    }
    const seat = new ProbeSeat({ config, probe, offsetMs: offsetOf(config) }, deps)
    seat.restore(restore(name))
    const stop = new AbortController()
    const ended = seat.run(stop.signal).catch((error: unknown) => {
      // A seat survives everything a probe can do; this is a defect, and the other probes go on.
      log.error('A probe ended', { probe: name, error })
    })
    this.#running.set(name, { config, seat, stop, ended })
  }

  async #end({ config, stop, ended }: Running): Promise<void> {
    stop.abort()
    await ended
    this.#running.delete(config.name)
  }
}

function offsetOf({ name, intervalMs }: NamedProbe): number {
  const hash = createHash('sha256').update(name).digest().readUInt32LE()
  return Math.floor((hash / 2 ** 32) * Math.min(intervalMs, MAX_JITTER_MS))
}

/** Secrets count by their text. */
function isSame(a: NamedProbe, b: NamedProbe): boolean {
  return JSON.stringify(pack(a)) === JSON.stringify(pack(b))
}
