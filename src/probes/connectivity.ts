import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { HostPort } from '../config/probes/targets.ts'
import type { Clock } from '../run/clock.ts'
import { withDeadline } from '../run/deadline.ts'

/**
 * Whether this host itself is on the network: when it is not, a remote probe that fails says nothing of what it probes. Without targets it is,
 * as long as an interface beyond loopback has an address; with targets, as long as one of them takes a connection.
 */

export interface ConnectivityOptions {
  readonly targets: readonly HostPort[]
  readonly timeoutMs: number
}

/** An answer is good for so long: probes that fail together ask together. */
const FRESH_MS = 1000

export class Connectivity {
  readonly #options: ConnectivityOptions
  readonly #clock: Clock
  #isOnline = true
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<boolean> | undefined

  constructor(options: ConnectivityOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** As it was found last. */
  get wasOnline(): boolean {
    return this.#isOnline
  }

  /** Finds out, or tells what was found within the last second.. */
  async isOnline(): Promise<boolean> {
    if (this.#clock.monotonicMs() - this.#askedMs < FRESH_MS) return this.#isOnline
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<boolean> {
    const { targets } = this.#options
    this.#isOnline = targets.length === 0 ? hasAddress() : await this.#reachesOne(targets)
    this.#askedMs = this.#clock.monotonicMs()
    return this.#isOnline
  }

  async #reachesOne(targets: readonly HostPort[]): Promise<boolean> {
    try {
      return await withDeadline(this.#options.timeoutMs, new AbortController().signal, (deadline) =>
        Promise.any(targets.map((target) => reaches(target, deadline))),
      )
    } catch {
      return false // All refused, or none answered in time.
    }
  }
}

function reaches({ host, port }: HostPort, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', reject)
  })
}

/** An address that leads somewhere: not loopback's, and not one that an interface gives itself when nobody answers it. */
function hasAddress(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address)),
  )
}
