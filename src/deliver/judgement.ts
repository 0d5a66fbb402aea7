import { unreachable } from '../errors.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { PartAnswer } from './bisect.ts'
import { Breaker } from './breaker.ts'
import { Circuit, type CircuitOptions } from './circuit.ts'
import type { Delivery } from './delivery.ts'
import type { Verdict } from './verdict.ts'
import type { Outcome } from './window.ts'

/** What an answer changes: the delivery it belongs to, the circuit, the breaker, and the size of the batches to come. */

export interface JudgementDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

interface Answered {
  readonly delivery: Delivery
  readonly verdict: Verdict
  /** The circuit's period that the request was started in. */
  readonly period: number
}

type Refusal = Extract<Verdict, { kind: 'refused' | 'too_large' }>
type Retry = Extract<Verdict, { kind: 'retry' }>

/** A learned limit does not fall below this: one odd 413 must not make every entry a request of its own for the life of the process. */
const LOWEST_LIMIT_BYTES = 16 * 1024

export class Judgement {
  readonly circuit: Circuit
  breaker = new Breaker()
  /** Chunks with more text than this were called too large. */
  limitBytes = Number.POSITIVE_INFINITY
  /** The newest chunk, when it was taken ahead of the window while the breaker was tripped; it need not be sent again. */
  takenAheadSeq: number | undefined
  readonly #name: string
  readonly #deps: JudgementDeps

  constructor(options: CircuitOptions & { readonly name: string }, deps: JudgementDeps) {
    this.circuit = new Circuit(options)
    this.#name = options.name
    this.#deps = deps
  }

  /** Another buffer, other numbers: what was learned of chunks by their seq means nothing there. */
  forgetChunks(): void {
    this.breaker = new Breaker()
    this.takenAheadSeq = undefined
  }

  /** Rejects with DamagedChunk when the chunk turns out to be. */
  async apply(answered: Answered, window: readonly Delivery[]): Promise<void> {
    const { delivery, verdict, period } = answered
    switch (verdict.kind) {
      case 'retry':
        delivery.again()
        return this.failed(period, verdict)
      case 'accepted':
        // What was refused while everything was refused proves nothing against the entries.
        if (this.breaker.isTripped) for (const each of window) each.restart()
        this.breaker.taken(delivery.seq)
        this.#answered(period)
        if (delivery.isScout) this.takenAheadSeq = delivery.seq
        return this.#next(answered, { kind: 'accepted' }, window)
      case 'too_large':
      case 'refused':
        if (this.breaker.isTripped) this.#refusesAll(period, verdict)
        else this.#answered(period)
        if (delivery.isScout) return
        await this.#learnLimit(delivery, verdict)
        return this.#next(answered, partAnswer(verdict), window)
      default:
        return unreachable(verdict)
    }
  }

  /** The request must be repeated. */
  failed(period: number, { reason, status, detail, afterMs, isOperatorFault }: Retry): void {
    const wasClosed = this.circuit.state === 'closed'
    const { clock, random, log } = this.#deps
    this.circuit.failed(period, { nowMs: clock.monotonicMs(), random: random(), afterMs, isOperatorFault })
    if (wasClosed)
      log.warn('Cannot deliver, trying again', { output: this.#name, reason, status, detail, isOperatorFault })
  }

  #answered(period: number): void {
    if (this.circuit.answered(period)) this.#deps.log.info('Delivers again', { output: this.#name })
  }

  async #next({ delivery, period }: Answered, answer: PartAnswer, window: readonly Delivery[]): Promise<void> {
    const outcome = await delivery.answer(this.#name, answer)
    if (outcome === undefined) delivery.state = 'waiting'
    else if (outcome.delivered > 0) delivery.finish(outcome)
    else this.#refusedWhole(delivery, { outcome, period, window })
  }

  /** See Breaker. */
  #refusedWhole(
    delivery: Delivery,
    { outcome, period, window }: { outcome: Outcome; period: number; window: readonly Delivery[] },
  ): void {
    const wasTripped = this.breaker.isTripped
    this.breaker.refusedWhole(delivery.seq)
    if (this.breaker.isProven(delivery.seq)) {
      delivery.finish(outcome)
      return
    }
    delivery.hold(outcome, this.#deps.clock.monotonicMs())
    if (!this.breaker.isTripped) return
    for (const held of window) if (held.state === 'held') held.restart()
    // What looked like a limit was part of the same refusal.
    this.limitBytes = Number.POSITIVE_INFINITY
    if (wasTripped) return
    const last = outcome.deadLetters.at(-1)
    this.#refusesAll(period, { kind: 'refused', status: last?.status ?? 0, answer: last?.answer ?? '' })
  }

  #refusesAll(period: number, { status, answer }: Refusal): void {
    const retry: Retry = { kind: 'retry', reason: 'refuses_all', isOperatorFault: true, detail: answer ?? '' }
    this.failed(period, { ...retry, ...(status !== undefined && { status }) })
  }

  async #learnLimit(delivery: Delivery, { kind }: Refusal): Promise<void> {
    if (kind !== 'too_large' || delivery.partEntries === 1) return
    const halfBytes = Math.floor((await delivery.partBytes()) / 2)
    this.limitBytes = Math.min(this.limitBytes, Math.max(LOWEST_LIMIT_BYTES, halfBytes))
  }
}

/** `status` is there for every refusal over HTTP; 413 is what a size refusal without one means. */
function partAnswer(verdict: Refusal): PartAnswer {
  return { kind: verdict.kind, status: verdict.status ?? 413, answer: verdict.answer ?? '' }
}
