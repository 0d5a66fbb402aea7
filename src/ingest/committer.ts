import { messageOf } from '../errors.ts'
import type { NdjsonBuffer } from '../parse/line.ts'
import { Bell } from '../run/bell.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Checkpoint } from '../store/checkpoint.ts'
import type { ChunkEncoding, SealedChunk } from '../store/chunk.ts'
import type { ChunkStore, Commit } from '../store/chunk-store.ts'
import type { LedgerBooking } from '../store/ledger.ts'
import { StoreError } from '../store/sqlite.ts'
import type { Draft } from './chunker.ts'
import { Compression } from './compress.ts'
import type { Retention } from './retention.ts'

/** A draft with the checkpoints it makes true. */
interface Pending {
  readonly draft: Draft
  readonly checkpoints: readonly Checkpoint[]
  readonly seenSources: readonly string[]
  readonly encoding: ChunkEncoding
  readonly body: Promise<Buffer>
}

export type StoreState =
  | { readonly kind: 'ok' }
  /** Nothing is read until this is over. `code`: buffer_full, low_disk, or the store's own. */
  | { readonly kind: 'blocked'; readonly code: string; readonly message: string; readonly sinceMs: number }

export interface CommitterDeps {
  readonly store: ChunkStore
  readonly retention: Retention
  readonly clock: Clock
  readonly log: Log
  /** The text of a draft is not needed any more. */
  readonly recycle: (text: NdjsonBuffer) => void
  /** A chunk is stored. */
  readonly onCommit: (seconds: number) => void
}

/**
 * Chunks of a backlog are stored some at a time: one sync of the disk for four of them. The sync is 1–3 ms in which this
 * thread does nothing else: a fifth of its time when every chunk had its own.
 */
const MAX_GROUP = 4
/** Drafts that are compressed or wait for their turn: one more is built meanwhile. */
const MAX_PENDING = MAX_GROUP + 1
/** How long full drafts wait for company, ms. One that is not full is the end of the backlog, and waits for nobody. */
const GATHER_MS = 50
const RETRY_MS = 250
/** What a chunk takes beside its body: header, checkpoints, the rest of a page. */
const CHUNK_OVERHEAD_BYTES = 65_536

/** Stores drafts in the order they were sealed, each with its checkpoints, and holds everything up while the store refuses. */
export class Committer {
  readonly #deps: CommitterDeps
  readonly #queue: Pending[] = []
  readonly #arrived = new Bell()
  readonly #moved = new Bell()
  /** Something changed that may make room. */
  readonly relief = new Bell()
  readonly #compression = new Compression()
  state: StoreState = { kind: 'ok' }

  constructor(deps: CommitterDeps) {
    this.#deps = deps
  }

  get hasRoom(): boolean {
    return this.#queue.length < MAX_PENDING
  }

  /** Resolves when the queue moved, or after `timeoutMs`. */
  moved(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#moved.wait(timeoutMs, signal)
  }

  push(
    draft: Draft,
    encoding: ChunkEncoding,
    about: { checkpoints: readonly Checkpoint[]; seenSources: readonly string[] },
  ): void {
    const text = draft.text.bytes.subarray(0, draft.text.length)
    const body = draft.entries > 0 ? this.#compression.compress(text, encoding) : Promise.resolve(text)
    this.#queue.push({ draft, encoding, body, ...about })
    this.#arrived.ring()
  }

  /** Stores what comes until `signal` aborts and the queue is empty, or the store refuses after that. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const group = await this.#gather(signal)
      if (group.length === 0) return
      const isStored = await this.#store(await Promise.all(group.map(sealed)), signal)
      if (!isStored) return // Stopping, and the store refuses: the lines are still in their files.
      this.#queue.splice(0, group.length)
      for (const { draft } of group) this.#deps.recycle(draft.text)
      this.#moved.ring()
    }
  }

  /** The drafts to store next; none when `signal` aborted and there are none left. */
  async #gather(signal: AbortSignal): Promise<Pending[]> {
    const { clock } = this.#deps
    while (this.#queue.length === 0 && !signal.aborted) await this.#arrived.wait(60_000, signal)
    const endMs = clock.monotonicMs() + GATHER_MS
    while (this.#queue.length < MAX_GROUP && this.#queue.every(({ draft }) => draft.isFull) && !signal.aborted) {
      const leftMs = endMs - clock.monotonicMs()
      if (leftMs <= 0 || this.#queue.length === 0) break
      await this.#arrived.wait(leftMs, signal)
    }
    return this.#queue.slice(0, MAX_GROUP)
  }

  async #store(group: readonly Sealed[], signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps
    for (;;) {
      const beganMs = clock.monotonicMs()
      const nowMs = clock.nowMs()
      const refusal = this.#try(group.map((one) => ({ ...one, nowMs })))
      if (!refusal) {
        this.#setState({ kind: 'ok' })
        if (group.some(({ chunk }) => chunk)) this.#deps.onCommit((clock.monotonicMs() - beganMs) / 1000)
        return true
      }
      this.#setState({
        kind: 'blocked',
        ...refusal,
        sinceMs: this.state.kind === 'blocked' ? this.state.sinceMs : nowMs,
      })
      if (signal.aborted) return false
      await this.relief.wait(RETRY_MS, signal)
    }
  }

  /** Stores commits, all or none; says what is in the way otherwise. @throws {StoreError} `corrupt`: this file is lost. */
  #try(commits: readonly Commit[]): { code: string; message: string } | undefined {
    const { store, retention } = this.#deps
    const bytes = commits.reduce((sum, { chunk }) => sum + (chunk ? chunk.body.length + CHUNK_OVERHEAD_BYTES : 0), 0)
    try {
      const room = bytes > 0 ? retention.makeRoom(bytes) : { kind: 'room' as const }
      if (room.kind === 'low_disk') {
        const { freeBytes, floorBytes } = room
        return {
          code: 'low_disk',
          message: `the disk has ${mib(freeBytes)} left, and ${mib(floorBytes)} are to be left free (buffer.min_free)`,
        }
      }
      if (room.kind === 'full' && retention.options.whenFull === 'block') {
        return { code: 'buffer_full', message: 'buffer.max_bytes is reached and the outputs are behind' }
      }
      if (room.kind === 'full' && retention.options.whenFull === 'drop_newest') {
        store.commitAll(commits.map(withoutChunk))
        return undefined
      }
      if (room.kind === 'full') this.#dropOldest(bytes)
      store.commitAll(commits)
      return undefined
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
      if (error.code === 'full') retention.relieve()
      return { code: error.code, message: messageOf(error) }
    }
  }

  /** Makes room by force. The outputs see the gap in the numbers of entries, and count it as expired. */
  #dropOldest(bytes: number): void {
    const { retention, log } = this.#deps
    while (retention.makeRoom(bytes).kind === 'full') {
      const removed = retention.removeOldest(1)
      if (removed.chunks === 0) return
      log.warn('Removed entries before they were delivered: buffer.max_bytes is reached', { entries: removed.entries })
    }
  }

  #setState(state: StoreState): void {
    const { log } = this.#deps
    if (state.kind === 'blocked' && (this.state.kind === 'ok' || this.state.code !== state.code)) {
      log.error('Cannot store entries; reading stops until this is over, nothing is lost', {
        code: state.code,
        reason: state.message,
      })
    }
    if (state.kind === 'ok' && this.state.kind === 'blocked') log.info('Entries can be stored again')
    this.state = state
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** A commit but for its time. */
type Sealed = Omit<Commit, 'nowMs'>

async function sealed({ draft, encoding, body, checkpoints, seenSources }: Pending): Promise<Sealed> {
  const { entries, minTimeMs, maxTimeMs, levelMask, header, text, ledger } = draft
  const rawBytes = text.length
  if (entries === 0) return { checkpoints, seenSources, ledger }
  const chunk: SealedChunk = { entries, minTimeMs, maxTimeMs, levelMask, header, rawBytes, encoding, body: await body }
  return { chunk, checkpoints, seenSources, ledger }
}

/** The same commit when there is no room for its entries: they count as dropped. */
function withoutChunk({ checkpoints, ledger, nowMs, seenSources }: Commit): Commit {
  const dropped = ledger.map((booking): LedgerBooking => {
    return booking.account === 'stored' ? { ...booking, account: 'dropped:buffer_full' } : booking
  })
  return { checkpoints, ledger: dropped, nowMs, ...(seenSources && { seenSources }) }
}
