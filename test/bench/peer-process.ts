import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer, Place } from './peer.ts'
import { treeOf, type Usage, usageOf } from './process.ts'

/** A peer that does not stop for this long is killed. */
const STOP_MS = 15_000

/** A running peer, from its start to its end. What it prints goes to `peer.log` in its folder. */
export class PeerProcess implements AsyncDisposable {
  readonly startedMs = Date.now()
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #logPath: string
  #usage: Usage = { cpuSeconds: 0, rssBytes: 0, peakRssBytes: 0, writtenBytes: 0 }

  constructor(peer: Peer, place: Place) {
    const { argv, env } = peer.command(place)
    const [program = '', ...args] = argv
    this.#logPath = join(place.state, 'peer.log')
    const log = openSync(this.#logPath, 'a')
    this.#child = spawn(program, args, {
      cwd: place.state,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    // A program that cannot be started rejects: it is an end like any other, and the rig sees that nothing arrives.
    this.#closed = once(this.#child, 'close').catch(() => {})
  }

  get hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** What its processes have used so far; once it has ended, what was seen last. */
  usage(): Usage {
    const { pid } = this.#child
    if (pid === undefined || this.hasEnded) return this.#usage
    const now = usageOf(pid)
    // A child that ends takes its peak with it; CPU of one that nobody waits for would be forgotten, too.
    this.#usage = {
      cpuSeconds: Math.max(now.cpuSeconds, this.#usage.cpuSeconds),
      rssBytes: now.rssBytes,
      peakRssBytes: Math.max(now.peakRssBytes, this.#usage.peakRssBytes),
      writtenBytes: Math.max(now.writtenBytes, this.#usage.writtenBytes),
    }
    return this.#usage
  }

  /** The last it printed. */
  lastWords(): string {
    return readFileSync(this.#logPath, 'utf8').trimEnd().split('\n').slice(-10).join('\n')
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#signal(signal)
    const deadline = setTimeout(() => this.#signal('SIGKILL'), STOP_MS)
    await this.#closed
    clearTimeout(deadline)
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined || this.hasEnded) return
    for (const one of treeOf(pid).reverse()) {
      try {
        process.kill(one, signal)
      } catch {
        // Gone already.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGTERM')
  }
}
