import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import { HEAD_BYTES, hashOf, holdsTail, TAIL_BYTES } from './fingerprint.ts'
import type { LineSink } from './line-sink.ts'
import { type LineSplitter, skipNuls, sniffEncoding } from './line-splitter.ts'
import type { FileOptions } from './tailed-file.ts'

/**
 * The text inside a rotated, compressed file, read on from where its plain form was left. Offsets count uncompressed bytes,
 * so a checkpoint of the plain file holds for it. The text before the offset is unpacked and thrown away, but for the bytes
 * that prove it is the same text.
 */
export class GzipText {
  readonly fileId: number
  /** Of the compressed file. */
  readonly path: string
  /** Of the plain file it was, in whose folder it is searched for. */
  readonly #plainPath: string
  readonly identity: FileIdentity
  readonly mtimeMs: number
  offset: number
  readonly #options: FileOptions
  readonly #sink: LineSink
  readonly #text: AsyncIterator<Buffer>
  readonly #stop: () => void
  /** Uncompressed bytes unpacked so far. */
  #unpackedBytes = 0
  #hasReachedOffset = false
  /** Unpacked, not handed over: begins at `offset`; before that is reached, the last bytes seen. */
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes of a line longer than `max_line` that were unpacked and let go; its head is `#rest`. */
  #cutBytes = 0
  #head: Buffer
  #headBytes: number
  #headHash: string
  /** What stands before the offset: at most 64 bytes; none before the text was unpacked that far. */
  #tail: Buffer = Buffer.alloc(0)
  /** The same as the checkpoint knows it. */
  readonly #known: Pick<Checkpoint, 'tailBytes' | 'tailHash'>

  /** Takes over `fd`: the path may lead to another file by the time it is read. */
  constructor(
    checkpoint: Checkpoint,
    options: FileOptions,
    deps: { path: string; identity: FileIdentity; mtimeMs: number; sink: LineSink; fd: number },
  ) {
    this.fileId = checkpoint.fileId
    this.path = deps.path
    this.#plainPath = checkpoint.path
    this.identity = deps.identity
    this.mtimeMs = deps.mtimeMs
    this.offset = checkpoint.offset
    this.#headBytes = checkpoint.headBytes
    this.#headHash = checkpoint.headHash
    this.#head = Buffer.alloc(0)
    this.#known = { tailBytes: checkpoint.tailBytes, tailHash: checkpoint.tailHash }
    this.#options = options
    this.#sink = deps.sink
    const file = createReadStream(deps.path, { fd: deps.fd, start: 0, highWaterMark: 64 * 1024 })
    const gunzip = createGunzip()
    // An error is met by whoever asks for the next bytes; before that nobody listens, and it must not end the thread.
    pipeline(file, gunzip, () => {})
    this.#text = gunzip.iterator() as AsyncIterator<Buffer>
    this.#stop = () => {
      file.destroy()
      gunzip.destroy()
    }
  }

  /** Unpacks some more and hands its lines over. `broken`: it is not (yet) a whole gzip file. `other`: not the text that was read. */
  async turn(splitter: LineSplitter, readMs: number): Promise<'more' | 'end' | 'broken' | 'other'> {
    let next: IteratorResult<Buffer>
    try {
      // Lines that the sink had no room for come first.
      const isWaiting = this.#hasReachedOffset && this.#rest.includes(10)
      next = isWaiting ? { done: false, value: Buffer.alloc(0) } : await this.#text.next()
    } catch {
      return 'broken' // Truncated or damaged: the caller says so, and looks again when the file changes.
    }
    if (next.done) return this.#finish(splitter, readMs)
    if (!this.#unpack(next.value)) return 'other'
    this.#handOver(splitter, readMs)
    this.#sink.settle()
    return 'more'
  }

  /** Adds unpacked bytes; false when those before the offset are not the ones that were read. */
  #unpack(bytes: Buffer): boolean {
    const missingBytes = this.offset - this.#unpackedBytes
    this.#unpackedBytes += bytes.length
    if (this.#head.length < HEAD_BYTES) this.#head = Buffer.concat([this.#head, bytes]).subarray(0, HEAD_BYTES)
    if (this.#hasReachedOffset) {
      this.#rest = Buffer.concat([this.#rest, bytes])
      return true
    }
    const before = Buffer.concat([this.#rest, bytes.subarray(0, missingBytes)]).subarray(-TAIL_BYTES)
    this.#hasReachedOffset = missingBytes <= bytes.length
    this.#rest = this.#hasReachedOffset ? Buffer.from(bytes.subarray(missingBytes)) : before
    if (!this.#hasReachedOffset) return true
    this.#tail = Buffer.from(before)
    return holdsTail(before, this.#known) && hashOf(this.#head.subarray(0, this.#headBytes)) === this.#headHash
  }

  /** The text goes on with a line whose first part is stored. */
  get #isContinued(): boolean {
    const last = this.#tail.at(-1)
    return last !== undefined && last !== 10 && last !== 0 && this.offset > 3
  }

  #handOver(splitter: LineSplitter, readMs: number): void {
    if (!this.#hasReachedOffset) return
    if (this.offset === 0) this.#skip(sniffEncoding(this.#rest).markBytes)
    if (this.#cutBytes === 0) this.#dropNuls()
    const { maxLineBytes } = this.#options
    if (this.#cutBytes > 0 || (this.#rest.length > maxLineBytes && !this.#rest.includes(10))) {
      this.#handOverLong(splitter, readMs)
      return
    }
    const window = { bytes: this.#rest, start: 0, end: this.#rest.length, offset: this.offset, readMs }
    const taken = splitter.split(window, this.#sink, { maxLineBytes, isContinued: this.#isContinued })
    if (taken > 0) this.#advance(this.#rest.subarray(0, taken), taken)
    this.#rest = this.#rest.subarray(taken)
  }

  #handOverLong(splitter: LineSplitter, readMs: number): void {
    const { maxLineBytes } = this.#options
    const lf = this.#rest.indexOf(10, maxLineBytes)
    if (lf < 0) {
      this.#cutBytes += Math.max(0, this.#rest.length - maxLineBytes)
      this.#rest = Buffer.from(this.#rest.subarray(0, maxLineBytes))
      return
    }
    const consumedBytes = lf + 1 + this.#cutBytes
    const about = {
      offset: this.offset,
      readMs,
      consumedBytes,
      isTruncated: true,
      isPartial: false,
      isContinued: this.#isContinued,
    }
    splitter.single(this.#rest.subarray(0, maxLineBytes), this.#sink, about)
    this.#advance(this.#rest.subarray(0, lf + 1), consumedBytes)
    this.#rest = this.#rest.subarray(lf + 1)
    this.#cutBytes = 0
    this.#tail = Buffer.alloc(0) // The line was let go: what stood before its end is not known any more.
  }

  #finish(splitter: LineSplitter, readMs: number): 'end' | 'other' {
    if (this.#unpackedBytes < this.offset) return 'other'
    const { maxLineBytes } = this.#options
    if (this.#hasReachedOffset && this.#cutBytes === 0) this.#dropNuls()
    if (this.#hasReachedOffset && this.#rest.length > 0) {
      const consumedBytes = this.#rest.length + this.#cutBytes
      const isTruncated = consumedBytes > maxLineBytes
      const about = {
        offset: this.offset,
        readMs,
        consumedBytes,
        isTruncated,
        isPartial: true,
        isContinued: this.#isContinued,
      }
      splitter.single(this.#rest.subarray(0, maxLineBytes), this.#sink, about)
      this.#advance(this.#rest, consumedBytes)
    }
    return 'end'
  }

  /** NULs before a line, as a plain file's are: the hole a truncation left. */
  #dropNuls(): void {
    const nulBytes = skipNuls(this.#rest, 0, this.#rest.length)
    if (nulBytes === 0) return
    this.#sink.drop('nul_bytes', 0, nulBytes)
    this.#skip(nulBytes)
  }

  #skip(bytes: number): void {
    if (bytes > 0) this.#advance(this.#rest.subarray(0, bytes), bytes)
    this.#rest = this.#rest.subarray(bytes)
  }

  #advance(taken: Buffer, consumedBytes: number): void {
    this.offset += consumedBytes
    this.#headBytes = Math.min(HEAD_BYTES, this.offset, this.#head.length)
    this.#headHash = hashOf(this.#head.subarray(0, this.#headBytes))
    this.#tail = Buffer.from(Buffer.concat([this.#tail, taken]).subarray(-TAIL_BYTES))
  }

  get isHeld(): boolean {
    return this.#sink.heldOffset !== undefined
  }

  finish(): void {
    this.#sink.finish()
  }

  /** What is to be stored with the records handed over so far; one that is held is not, and only the head proves the text then. */
  commitPoint(): Checkpoint {
    const held = this.#sink.heldOffset
    if (held === undefined) return this.checkpoint()
    const headBytes = Math.min(this.#headBytes, held)
    const headHash = hashOf(this.#head.subarray(0, headBytes))
    return { ...this.checkpoint(), offset: held, headBytes, headHash, tailBytes: 0, tailHash: '' }
  }

  checkpoint(state: Checkpoint['state'] = 'rotated'): Checkpoint {
    return {
      ...this.identity,
      fileId: this.fileId,
      path: this.#plainPath,
      headBytes: this.#headBytes,
      headHash: this.#headHash,
      offset: this.offset,
      ...(this.#hasReachedOffset ? { tailBytes: this.#tail.length, tailHash: hashOf(this.#tail) } : this.#known),
      mtimeMs: this.mtimeMs,
      state,
    }
  }

  close(): void {
    this.#stop()
  }
}
