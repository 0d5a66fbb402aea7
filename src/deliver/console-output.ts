import type { Writable } from 'node:stream'
import { messageOf } from '../errors.ts'
import { decode } from './codec.ts'
import type { Batch, Destination, Verdict } from './verdict.ts'

/** NDJSON on a stream that someone else owns, usually standard output. A slow reader slows the output, and nothing else. */
export class ConsoleOutput implements Destination {
  readonly #stream: Writable
  /** A stream without a listener for its errors would end the process. */
  readonly #ignore = (): void => {}

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', this.#ignore)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Verdict> {
    const text = await decode(batch.body, batch.encoding)
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stream.write(text, (error) => {
        signal.removeEventListener('abort', onAbort)
        // A closed pipe does not open again by itself.
        if (error) resolve({ kind: 'retry', reason: 'io', detail: messageOf(error), isOperatorFault: true })
        else resolve({ kind: 'accepted' })
      })
    })
  }

  async close(): Promise<void> {
    this.#stream.off('error', this.#ignore)
  }
}
