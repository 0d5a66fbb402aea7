import type { NamedProbe, ProbingConfig } from '../config/probe-settings.ts'
import { messageOf } from '../errors.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import type { Metrics } from '../metrics.ts'
import type { ProbeResult } from '../model/probe-result.ts'
import { Connectivity } from '../probes/connectivity.ts'
import { createProbe, type KindDeps } from '../probes/kinds.ts'
import type { ProbeStatusReport } from '../probes/probe-seat.ts'
import { Prober } from '../probes/prober.ts'
import { PushInbox, type PushReport } from '../probes/push-inbox.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { ProbeRecords, SavedResult } from '../store/probe-records.ts'

export interface ProbePartDeps extends Pick<KindDeps, 'proc' | 'environment'> {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly records: ProbeRecords
}

/** Who calls in, by what he holds. */
interface Caller {
  readonly bearer: string | undefined
  readonly holdsApiToken: boolean
}

type PushOutcome = 'taken' | 'no_such_probe' | 'unauthorized'

/** Results wait for the next save; when the store refuses for long, the oldest are given up and counted. */
const MAX_UNSAVED = 10_000

/** The probes, as the configuration wants them, with what they found kept across restarts. */
export class ProbePart {
  readonly #deps: ProbePartDeps
  readonly #inbox: PushInbox
  #prober: Prober | undefined
  #probing: ProbingConfig | undefined
  #unsaved: SavedResult[] = []
  #isClosed = false

  constructor(deps: ProbePartDeps) {
    this.#deps = deps
    this.#inbox = new PushInbox({ clock: deps.clock })
  }

  /** Runs exactly these probes. Those whose settings did not change go on undisturbed. */
  async apply(probes: readonly NamedProbe[], probing: ProbingConfig): Promise<void> {
    if (this.#isClosed) return
    // One whose settings changed goes on from what it found last.
    this.save()
    if (this.#prober && JSON.stringify(probing) !== JSON.stringify(this.#probing)) {
      await this.#prober.close()
      this.#prober = undefined
    }
    this.#probing = probing
    this.#prober ??= this.#createProber(probing)
    await this.#prober.apply(probes)
  }

  reports(): readonly ProbeStatusReport[] {
    return this.#prober?.reports() ?? []
  }

  families(): readonly FamilySamples[] {
    return this.#prober?.families() ?? []
  }

  /**
   * Somebody calls in for a push probe; its own token, or else the API's, must be held. The call is kept before the caller is told.
   * @throws {StoreError} it cannot be kept; it counts all the same until a restart.
   */
  push(name: string, report: PushReport, { bearer, holdsApiToken }: Caller): PushOutcome {
    const config = this.#prober?.config(name)
    const token = config?.type === 'push' ? config.token : undefined
    if (token === undefined ? !holdsApiToken : !token.is(bearer ?? '')) return 'unauthorized'
    if (config?.type !== 'push') return 'no_such_probe'
    this.#inbox.report(name, report)
    this.#prober?.runNow(name)
    const call = this.#inbox.last(name)
    if (call) this.#deps.records.saveCall(name, call)
    return 'taken'
  }

  /** Saves what was found since the last time; what cannot be saved now is tried again. */
  save(): void {
    const { records, log, metrics } = this.#deps
    if (this.#unsaved.length === 0) return
    try {
      records.save(this.#unsaved, this.#probing?.keepCount ?? 1)
      this.#unsaved = []
    } catch (error) {
      log.warn('Cannot save results of probes; they wait in memory', { reason: messageOf(error) })
      const excess = this.#unsaved.splice(0, Math.max(0, this.#unsaved.length - MAX_UNSAVED)).length
      metrics.probeResultsUnsaved.inc({}, excess)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#prober?.close()
    this.save()
  }

  #createProber({ concurrencyCount, keepCount, connectivity }: ProbingConfig): Prober {
    const { clock, log, metrics, proc, environment } = this.#deps
    this.#restoreCalls()
    return new Prober({
      ...{ clock, log, concurrencyCount, keepCount },
      connectivity: new Connectivity(connectivity, clock),
      create: (config) => createProbe(config, { clock, proc, environment, inbox: this.#inbox }),
      restore: (name) => this.#restore(name, keepCount),
      onResult: (probe, result, { isChange, isTimeout }) => {
        this.#unsaved.push({ ...result, probe, isChange })
        if (isTimeout) metrics.probeTimeouts.inc({ probe })
      },
      onSkipped: (probe) => metrics.probeSkipped.inc({ probe }),
    })
  }

  #restore(name: string, keepCount: number): readonly ProbeResult[] {
    try {
      return this.#deps.records.results(name, keepCount)
    } catch (error) {
      this.#deps.log.warn('Cannot read former results of a probe', { probe: name, reason: messageOf(error) })
      return []
    }
  }

  #restoreCalls(): void {
    try {
      this.#inbox.restore(this.#deps.records.calls())
    } catch (error) {
      this.#deps.log.warn('Cannot read former calls of probes', { reason: messageOf(error) })
    }
  }
}
