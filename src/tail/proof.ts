import type { Checkpoint } from '../store/checkpoint.ts'
import { HEAD_BYTES, hashOf, holdsTail, readAt, TAIL_BYTES } from './fingerprint.ts'

/** The part of a checkpoint that proves by content how far a file was read. */
export type ProofFields = Pick<Checkpoint, 'headBytes' | 'headHash' | 'tailBytes' | 'tailHash'>

/** What is known of a file nothing was read of. */
export const NOTHING_READ: ProofFields = {
  headBytes: 0,
  headHash: hashOf(new Uint8Array()),
  tailBytes: 0,
  tailHash: '',
}

/**
 * What proves, at every read, that a file still is what was read of it: the bytes before the offset. Of a short file that is
 * all of them, by their hash, so that one read both proves the head and lets it grow; of a longer one the last 64.
 */
export class Proof {
  #headBytes: number
  #headHash: string
  #tailBytes: number
  #tailHash: string

  constructor({ headBytes, headHash, tailBytes, tailHash }: ProofFields) {
    this.#headBytes = headBytes
    this.#headHash = headHash
    this.#tailBytes = tailBytes
    this.#tailHash = tailHash
  }

  /** How many bytes before `offset` are to be read with what follows it. */
  overlapBytes(offset: number): number {
    return offset <= HEAD_BYTES ? offset : Math.max(this.#tailBytes, 1)
  }

  /** Whether the first `overlapBytes` of `bytes`, which end at `offset`, are what was read there. */
  holds(bytes: Buffer, overlapBytes: number, offset: number): boolean {
    if (overlapBytes === 0) return true
    const before = bytes.subarray(0, overlapBytes)
    if (offset <= HEAD_BYTES && this.#headBytes === offset) return hashOf(before) === this.#headHash
    return holdsTail(before, this.fields())
  }

  /** Whether the bytes before `offset` of an open file are what was read there. */
  holdsIn(fd: number, offset: number): boolean {
    return holdsTail(readAt(fd, offset - this.#tailBytes, this.#tailBytes), this.fields())
  }

  /** The offset moves from `offset` to the byte at `to` in `bytes`, whose first `overlapBytes` lie before it. */
  advance(bytes: Buffer, overlapBytes: number, { offset, to }: { offset: number; to: number }): void {
    if (this.#headBytes < HEAD_BYTES && offset <= HEAD_BYTES) {
      this.#headBytes = Math.min(HEAD_BYTES, offset + to - overlapBytes)
      this.#headHash = hashOf(bytes.subarray(0, this.#headBytes))
    }
    this.#tailBytes = Math.min(TAIL_BYTES, to)
    this.#tailHash = hashOf(bytes.subarray(to - this.#tailBytes, to))
  }

  fields(): ProofFields {
    return {
      headBytes: this.#headBytes,
      headHash: this.#headHash,
      tailBytes: this.#tailBytes,
      tailHash: this.#tailHash,
    }
  }
}

/** What proves that an open file was read up to `offset`. */
export function proofAt(fd: number, offset: number): ProofFields {
  const headBytes = Math.min(HEAD_BYTES, offset)
  const tailBytes = Math.min(TAIL_BYTES, offset)
  const tailHash = hashOf(readAt(fd, offset - tailBytes, tailBytes))
  return { headBytes, headHash: hashOf(readAt(fd, 0, headBytes)), tailBytes, tailHash }
}
