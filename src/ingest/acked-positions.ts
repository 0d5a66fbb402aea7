import { type Acked, loadAcked, saveAcked } from '../store/acked-file.ts'
import type { Checkpoint } from '../store/checkpoint.ts'
import type { ChunkStore } from '../store/chunk-store.ts'

/**
 * Follows what the outputs have acknowledged and keeps it in the side file. A chunk carries the positions it moved; folding
 * those of all chunks up to the settled one gives how far each file is safe.
 */
export class AckedPositions {
  readonly #dataDir: string
  readonly #store: ChunkStore
  readonly #offsets = new Map<number, number>()
  #seq = 0

  constructor(dataDir: string, store: ChunkStore) {
    this.#dataDir = dataDir
    this.#store = store
    const acked: Acked | undefined = loadAcked(dataDir)
    // The numbers of another buffer (a rebuilt one) mean nothing here; how far its files were safe still does.
    if (acked?.bufferId === store.id) this.#seq = acked.seq
    const known = new Map(store.checkpoints().map((c) => [c.fileId, c]))
    for (const c of acked?.checkpoints ?? []) {
      const now = known.get(c.fileId)
      if (now && isSameText(c, now)) this.#offsets.set(c.fileId, Math.min(c.offset, now.offset))
    }
  }

  /** The seq up to which chunks were folded in; they may be removed only after that. */
  get seq(): number {
    return this.#seq
  }

  /** Folds in chunks up to `settledSeq`. @throws {StoreError} */
  follow(settledSeq: number): boolean {
    const uptoSeq = Math.min(settledSeq, this.#store.lastSeq())
    if (uptoSeq <= this.#seq) return false
    for (const [fileId, offset] of this.#store.positionsBetween(this.#seq, uptoSeq)) this.#offsets.set(fileId, offset)
    this.#seq = uptoSeq
    return true
  }

  /** Writes the side file. @throws system errors */
  save(checkpoints: readonly Checkpoint[]): void {
    // With nothing under way, all that was read is safe, entries or not: that is where `start_at: end` began, too.
    if (this.#seq === this.#store.lastSeq()) for (const c of checkpoints) this.#offsets.set(c.fileId, c.offset)
    const acked = checkpoints.flatMap((c) => {
      const offset = this.#offsets.get(c.fileId)
      if (offset === undefined) return []
      // What came to its end was read to its end, but not all of it is safe: it must be looked for once more.
      const state = c.state === 'gone' && offset < c.offset ? 'rotated' : c.state
      return [{ ...c, offset, state }]
    })
    saveAcked(this.#dataDir, { bufferId: this.#store.id, seq: this.#seq, checkpoints: acked })
  }
}

/** File ids are given out again when their files are long gone. */
function isSameText(a: Checkpoint, b: Checkpoint): boolean {
  return a.ino === b.ino && a.birthNs === b.birthNs
}
