import type { Bell } from '../run/bell.ts'
import type { Clock } from '../run/clock.ts'
import { yieldToLoop } from '../run/clock.ts'
import type { Component } from '../run/component.ts'
import type { ChunkEncoding } from '../store/chunk.ts'
import type { Tailer } from '../tail/tailer.ts'
import type { Watcher } from '../tail/watcher.ts'
import type { Chunker } from './chunker.ts'
import type { Committer } from './committer.ts'

export interface PipelineDeps {
  readonly tailer: Tailer
  readonly watcher: Watcher
  readonly chunker: Chunker
  readonly committer: Committer
  readonly clock: Clock
  /** Rung with every path something happened at. */
  readonly bell: Bell
  readonly rung: Set<string>
  /** Once a second, between two steps: retention, vitals. */
  readonly onTick: () => void
}

/** New files are looked for this often, ms; the bell makes it sooner. */
const DISCOVER_MS = 1000
/** Checkpoints without entries (a file came up, or ended) wait this long for entries to go with, ms. */
const CHECKPOINT_WAIT_MS = 1000

/** The data plane's one loop: look, read in turns, seal, hand to the committer; sleep when there is nothing to do. */
export class Pipeline implements Component {
  readonly name = 'ingest'
  encoding: ChunkEncoding
  lookSeconds = 0
  readonly #deps: PipelineDeps
  readonly #isMuted = (folder: string): boolean => this.#deps.watcher.isMuted(folder)
  #seenSources: string[] = []
  #discoverAtMs = 0
  #lookAtMs = 0
  #sealedAtMs = 0

  constructor(encoding: ChunkEncoding, deps: PipelineDeps) {
    this.encoding = encoding
    this.#deps = deps
  }

  /** Looks for files at the next step: the sources changed. */
  rediscover(): void {
    this.#discoverAtMs = 0
    this.#lookAtMs = 0
    this.#deps.bell.ring()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { chunker } = this.#deps
    while (!signal.aborted) {
      this.#lookRound()
      if (chunker.heldDueMs() === 0) chunker.collect(this.#deps.clock.nowMs())
      const hasMore = await this.#read(signal)
      if (hasMore) await yieldToLoop()
      else await this.#deps.bell.wait(this.#idleMs(), signal)
    }
    chunker.collect(Number.POSITIVE_INFINITY)
    this.#seal()
  }

  #lookRound(): void {
    const { tailer, watcher, clock, rung, onTick } = this.#deps
    const nowMs = clock.monotonicMs()
    const isRung = rung.size > 0
    if (isRung || nowMs >= this.#discoverAtMs) {
      const isTick = nowMs >= this.#discoverAtMs
      this.#seenSources.push(...tailer.discover())
      if (isTick) {
        watcher.cover(tailer.folders())
        this.#discoverAtMs = nowMs + DISCOVER_MS
        this.#deps.chunker.collect(this.#deps.clock.nowMs())
        onTick()
      }
    }
    if (isRung || nowMs >= this.#lookAtMs) {
      this.#lookAtMs = nowMs + tailer.look(rung, this.#isMuted)
      this.lookSeconds = (clock.monotonicMs() - nowMs) / 1000
      rung.clear()
    }
  }

  /** One round of turns, and a seal when it is due. Whether there may be more to read at once. */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { tailer, chunker, committer } = this.#deps
    const hasMore = await tailer.read(() => !chunker.isFull)
    if (!this.#isSealDue()) return hasMore
    while (!committer.hasRoom && !signal.aborted) {
      if (!chunker.isFull && hasMore) return true // The chunk may still grow meanwhile.
      await committer.moved(1000, signal)
      // While the store refuses, files are still looked at: what is deleted or rotated meanwhile is held.
      this.#lookRound()
    }
    if (committer.hasRoom) this.#seal()
    return true
  }

  #isSealDue(): boolean {
    const { tailer, chunker, clock } = this.#deps
    if (chunker.isFull || chunker.dueMs() === 0 || this.#seenSources.length > 0) return true
    return chunker.isEmpty && tailer.hasCheckpoints && clock.monotonicMs() - this.#sealedAtMs >= CHECKPOINT_WAIT_MS
  }

  #seal(): void {
    const { tailer, chunker, committer, clock } = this.#deps
    if (chunker.isEmpty && !tailer.hasCheckpoints && this.#seenSources.length === 0) return
    const draft = chunker.seal()
    committer.push(draft, this.encoding, { checkpoints: tailer.takeCheckpoints(), seenSources: this.#seenSources })
    this.#seenSources = []
    this.#sealedAtMs = clock.monotonicMs()
  }

  #idleMs(): number {
    const { clock, chunker, tailer } = this.#deps
    const nowMs = clock.monotonicMs()
    const checkpointsMs =
      tailer.hasCheckpoints && chunker.isEmpty ? this.#sealedAtMs + CHECKPOINT_WAIT_MS - nowMs : DISCOVER_MS
    const recordMs = Math.min(chunker.dueMs(), chunker.heldDueMs())
    return Math.max(1, Math.min(this.#discoverAtMs - nowMs, this.#lookAtMs - nowMs, recordMs, checkpointsMs))
  }
}
