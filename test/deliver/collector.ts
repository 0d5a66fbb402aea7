import type { Batch, Destination, Verdict } from '../../src/deliver/verdict.ts'

export const ACCEPTED: Verdict = { kind: 'accepted', status: 200 }
export const RETRY: Verdict = { kind: 'retry', reason: 'http_503', status: 503 }
export const REFUSED: Verdict = { kind: 'refused', status: 400, answer: 'no' }

/** The entries of a batch that was sent as plain text. */
export const entriesOf = ({ body }: Batch): string[] => body.toString().split('\n').filter(Boolean)

/** A destination that a test speaks for. It remembers what it was sent and what it took, and that a key never named two different things. */
export class Collector implements Destination {
  readonly sent: string[] = []
  readonly taken: string[] = []
  readonly bytesOfKey = new Map<string, Buffer>()
  readonly broken: string[] = []
  inFlight = 0
  mostInFlight = 0
  isClosed = false
  answer: (batch: Batch, signal: AbortSignal) => Verdict | Promise<Verdict>

  constructor(answer: Collector['answer'] = () => ACCEPTED) {
    this.answer = answer
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Verdict> {
    const before = this.bytesOfKey.get(batch.key)
    if (before && !before.equals(batch.body)) this.broken.push(batch.key)
    this.bytesOfKey.set(batch.key, batch.body)
    this.sent.push(batch.key)
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    try {
      const verdict = await this.answer(batch, signal)
      if (verdict.kind === 'accepted') this.taken.push(...entriesOf(batch))
      return verdict
    } finally {
      this.inFlight--
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

/** Requests that stay open until the test answers them. */
export function openRequests() {
  const waiting: { key: string; answer: (verdict: Verdict) => void }[] = []
  return {
    waiting,
    answer: (batch: Batch, signal: AbortSignal) =>
      new Promise<Verdict>((resolve, reject) => {
        waiting.push({ key: batch.key, answer: resolve })
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  }
}
