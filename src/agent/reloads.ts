import type { AgentConfig } from '../config/schema.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Notifier } from '../run/notifier.ts'
import { unchangeable } from './unchangeable.ts'

/** A configuration and the checksum of its text. */
export interface Configured {
  readonly config: AgentConfig
  readonly hash: string
}

export type Reloaded =
  | ({ readonly kind: 'ok' } & Configured)
  | { readonly kind: 'bad'; readonly problems: readonly string[] }

export type ReloadOutcome = { readonly kind: 'ok' } | { readonly kind: 'bad'; readonly problems: readonly string[] }

export interface ReloadsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly notifier: Notifier
  /** Reads the configuration again. */
  readonly readConfig: () => Promise<Reloaded>
  readonly current: () => AgentConfig
  /** Takes over a configuration that can be; resolves when every part works by it. */
  readonly adopt: (configured: Configured) => Promise<void>
  /** Why the last reload was refused; undefined: it was not. */
  readonly onProblem: (problem: string | undefined) => void
  /** What systemd shows. */
  readonly statusText: () => string
}

/** Swaps the configuration as a whole, or keeps the one before and says why, everywhere. One at a time. */
export class Reloads {
  readonly #deps: ReloadsDeps
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(deps: ReloadsDeps) {
    this.#deps = deps
  }

  reload(): Promise<ReloadOutcome> {
    const reloading = this.#reloading.then(() => this.#reloadOnce())
    // One that failed is its caller's to tell; the next one begins all the same.
    this.#reloading = reloading.catch(() => {})
    return reloading
  }

  async #reloadOnce(): Promise<ReloadOutcome> {
    const { readConfig, current, adopt, onProblem, metrics, notifier, log, clock, statusText } = this.#deps
    notifier.reloading()
    const reloaded = await readConfig()
    const problems = reloaded.kind === 'bad' ? reloaded.problems : unchangeable(current(), reloaded.config)
    if (reloaded.kind === 'bad' || problems.length > 0) {
      onProblem(problems.join('; '))
      metrics.configReloadSuccessful.set({}, 0)
      log.error('The configuration is not taken over; the one before stays in use', { problems })
      notifier.ready(statusText())
      return { kind: 'bad', problems }
    }
    onProblem(undefined)
    await adopt(reloaded)
    metrics.configReloadSuccessful.set({}, 1)
    metrics.configReloadTime.set({}, clock.nowMs() / 1000)
    log.info('The configuration was taken over', { config_hash: reloaded.hash })
    notifier.ready(statusText())
    return { kind: 'ok' }
  }
}
