import type { AgentConfig } from '../config/schema.ts'
import { messageOf } from '../errors.ts'
import { type Inventory, readInventory } from '../host/inventory.ts'
import type { Metrics } from '../metrics.ts'
import type { ProbeStatusReport } from '../probes/probe-seat.ts'
import type { Clock } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import { withDeadline } from '../run/deadline.ts'
import type { Log } from '../run/log.ts'
import type { ProbeRecords } from '../store/probe-records.ts'
import type { HealthFacts } from './health-checks.ts'
import { HostPart } from './host-part.ts'
import { ProbePart } from './probe-part.ts'
import { SeriesPart } from './series-part.ts'

export interface SensesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly records: ProbeRecords
  readonly hostname: string
  readonly platform: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Called once, when it is known what this host is. */
  readonly onInventory: (inventory: Inventory) => void
}

/** It waits for drivers and firmware. */
const INVENTORY_MS = 30_000

/**
 * What the agent notices beside log lines: the samples of its host, what its probes find, and the series that both become together with the agent's
 * own metrics.
 */
export class Senses implements Component {
  readonly name = 'senses'
  readonly host: HostPart
  readonly probes: ProbePart
  readonly series: SeriesPart
  readonly #deps: SensesDeps
  #inventory: Inventory | undefined
  #config: AgentConfig
  #applying: Promise<void> = Promise.resolve()

  constructor(config: AgentConfig, deps: SensesDeps) {
    const { clock, log, metrics, records, hostname, platform, environment } = deps
    this.#deps = deps
    this.#config = config
    this.host = new HostPart({ clock, log, hostname, platform, isOwn: (name) => metrics.isOwn(name) })
    this.probes = new ProbePart({ clock, log, metrics, records, proc: '/proc', environment })
    const own = (): { job: string; instance: string } => ({
      job: 'obs-agent',
      instance: this.#config.host.name ?? hostname,
    })
    metrics.addPart({ name: 'node', labels: () => this.host.labels, families: () => this.host.families() })
    metrics.addPart({ name: 'probes', labels: own, families: () => this.probes.families() })
    this.series = new SeriesPart(config, {
      ...{ clock, log: log.child('series'), metrics },
      settled: () => this.host.settled(),
      onScraped: () => this.probes.save(),
    })
  }

  /** Notices what the configuration wants noticed. One at a time: a reload may come while the first is still being applied. */
  apply(config: AgentConfig): Promise<void> {
    const applying = this.#applying.then(() => this.#applyOnce(config))
    this.#applying = applying.catch(() => {})
    return applying
  }

  async #applyOnce(config: AgentConfig): Promise<void> {
    this.#config = config
    await this.host.apply(config.host)
    await this.probes.apply(config.probes, config.probing)
  }

  /** For the checks of /health. */
  facts(): { host: HealthFacts['host']; probes: readonly ProbeStatusReport[] } {
    return { host: this.host.health(), probes: this.probes.reports() }
  }

  /** What `/health?verbose` shows besides the checks. */
  details(): Readonly<Record<string, unknown>> {
    const { series, samples, bytes } = this.series.store.stats()
    return { ...(this.#inventory && { inventory: this.#inventory }), series: { series, samples, bytes } }
  }

  async #takeInventory(signal: AbortSignal): Promise<void> {
    const { log, onInventory } = this.#deps
    try {
      this.#inventory = await withDeadline(INVENTORY_MS, signal, readInventory)
      onInventory(this.#inventory)
    } catch (error) {
      // Nothing depends on it.
      if (!signal.aborted) log.warn('Cannot tell what this host is', { reason: messageOf(error) })
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.apply(this.#config)
    const looking = this.#takeInventory(signal)
    await this.series.run(signal)
    await looking
    await Promise.all([this.host.close(), this.probes.close()])
  }
}
