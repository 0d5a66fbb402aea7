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
    if (acked?.bufferId !== store.id) return
    this.#seq = acked.seq
    for (const c of acked.checkpoints) this.#offsets.set(c.fileId, c.offset)
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
    const acked = checkpoints.flatMap((c) => {
      const offset = this.#offsets.get(c.fileId)
      return offset === undefined ? [] : [{ ...c, offset }]
    })
    saveAcked(this.#dataDir, { bufferId: this.#store.id, seq: this.#seq, checkpoints: acked })
  }
}
