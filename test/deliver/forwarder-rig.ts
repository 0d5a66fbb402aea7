import { setImmediate as turn } from 'node:timers/promises'
import { Forwarder, type ForwarderOptions } from '../../src/deliver/forwarder.ts'
import type { Destination } from '../../src/deliver/verdict.ts'
import { Bell } from '../../src/run/bell.ts'
import type { Log } from '../../src/run/log.ts'
import { MemoryBuffer, MemoryCursors } from './memory-store.ts'
import { VirtualClock } from './virtual-clock.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** A forwarder between a buffer and a destination, moved step by step in virtual time. `start` again: the process was restarted. */
export class Rig {
  readonly buffer = new MemoryBuffer()
  readonly cursors = new MemoryCursors()
  readonly clock = new VirtualClock()
  readonly bell = new Bell()
  readonly destination: Destination
  readonly options: ForwarderOptions
  random = 1
  forwarder: Forwarder

  constructor(destination: Destination, options: Partial<ForwarderOptions> = {}) {
    this.destination = destination
    this.options = {
      name: 'o',
      inFlightCount: 4,
      minMs: 1000,
      maxMs: 60_000,
      settleEveryMs: 0,
      drainMs: 10_000,
      ...options,
    }
    this.forwarder = this.start()
  }

  start(): Forwarder {
    const { buffer: source, cursors, clock, bell, destination } = this
    this.forwarder = new Forwarder(this.options, {
      source,
      cursors,
      clock,
      bell,
      destination,
      random: () => this.random,
      log: silent,
    })
    return this.forwarder
  }

  /** Steps until nothing more happens without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0, before = ''; quiet < 3; ) {
      this.forwarder.step()
      await turn()
      const { counters, inFlight } = this.forwarder.status()
      const now = JSON.stringify([counters, inFlight, this.cursor, this.cursors.moves])
      quiet = now === before ? quiet + 1 : 0
      before = now
    }
  }

  /** Steps until the cursor is at `seq`: what is compressed in libuv's pool takes its time on a busy machine. */
  async reach(seq: number): Promise<void> {
    for (const endMs = Date.now() + 30_000; (this.cursor?.seq ?? 0) < seq && Date.now() < endMs; ) await this.settle()
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.settle()
  }

  get cursor() {
    return this.cursors.cursor('o')
  }

  /** `born + delivered + dead + expired`, less what was stored up to the cursor: always 0. */
  get imbalance(): number {
    const cursor = this.cursor
    if (!cursor) return 0
    const { bornEntries, delivered, dead, expired, seq } = cursor
    return bornEntries + delivered + dead + expired - this.buffer.entriesUpTo(seq)
  }
}

export const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `{"n":${from + i}}`)
