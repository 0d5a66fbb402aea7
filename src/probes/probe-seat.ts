import { isLoopback } from '../config/listen.ts'
import type { NamedProbe } from '../config/probe-settings.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import { FamilySet, mergeFamilies } from '../metrics/family-set.ts'
import type { ProbeResult, ProbeStatus } from '../model/probe-result.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Semaphore } from '../run/semaphore.ts'
import { sleepUntilTick } from '../run/ticks.ts'
import type { Connectivity } from './connectivity.ts'
import type { Probe } from './probe.ts'
import { labelled, ProbeRunner, type RunRecord } from './probe-runner.ts'
import { newState, type ProbeState, statusOf, step } from './probe-state.ts'

export interface SeatDeps {
  readonly clock: Clock
  readonly log: Log
  readonly connectivity: Connectivity
  readonly turns: Semaphore
  /** How many results are kept. */
  readonly keepCount: number
  readonly isUnhealthy: (probe: string) => boolean
  readonly onResult: (
    name: string,
    result: ProbeResult,
    change: { readonly isChange: boolean; readonly isTimeout: boolean },
  ) => void
  readonly onSkipped: (name: string) => void
}

/** How a probe is, for /health, the API and the metrics. */
export interface ProbeStatusReport {
  readonly name: string
  readonly type: string
  readonly target: string
  readonly status: ProbeStatus | 'pending'
  readonly sinceMs: number
  readonly isCritical: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failures: number
  readonly failureThreshold: number
  readonly successes: number
  readonly successThreshold: number
  /** The last ones, oldest first. */
  readonly results: readonly ProbeResult[]
}

/** One probe at its place: when it runs, whether it may, and what its results come to. */
export class ProbeSeat {
  readonly #config: NamedProbe
  readonly #probe: Probe
  readonly #offsetMs: number
  readonly #deps: SeatDeps
  readonly #runner: ProbeRunner
  readonly labels: Readonly<Record<string, string>>
  #state: ProbeState
  #results: ProbeResult[] = []
  #last: RunRecord | undefined

  constructor({ config, probe, offsetMs }: { config: NamedProbe; probe: Probe; offsetMs: number }, deps: SeatDeps) {
    this.#config = config
    this.#probe = probe
    this.#offsetMs = offsetMs
    this.#deps = deps
    this.#runner = new ProbeRunner(probe, { timeoutMs: config.timeoutMs, clock: deps.clock })
    this.labels = { ...config.labels, job: config.job ?? config.name, instance: probe.target }
    this.#state = newState(deps.clock.nowMs())
  }

  get name(): string {
    return this.#config.name
  }

  /** Goes on from what was remembered, oldest first, as far as it is recent: what was long ago says nothing of now. */
  restore(results: readonly ProbeResult[]): void {
    const fromMs = this.#deps.clock.nowMs() - RECENT_INTERVALS * Math.max(this.#config.intervalMs, MIN_RECENT_MS)
    this.#results = results.slice(-this.#deps.keepCount)
    const last = results.at(-1)
    if (last === undefined || last.atMs < fromMs) return
    for (const result of results) this.#state = step(this.#state, result, this.#config)
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const ticks = { intervalMs: this.#config.intervalMs, offsetMs: this.#offsetMs, signal }
    // The first run soon, whatever the interval; from then on at the ticks.
    await clock.sleep(this.#offsetMs, signal)
    while (!signal.aborted) {
      await this.runOnce(signal)
      await sleepUntilTick(clock, ticks)
    }
    await this.#probe.close?.()
  }

  /** A run besides the ticks, unless one is under way. Never rejects. */
  async runNow(signal: AbortSignal): Promise<void> {
    if (!this.#runner.isBusy && !signal.aborted) await this.runOnce(signal)
  }

  /** One run, or the reason why there is none. Never rejects. */
  async runOnce(signal: AbortSignal): Promise<void> {
    if (this.#runner.isBusy) {
      // A run that was given up hangs on: no second one joins it, and no news are bad news.
      this.#deps.onSkipped(this.name)
      const message = 'the run before has not come back yet'
      this.#take({ status: 'unhealthy', message, atMs: this.#deps.clock.nowMs(), seconds: 0, isTimeout: false })
      return
    }
    try {
      this.#take(await this.#deps.turns.hold(signal, () => this.#runUnlessIdle(signal)))
    } catch (error) {
      if (!signal.aborted) this.#deps.log.error('Cannot run a probe', { error })
    }
  }

  report(): ProbeStatusReport {
    const { type, isCritical, intervalMs, timeoutMs, failureThreshold, successThreshold } = this.#config
    const { sinceMs, failures, successes } = this.#state
    return {
      ...{ name: this.name, type, target: this.#probe.target, status: statusOf(this.#state), sinceMs, isCritical },
      ...{ intervalMs, timeoutMs, failures, failureThreshold, successes, successThreshold, results: this.#results },
    }
  }

  families(labels: Readonly<Record<string, string>>): readonly FamilySamples[] {
    const last = this.#last
    const state = new FamilySet()
    const current = statusOf(this.#state)
    for (const status of STATUSES) {
      const help = '1 for the status of a probe, as its thresholds have it.'
      state.gauge('obs_agent_probe_status', help, Number(status === current), { probe: this.name, status })
    }
    // What could not be told is absent, and not a failure.
    if (last === undefined || last.status === 'unknown') return state.families()
    const own = new FamilySet()
    own.gauge('probe_success', '1 when the last run of the probe succeeded.', Number(last.status !== 'unhealthy'))
    own.gauge('probe_duration_seconds', 'Time the last run of the probe took.', last.seconds)
    own.gauge('up', '1 while the target can be asked.', 1)
    own.gauge('scrape_duration_seconds', 'Time it took to ask the target.', last.seconds)
    return [...labelled(mergeFamilies([own.families(), last.families ?? []]), labels), ...state.families()]
  }

  async #runUnlessIdle(signal: AbortSignal): Promise<RunRecord> {
    const { connectivity, clock } = this.#deps
    const idle = (message: string): RunRecord => ({
      ...{ status: 'unknown', message, atMs: clock.nowMs(), seconds: 0, isTimeout: false },
    })
    const dependency = this.#config.dependsOn.find((name) => this.#deps.isUnhealthy(name))
    if (dependency !== undefined) return idle(`not run: ${dependency}, which it depends on, is unhealthy`)
    const { remoteHost } = this.#probe
    const isRemote = remoteHost !== undefined && !isLoopback(remoteHost)
    if (isRemote && !(await connectivity.isOnline())) return idle(OFFLINE)
    const record = await this.#runner.run(signal)
    // It may have failed since this host went offline meanwhile.
    if (isRemote && record.status === 'unhealthy' && !(await connectivity.isOnline())) {
      return { ...record, status: 'unknown', message: OFFLINE }
    }
    return record
  }

  #take(record: RunRecord): void {
    const { log, onResult, keepCount } = this.#deps
    const before = statusOf(this.#state)
    const result: ProbeResult = {
      atMs: record.atMs,
      status: record.status,
      message: record.message,
      seconds: record.seconds,
    }
    this.#last = record
    this.#state = step(this.#state, result, this.#config)
    this.#results = [...this.#results, result].slice(-keepCount)
    const status = statusOf(this.#state)
    const isChange = status !== before
    if (isChange) {
      const fields = { probe: this.name, status, before, reason: record.message }
      if (status === 'healthy') log.info('A probe is healthy', fields)
      else log.warn('A probe is not healthy', fields)
    }
    onResult(this.name, result, { isChange, isTimeout: record.isTimeout && record.status === 'unhealthy' })
  }
}

const STATUSES = ['healthy', 'degraded', 'unhealthy', 'unknown', 'pending'] as const
const OFFLINE = 'this host is offline'
/** Results older than so many intervals are no part of "in a row". */
const RECENT_INTERVALS = 3
const MIN_RECENT_MS = 60_000
