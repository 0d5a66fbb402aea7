import type { StoredChunk } from '../store/chunk.ts'
import type { DeadLetter } from '../store/deliveries.ts'
import { bisect, type Part, type PartAnswer, type Split } from './bisect.ts'
import { ChunkText } from './chunk-text.ts'
import type { Batch } from './verdict.ts'
import { NONE_DEAD, type Outcome, type Taken } from './window.ts'

/**
 * One chunk on its way out: which part is to be sent next, and what has been said so far. A chunk is nearly always one part, itself, and then its
 * stored bytes go out untouched.
 *
 * `waiting`: a part is to be sent. `sending`: one is under way. `held`: all parts were refused and the breaker has not decided. `done`: has an outcome.
 */
export type DeliveryState = 'waiting' | 'sending' | 'held' | 'done'

export class Delivery implements Taken {
  readonly chunk: StoredChunk
  readonly bufferId: string
  readonly gap: number
  /** Sent to learn whether the destination takes anything at all; not part of the window. */
  readonly isScout: boolean
  state: DeliveryState = 'waiting'
  outcome: Outcome | undefined
  /** When all parts had been refused, ms on the monotonic clock. */
  heldMs = 0
  #steps: Generator<Part, Split, PartAnswer>
  #part: Part
  #split: Split | undefined
  #heldOutcome: Outcome | undefined
  #text: ChunkText | undefined
  /** Parts that were taken before a restart. */
  readonly #takenParts: Part[] = []
  #isStale = false

  constructor(chunk: StoredChunk, options: { bufferId: string; gap: number; isScout?: boolean }) {
    this.chunk = chunk
    this.bufferId = options.bufferId
    this.gap = options.gap
    this.isScout = options.isScout ?? false
    this.#steps = bisect(chunk.entries)
    this.#part = { from: 0, to: chunk.entries }
    this.#begin()
  }

  get seq(): number {
    return this.chunk.seq
  }

  get entries(): number {
    return this.chunk.entries
  }

  /**
   * What to send now. Parts of more than `limitBytes` of text are halved without being sent, single entries excepted; what was taken before a restart is
   * not sent again. @throws {DamagedChunk}
   */
  async batch(limitBytes: number): Promise<Batch> {
    for (;;) {
      if (this.#takenParts.some((taken) => contains(taken, this.#part))) this.#advance({ kind: 'accepted' })
      else if (await this.#mustHalve(limitBytes)) this.#advance({ kind: 'too_large', status: 413, answer: '' })
      else break
    }
    const { encoding, body } = this.chunk
    if (this.#isWhole()) return { key: this.#key(), entries: this.entries, encoding, body }
    const { from, to } = this.#part
    return { key: this.#key(), entries: to - from, encoding: 'identity', body: (await this.#open()).slice(this.#part) }
  }

  /** Size of the present part's text. @throws {DamagedChunk} */
  async partBytes(): Promise<number> {
    return this.#isWhole() ? this.chunk.rawBytes : (await this.#open()).slice(this.#part).length
  }

  get partEntries(): number {
    return this.#part.to - this.#part.from
  }

  /** Takes the answer to the present part. Returns how the chunk's entries fared once all is known. @throws {DamagedChunk} */
  async answer(output: string, answer: PartAnswer): Promise<Outcome | undefined> {
    if (answer.kind === 'accepted' && !this.#isWhole()) this.#takenParts.push(this.#part)
    if (this.#isStale && !(answer.kind === 'accepted' && this.#isWhole())) {
      this.#begin()
      return undefined
    }
    this.#advance(answer)
    if (this.#split === undefined) return undefined
    const { delivered, culprits } = this.#split
    const dead = { ...NONE_DEAD }
    const deadLetters: DeadLetter[] = []
    for (const { index, why, status, answer } of culprits) {
      dead[why]++
      const key = this.#keyOf({ from: index, to: index + 1 })
      deadLetters.push({ output, key, entry: (await this.#open()).entry(index), status, answer })
    }
    return { delivered, dead, deadLetters }
  }

  /** Keeps the outcome back until the breaker has decided. */
  hold(outcome: Outcome, nowMs: number): void {
    this.state = 'held'
    this.#heldOutcome = outcome
    this.heldMs = nowMs
  }

  /** Lets a held outcome stand. */
  release(): void {
    if (this.#heldOutcome !== undefined) this.finish(this.#heldOutcome)
  }

  finish(outcome: Outcome): void {
    this.outcome = outcome
    this.state = 'done'
    this.#text = undefined
  }

  /** Forgets all refusals, to ask again; after the answer that is under way, when one is. What was taken stays taken. */
  restart(): void {
    if (this.state === 'sending') this.#isStale = true
    else if (this.state !== 'done') this.#begin()
  }

  /** The request came to nothing; the same part is to be sent once more. */
  again(): void {
    this.state = 'waiting'
    if (this.#isStale) this.#begin()
  }

  #begin(): void {
    this.state = 'waiting'
    this.#isStale = false
    this.#split = undefined
    this.#heldOutcome = undefined
    this.#steps = bisect(this.entries)
    const first = this.#steps.next()
    if (!first.done) this.#part = first.value
  }

  async #mustHalve(limitBytes: number): Promise<boolean> {
    if (this.partEntries === 1) return false
    return this.#takenParts.some((taken) => contains(this.#part, taken)) || (await this.partBytes()) > limitBytes
  }

  #advance(answer: PartAnswer): void {
    const next = this.#steps.next(answer)
    if (next.done) this.#split = next.value
    else this.#part = next.value
  }

  #isWhole(): boolean {
    return this.partEntries === this.entries
  }

  #key(): string {
    return this.#keyOf(this.#part)
  }

  #keyOf({ from, to }: Part): string {
    const chunk = `${this.bufferId}/${this.seq}`
    return to - from === this.entries ? chunk : `${chunk}/${from}-${to}`
  }

  async #open(): Promise<ChunkText> {
    this.#text ??= await ChunkText.open(this.chunk)
    return this.#text
  }
}

function contains(outer: Part, inner: Part): boolean {
  return outer.from <= inner.from && inner.to <= outer.to
}
