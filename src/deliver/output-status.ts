import type { CircuitState } from './circuit.ts'
import type { Verdict } from './verdict.ts'
import type { DeadCounts, DeadReason } from './window.ts'

/** Upper bounds in seconds of the request histogram; one more bucket counts the rest. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** Counts since the process started; they only grow. */
export interface OutputCounters {
  /** Requests by status code, or by the reason why there was none; `ok` for destinations without codes. */
  readonly requests: Readonly<Record<string, number>>
  readonly retries: Readonly<Record<string, number>>
  readonly deliveredEntries: number
  readonly deadEntries: DeadCounts
  readonly expiredEntries: number
  /** Bytes of bodies that were accepted, as they are stored. */
  readonly sentBytes: number
  readonly storeFailures: number
  /** `counts[i]`: at most `LATENCY_BUCKETS[i]` seconds and more than the bucket before. */
  readonly latency: { readonly counts: readonly number[]; readonly sumSeconds: number }
}

/** An output as /health and /metrics see it. */
export interface OutputStatus {
  readonly name: string
  readonly waitingEntries: number
  /** At most; chunks that were removed from the buffer count too. */
  readonly waitingChunks: number
  /** Age of the oldest chunk that waits; 0 when none does. */
  readonly oldestWaitingMs: number
  readonly inFlight: number
  readonly circuit: CircuitState
  /** A person must act: URL, token, certificate, or a collector that refuses everything. */
  readonly isOperatorFault: boolean
  readonly lastAnswer?: { readonly atMs: number; readonly status?: number; readonly text: string }
  /** Wall time, ms. */
  readonly lastSuccessMs?: number
  readonly counters: OutputCounters
}

type Grown<T> = { -readonly [K in keyof T]: T[K] }

/** Keeps the counts. */
export class Tally {
  readonly #requests: Record<string, number> = {}
  readonly #retries: Record<string, number> = {}
  readonly #dead: Record<DeadReason, number> = { refused: 0, too_large: 0, corrupt: 0 }
  readonly #latency: number[] = new Array(LATENCY_BUCKETS.length + 1).fill(0)
  #latencySum = 0
  #delivered = 0
  #expired = 0
  #sentBytes = 0
  #storeFailures = 0
  #lastAnswer: Grown<NonNullable<OutputStatus['lastAnswer']>> | undefined
  #lastSuccessMs: number | undefined

  answered(verdict: Verdict, request: { bytes: number; tookMs: number; atMs: number }): void {
    const { bytes, tookMs, atMs } = request
    const code = String(verdict.status ?? (verdict.kind === 'retry' ? verdict.reason : 'ok'))
    this.#requests[code] = (this.#requests[code] ?? 0) + 1
    const seconds = tookMs / 1000
    const bucket = LATENCY_BUCKETS.findIndex((bound) => seconds <= bound)
    const index = bucket === -1 ? LATENCY_BUCKETS.length : bucket
    this.#latency[index] = (this.#latency[index] ?? 0) + 1
    this.#latencySum += seconds
    this.#lastAnswer = { atMs, text: textOf(verdict), ...(verdict.status !== undefined && { status: verdict.status }) }
    if (verdict.kind === 'retry') this.#retries[verdict.reason] = (this.#retries[verdict.reason] ?? 0) + 1
    if (verdict.kind !== 'accepted') return
    this.#sentBytes += bytes
    this.#lastSuccessMs = atMs
  }

  settled({ delivered, dead, expired }: { delivered: number; dead: DeadCounts; expired: number }): void {
    this.#delivered += delivered
    this.#expired += expired
    this.#dead.refused += dead.refused
    this.#dead.too_large += dead.too_large
    this.#dead.corrupt += dead.corrupt
  }

  storeFailed(): void {
    this.#storeFailures++
  }

  snapshot(): Pick<OutputStatus, 'lastAnswer' | 'lastSuccessMs' | 'counters'> {
    return {
      counters: {
        requests: { ...this.#requests },
        retries: { ...this.#retries },
        deliveredEntries: this.#delivered,
        deadEntries: { ...this.#dead },
        expiredEntries: this.#expired,
        sentBytes: this.#sentBytes,
        storeFailures: this.#storeFailures,
        latency: { counts: [...this.#latency], sumSeconds: this.#latencySum },
      },
      ...(this.#lastAnswer !== undefined && { lastAnswer: this.#lastAnswer }),
      ...(this.#lastSuccessMs !== undefined && { lastSuccessMs: this.#lastSuccessMs }),
    }
  }
}

const TEXT_CHARS = 300

function textOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'accepted':
      return 'accepted'
    case 'retry':
      return `${verdict.reason}: ${verdict.detail ?? ''}`.slice(0, TEXT_CHARS)
    case 'too_large':
    case 'refused':
      return `${verdict.kind}: ${verdict.answer ?? ''}`.slice(0, TEXT_CHARS)
  }
}
