import type { HostConfig } from '../config/host-settings.ts'
import { hostCollectors } from '../host/collectors.ts'
import { HostSampler } from '../host/sampler.ts'
import { memoryUsedRatio, mountUsages, stuckMounts } from '../host/usage.ts'
import type { FamilySamples } from '../metrics/exposition.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { HostUsage } from './host-checks.ts'

export interface HostPartDeps {
  readonly clock: Clock
  readonly log: Log
  /** The host's own name. */
  readonly hostname: string
  readonly platform: string
  /** Whether the agent itself shows a family, or a sample of one, of this name. */
  readonly isOwn: (name: string) => boolean
}

interface Running {
  readonly config: HostConfig
  readonly sampler: HostSampler
  readonly stop: AbortController
  readonly ended: Promise<void>
}

const NO_USAGE: HostUsage = { sampledMs: undefined, disks: [], stuck: [], memoryUsedRatio: undefined }

/** The sampler of the host, as the configuration wants it. */
export class HostPart {
  readonly #deps: HostPartDeps
  #running: Running | undefined
  #labels: Readonly<Record<string, string>> = {}
  #isClosed = false

  constructor(deps: HostPartDeps) {
    this.#deps = deps
  }

  /** Samples as `config` says, or not at all. Settings that did not change leave the sampler undisturbed. */
  async apply(config: HostConfig): Promise<void> {
    const { clock, hostname, platform, isOwn } = this.#deps
    if (this.#running && JSON.stringify(this.#running.config) === JSON.stringify(config)) return
    await this.#end()
    if (this.#isClosed || !config.isEnabled) return
    const log = this.#deps.log.child('host')
    const labels = { job: config.job, instance: config.name ?? hostname }
    const isTaken = (name: string): boolean => isOwn(name) || sampler.hasFamily(name, { beside: 'textfile' })
    const collectors = hostCollectors(config, { platform, clock, log, isTaken })
    const sampler: HostSampler = new HostSampler(
      { intervalMs: config.intervalMs, ...labels },
      { clock, log, collectors: collectors.filter(({ name }) => !config.without.includes(name)) },
    )
    this.#labels = labels
    const stop = new AbortController()
    const ended = sampler.run(stop.signal).catch((error: unknown) => {
      log.error('The sampler of the host ended', { error })
    })
    this.#running = { config, sampler, stop, ended }
  }

  /** Of the target the samples belong to. */
  get labels(): Readonly<Record<string, string>> {
    return this.#labels
  }

  /** The round under way is over. */
  async settled(): Promise<void> {
    await this.#running?.sampler.settled()
  }

  families(): readonly FamilySamples[] {
    return this.#running?.sampler.families() ?? []
  }

  /** What the checks of /health are made of; undefined when the host is not sampled. */
  health(): { readonly usage: HostUsage; readonly config: HostConfig } | undefined {
    if (this.#running === undefined) return undefined
    const { sampler, config } = this.#running
    return { config, usage: usageOf(sampler) }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  async #end(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.stop.abort()
    await running?.ended
  }
}

function usageOf(sampler: HostSampler): HostUsage {
  const { sampledMs } = sampler
  if (sampledMs === undefined) return NO_USAGE
  const families = sampler.families()
  return {
    sampledMs,
    disks: mountUsages(families),
    stuck: stuckMounts(families),
    memoryUsedRatio: memoryUsedRatio(families),
  }
}
