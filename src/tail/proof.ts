import type { Checkpoint } from '../store/checkpoint.ts'
import { HEAD_BYTES, hashHead, readAt, TAIL_BYTES } from './fingerprint.ts'

/** The part of a checkpoint that proves by content how far a file was read. */
export type ProofFields = Pick<Checkpoint, 'headBytes' | 'headHash' | 'tail'>

/**
 * What proves, at every read, that a file still is what was read of it: the bytes before the offset. Of a short file that is
 * all of them, by their hash, so that one read both proves the head and lets it grow; of a longer one the last 64.
 */
export class Proof {
  #headBytes: number
  #headHash: string
  readonly #tail = Buffer.alloc(TAIL_BYTES)
  #tailBytes: number

  constructor({ headBytes, headHash, tail }: ProofFields) {
    this.#headBytes = headBytes
    this.#headHash = headHash
    this.#tailBytes = tail.copy(this.#tail)
  }

  /** How many bytes before `offset` are to be read with what follows it. */
  overlapBytes(offset: number): number {
    return offset <= HEAD_BYTES ? offset : this.#tailBytes
  }

  /** Whether the first `overlapBytes` of `bytes`, which end at `offset`, are what was read there. */
  holds(bytes: Buffer, overlapBytes: number, offset: number): boolean {
    if (overlapBytes === 0) return true
    if (offset <= HEAD_BYTES && this.#headBytes === offset) {
      return hashHead(bytes.subarray(0, overlapBytes)) === this.#headHash
    }
    return bytes.subarray(overlapBytes - this.#tailBytes, overlapBytes).equals(this.#known)
  }

  /** Whether the bytes before `offset` of an open file are what was read there. */
  holdsIn(fd: number, offset: number): boolean {
    return readAt(fd, offset - this.#tailBytes, this.#tailBytes).equals(this.#known)
  }

  /** The offset moves from `offset` to the byte at `to` in `bytes`, whose first `overlapBytes` lie before it. */
  advance(bytes: Buffer, overlapBytes: number, { offset, to }: { offset: number; to: number }): void {
    if (this.#headBytes < HEAD_BYTES && offset <= HEAD_BYTES) {
      this.#headBytes = Math.min(HEAD_BYTES, offset + to - overlapBytes)
      this.#headHash = hashHead(bytes.subarray(0, this.#headBytes))
    }
    this.#tailBytes = Math.min(TAIL_BYTES, to)
    bytes.copy(this.#tail, 0, to - this.#tailBytes, to)
  }

  /** The last byte before the offset; undefined at the beginning. */
  get lastByte(): number | undefined {
    return this.#tailBytes > 0 ? this.#tail[this.#tailBytes - 1] : undefined
  }

  fields(): ProofFields {
    return { headBytes: this.#headBytes, headHash: this.#headHash, tail: Buffer.from(this.#known) }
  }

  get #known(): Buffer {
    return this.#tail.subarray(0, this.#tailBytes)
  }
}

/** What proves that an open file was read up to `offset`. */
export function proofAt(fd: number, offset: number): ProofFields {
  const headBytes = Math.min(HEAD_BYTES, offset)
  const tailBytes = Math.min(TAIL_BYTES, offset)
  return { headBytes, headHash: hashHead(readAt(fd, 0, headBytes)), tail: readAt(fd, offset - tailBytes, tailBytes) }
}
