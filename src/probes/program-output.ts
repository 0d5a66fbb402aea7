import type { Readable } from 'node:stream'

/** Kept of each stream; the rest is read and forgotten, so that a program that says much is not held up. */
const MAX_KEPT_BYTES = 64 * 1024
/** A program that says more than this, on both streams together, has gone wrong. */
const MAX_SEEN_BYTES = 1024 * 1024

/** The beginning of what a program says. */
export class ProgramOutput {
  readonly #kept = { stdout: new Head(), stderr: new Head() }
  #seenBytes = 0

  /** `onFlood` is called once it says too much. */
  constructor({ stdout, stderr }: { stdout: Readable; stderr: Readable }, onFlood: () => void) {
    for (const [stream, head] of [
      [stdout, this.#kept.stdout],
      [stderr, this.#kept.stderr],
    ] as const) {
      stream.on('data', (chunk: Buffer) => {
        this.#seenBytes += chunk.length
        if (this.#seenBytes > MAX_SEEN_BYTES) onFlood()
        else head.add(chunk)
      })
      // A pipe that breaks has ended: what it brought until then is what there is.
      stream.on('error', () => {})
    }
  }

  get stdout(): string {
    return this.#kept.stdout.text
  }

  get stderr(): string {
    return this.#kept.stderr.text
  }
}

class Head {
  readonly #chunks: Buffer[] = []
  #bytes = 0

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }

  add(chunk: Buffer): void {
    const part = chunk.subarray(0, MAX_KEPT_BYTES - this.#bytes)
    if (part.length === 0) return
    // A copy: a chunk may be a small part of a large buffer, which would be kept with it.
    this.#chunks.push(Buffer.from(part))
    this.#bytes += part.length
  }
}
