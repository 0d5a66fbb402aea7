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
import { compress } from './compress.ts'
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

/** Drafts that are compressed or wait for their turn: one is built while one is compressed and one is written. */
const MAX_PENDING = 2
const RETRY_MS = 250

/** Stores drafts in the order they were sealed, each with its checkpoints, and holds everything up while the store refuses. */
export class Committer {
  readonly #deps: CommitterDeps
  readonly #queue: Pending[] = []
  readonly #arrived = new Bell()
  readonly #moved = new Bell()
  /** Something changed that may make room. */
  readonly relief = new Bell()
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
    const body = draft.entries > 0 ? compress(text, encoding) : Promise.resolve(text)
    this.#queue.push({ draft, encoding, body, ...about })
    this.#arrived.ring()
  }

  /** Stores what comes until `signal` aborts and the queue is empty, or the store refuses after that. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const pending = this.#queue[0]
      if (!pending) {
        if (signal.aborted) return
        await this.#arrived.wait(60_000, signal)
        continue
      }
      const isStored = await this.#store(pending, await pending.body, signal)
      if (!isStored) return // Stopping, and the store refuses: the lines are still in their files.
      this.#queue.shift()
      this.#deps.recycle(pending.draft.text)
      this.#moved.ring()
    }
  }

  async #store(pending: Pending, body: Buffer, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps
    const chunk = pending.draft.entries > 0 ? chunkOf(pending, body) : undefined
    const { checkpoints, seenSources } = pending
    for (;;) {
      const beganMs = clock.monotonicMs()
      const nowMs = clock.nowMs()
      const refusal = this.#try({
        ...(chunk && { chunk }),
        checkpoints,
        seenSources,
        ledger: pending.draft.ledger,
        nowMs,
      })
      if (!refusal) {
        this.#setState({ kind: 'ok' })
        if (chunk) this.#deps.onCommit((clock.monotonicMs() - beganMs) / 1000)
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

  /** Stores a commit; says what is in the way otherwise. @throws {StoreError} `corrupt`: this file is lost. */
  #try(commit: Commit): { code: string; message: string } | undefined {
    const { store, retention } = this.#deps
    try {
      const room = commit.chunk ? retention.makeRoom(commit.chunk.body.length + 65_536) : { kind: 'room' as const }
      if (room.kind === 'low_disk') {
        const mib = (room.freeBytes / 2 ** 20).toFixed(1)
        return { code: 'low_disk', message: `the disk has ${mib} MiB left, less than buffer.min_free` }
      }
      if (room.kind === 'full' && retention.options.whenFull === 'block') {
        return { code: 'buffer_full', message: 'buffer.max_bytes is reached and the outputs are behind' }
      }
      if (room.kind === 'full' && retention.options.whenFull === 'drop_newest') {
        store.commit(withoutChunk(commit))
        return undefined
      }
      if (room.kind === 'full') this.#dropOldest(commit)
      store.commit(commit)
      return undefined
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
      if (error.code === 'full') retention.relieve()
      return { code: error.code, message: messageOf(error) }
    }
  }

  /** Makes room by force. The outputs see the gap in the numbers of entries, and count it as expired. */
  #dropOldest(commit: Commit): void {
    const { retention, log } = this.#deps
    while (retention.makeRoom((commit.chunk?.body.length ?? 0) + 65_536).kind === 'full') {
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

function chunkOf({ draft, encoding }: Pending, body: Buffer): SealedChunk {
  const { entries, minTimeMs, maxTimeMs, levelMask, header, text } = draft
  return { entries, minTimeMs, maxTimeMs, levelMask, header, rawBytes: text.length, encoding, body }
}

/** The same commit when there is no room for its entries: they count as dropped. */
function withoutChunk({ checkpoints, ledger, nowMs, seenSources }: Commit): Commit {
  const dropped = ledger.map((booking): LedgerBooking => {
    return booking.account === 'stored' ? { ...booking, account: 'dropped:buffer_full' } : booking
  })
  return { checkpoints, ledger: dropped, nowMs, ...(seenSources && { seenSources }) }
}
