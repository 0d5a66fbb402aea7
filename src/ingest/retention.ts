import type { Ballast } from '../store/ballast.ts'
import type { ChunkStore, Removed } from '../store/chunk-store.ts'

export interface RetentionOptions {
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly whenFull: 'block' | 'drop_oldest' | 'drop_newest'
  readonly minFreeBytes: number
}

export interface RetentionDeps {
  readonly store: ChunkStore
  readonly ballast: Ballast
  /** The seq up to which every output is done; Infinity without outputs. @throws {StoreError} */
  readonly settledSeq: () => number
  /** Bytes that may still be written to the disk. */
  readonly freeBytes: () => number
}

/** Whether a chunk may be stored now. */
export type Room =
  | { readonly kind: 'room' }
  /** `buffer.max_bytes` is reached and nothing that is left was delivered. */
  | { readonly kind: 'full'; readonly usedBytes: number }
  /** The disk has less than `buffer.min_free` left. */
  | { readonly kind: 'low_disk'; readonly freeBytes: number; readonly floorBytes: number }

/** Chunks removed in one transaction. */
const STEP_CHUNKS = 64
/** Free pages that the file keeps. */
const SPARE_BYTES = 4 * 2 ** 20
/**
 * Left free whatever the settings say: room for cursors to move and chunks to be removed. Without it an agent that filled the
 * disk itself could never say what was delivered, and so never remove it.
 */
const RESERVE_BYTES = 4 * 2 ** 20
/** The disk must have this much more than the floor before writing goes on: or it would stop and go all the time. */
const HYSTERESIS = 1.1

/**
 * Decides what leaves the buffer: what was delivered to everyone, oldest first, when it is too old or room is needed; what
 * was not delivered only where the policy says so.
 */
export class Retention {
  options: RetentionOptions
  readonly #deps: RetentionDeps
  #isLow = false

  constructor(options: RetentionOptions, deps: RetentionDeps) {
    this.options = options
    this.#deps = deps
  }

  /** Sees to it that `bytes` more fit, if that can be done without losing anything. @throws {StoreError} */
  makeRoom(bytes: number): Room {
    const { maxBytes, minFreeBytes } = this.options
    const { store } = this.#deps
    let usedBytes = store.usage().usedBytes
    while (usedBytes + bytes > maxBytes && this.removeSettled(STEP_CHUNKS).chunks > 0)
      usedBytes = store.usage().usedBytes
    if (usedBytes + bytes > maxBytes) return { kind: 'full', usedBytes }
    const keptBytes = Math.max(minFreeBytes, RESERVE_BYTES)
    const floorBytes = this.#isLow ? keptBytes * HYSTERESIS : keptBytes
    // Free pages inside the file are room too, and so is what was delivered. What the WAL holds is written once more.
    const free = (): number => {
      const usage = store.usage()
      return this.#deps.freeBytes() + usage.freeBytes - usage.pendingBytes - 2 * bytes
    }
    let freeBytes = free()
    while (freeBytes < floorBytes && this.removeSettled(STEP_CHUNKS).chunks > 0) freeBytes = free()
    this.#isLow = freeBytes < floorBytes
    return this.#isLow
      ? { kind: 'low_disk', freeBytes: this.#deps.freeBytes(), floorBytes: keptBytes }
      : { kind: 'room' }
  }

  /** Removes the oldest chunks that everyone has. @throws {StoreError} */
  removeSettled(limit: number): Removed {
    return this.#removeUpto(this.#deps.settledSeq(), { storedBeforeMs: Number.MAX_SAFE_INTEGER, limit })
  }

  /** Removes the oldest chunks, whoever has not had them. @throws {StoreError} */
  removeOldest(limit: number): Removed {
    return this.#removeUpto(Number.MAX_SAFE_INTEGER, { storedBeforeMs: Number.MAX_SAFE_INTEGER, limit })
  }

  #removeUpto(seq: number, { storedBeforeMs, limit }: { storedBeforeMs: number; limit: number }): Removed {
    const uptoSeq = Math.min(seq, Number.MAX_SAFE_INTEGER)
    return this.#deps.store.removeOldest({ uptoSeq, storedBeforeMs, limit })
  }

  /** The regular round: removes what is too old. @throws {StoreError} */
  tidy(nowMs: number): void {
    const { settledSeq, ballast } = this.#deps
    const storedBeforeMs = nowMs - this.options.maxAgeMs
    const seq = settledSeq()
    while (this.#removeUpto(seq, { storedBeforeMs, limit: STEP_CHUNKS }).chunks === STEP_CHUNKS);
    ballast.hold(this.options.minFreeBytes)
  }

  /** Gives a step of free pages back to the file system. For quiet moments: a busy buffer needs them again. @throws {StoreError} */
  giveBack(): void {
    const { store } = this.#deps
    if (store.usage().freeBytes <= SPARE_BYTES) return
    store.shrink()
    store.checkpointWal()
  }

  /**
   * The disk is full and SQLite refuses: without the ballast it cannot even delete. Gives the ballast back, removes what
   * was delivered, and lets the file shrink. Without anything delivered, outputs need the room to say that something is.
   * Never throws: it is tried again.
   */
  relieve(): void {
    const { store, ballast } = this.#deps
    try {
      ballast.release()
      // Copying the WAL back makes the file grow: not unless that is made up for.
      if (this.removeSettled(STEP_CHUNKS).chunks === 0) return
      store.checkpointWal()
      store.shrink()
    } catch {
      // Still no room. The commit that failed is tried again, and with it this.
    }
  }
}
