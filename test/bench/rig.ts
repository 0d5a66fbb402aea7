import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Format } from './corpus.ts'
import type { Peer, Place } from './peer.ts'
import { PeerProcess } from './peer-process.ts'
import { type Sink, startSink } from './sink-process.ts'

/** One peer, one job. */
export interface Task {
  readonly peer: Peer
  /** From 1; in each round every peer has its turn. */
  readonly round: number
  readonly format: Format
  /** Folders are made here, and removed. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** A question for the sink about a stream that seems to have ended waits until nothing has come for this long. */
const QUIET_MS = 1000
/** Nothing for so long: what is missing will not come. */
const STALL_MS = 30_000
/** How often the peer is looked at. */
const LOOK_MS = 100

/** A sink and a running peer in a folder of its own; disposing ends them and removes it. */
export class Rig implements AsyncDisposable {
  readonly peer: PeerProcess
  readonly sink: Sink
  readonly place: Place
  readonly #task: Task
  readonly #things: AsyncDisposableStack

  private constructor(task: Task, parts: { place: Place; sink: Sink; things: AsyncDisposableStack }) {
    this.#task = task
    this.place = parts.place
    this.sink = parts.sink
    this.#things = parts.things
    this.peer = this.startAgain()
  }

  /** `records`: how many the sink expects. `input`: the file to tail; without one it is an empty file in the folder. */
  static async start(task: Task, { records, input }: { records: number; input?: string }): Promise<Rig> {
    await using things = new AsyncDisposableStack()
    mkdirSync(task.folder, { recursive: true })
    const state = mkdtempSync(join(task.folder, `${task.peer.name}-`))
    things.defer(() => rmSync(state, { recursive: true, force: true }))
    const sink = things.use(await startSink(records, task.signal))
    const place = {
      state,
      input: input ?? join(state, 'input.log'),
      format: task.format,
      sinkUrl: sink.url,
      sinkPort: sink.port,
    }
    if (input === undefined) writeFileSync(place.input, '')
    for (const [name, text] of Object.entries(task.peer.configFiles(place))) writeFileSync(join(state, name), text)
    return new Rig(task, { place, sink, things: things.move() })
  }

  /** Starts the peer, with what it had before. */
  startAgain(): PeerProcess {
    return this.#things.use(new PeerProcess(this.#task.peer, this.place))
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#task.signal })
  }

  /** Resolves when all `records` have arrived: true; or nothing more comes, or `peer` has ended: false. */
  async settle(records: number, peer: PeerProcess = this.peer): Promise<boolean> {
    let requests = -1
    let quietFromMs = performance.now()
    let checkedRequests = 0
    for (;;) {
      await this.sleep(LOOK_MS)
      peer.usage() // Keeps the peaks.
      const stats = await this.sink.stats()
      if (stats.requests !== requests) {
        requests = stats.requests
        quietFromMs = performance.now()
      }
      const quietMs = performance.now() - quietFromMs
      if (quietMs >= QUIET_MS && checkedRequests !== requests) {
        checkedRequests = requests
        if ((await this.sink.check()).distinct >= records) return true
      }
      if (quietMs > STALL_MS || (peer.hasEnded && quietMs > QUIET_MS)) return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync()
  }
}
