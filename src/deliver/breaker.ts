/**
 * Tells poison from misconfiguration (promises row 64). A collector that refuses a few entries has met poison; one that refuses every entry of more
 * than three chunks in a row does not take our format, our path or our size, and emptying the queue into the dead letters would help nobody.
 *
 * So a chunk that was refused in all its parts is not settled at once: it is held, its dead letters unwritten, until a chunk after it is taken at least
 * in part. That proves the collector sound, and the held ones poison. With the fourth in a row the breaker trips: what is held is taken back
 * and will be sent again, and the forwarder goes slowly and asks for a person. Nothing of the first three is lost.
 *
 * The rule needs no clock and no memory but two numbers: a refusal of chunk `seq` counts only above `provenSeq`.
 */
const MOST_REFUSED_CHUNKS = 3

export class Breaker {
  /** The newest chunk of which anything was taken: refusals of the ones before it are the entries' own fault. */
  #provenSeq = 0
  #refused = new Set<number>()
  #isTripped = false

  /** While true, every refusal is an operator's fault. */
  get isTripped(): boolean {
    return this.#isTripped
  }

  /** Whether a chunk that was refused in all its parts may be settled as dead letters. */
  isProven(seq: number): boolean {
    return seq < this.#provenSeq
  }

  /** Something of chunk `seq` was taken. */
  taken(seq: number): void {
    this.#provenSeq = Math.max(this.#provenSeq, seq)
    for (const refused of this.#refused) if (refused < this.#provenSeq) this.#refused.delete(refused)
    this.#isTripped = false
  }

  /** Chunk `seq` was refused in all its parts. */
  refusedWhole(seq: number): void {
    if (this.isProven(seq)) return
    this.#refused.add(seq)
    this.#isTripped = this.#refused.size > MOST_REFUSED_CHUNKS
  }
}
