import type { ProbeStatus } from '../model/probe-result.ts'
import type { Clock } from '../run/clock.ts'
import { plainText } from './words.ts'

export interface PushReport {
  /** What the caller says of itself; left out, it is healthy. */
  readonly status?: ProbeStatus
  readonly message?: string
}

export interface PushCall {
  /** Wall time, milliseconds since 1970: it must mean the same after a restart. */
  readonly atMs: number
  readonly status: ProbeStatus
  /** One line, at most 512 characters; may be empty. */
  readonly message: string
}

/** The last call for each probe that waits for calls. It outlives the probes: a new configuration forgets no call. */
export class PushInbox {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #calls = new Map<string, PushCall>()

  constructor({ clock }: { readonly clock: Pick<Clock, 'nowMs'> }) {
    this.#clock = clock
  }

  /** Takes a call. That there is a probe of this name, and that the caller may call, is for who takes the request to see. */
  report(name: string, { status = 'healthy', message = '' }: PushReport = {}): void {
    this.#calls.set(name, { atMs: this.#clock.nowMs(), status, message: plainText(message.trim()) })
  }

  /** A call that seems to come from the future (the clock was set back) counts as of now, so that it cannot hold for ever. */
  last(name: string): PushCall | undefined {
    const call = this.#calls.get(name)
    const nowMs = this.#clock.nowMs()
    if (!call || call.atMs <= nowMs) return call
    const nowCall = { ...call, atMs: nowMs }
    this.#calls.set(name, nowCall)
    return nowCall
  }

  /** Forgets the calls for probes that are no longer. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#calls.keys()) if (!names.has(name)) this.#calls.delete(name)
  }

  /** All that must survive a restart, as plain JSON. */
  snapshot(): Readonly<Record<string, PushCall>> {
    return Object.fromEntries(this.#calls)
  }

  /** What `snapshot` gave before, read from a disk that may have changed it. A call that came in since is newer, and stays. */
  restore(snapshot: unknown): void {
    if (typeof snapshot !== 'object' || snapshot === null) return
    for (const [name, value] of Object.entries(snapshot)) {
      const call = parseCall(value)
      if (call && !this.#calls.has(name)) this.#calls.set(name, call)
    }
  }
}

const STATUSES: readonly ProbeStatus[] = ['healthy', 'degraded', 'unhealthy', 'unknown']

function parseCall(value: unknown): PushCall | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { atMs, status, message } = value as { [K in keyof PushCall]?: unknown }
  const known = STATUSES.find((one) => one === status)
  if (typeof atMs !== 'number' || !Number.isFinite(atMs) || known === undefined) return undefined
  return { atMs, status: known, message: typeof message === 'string' ? plainText(message) : '' }
}
