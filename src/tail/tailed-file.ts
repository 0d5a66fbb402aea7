import { type BigIntStats, closeSync, fstatSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Checkpoint, CheckpointState, FileIdentity } from '../store/checkpoint.ts'
import { HEAD_BYTES, openFile, readAt } from './fingerprint.ts'
import type { LineSink } from './line-sink.ts'
import { type LineSplitter, skipNuls, sniffEncoding, type TextEncoding } from './line-splitter.ts'
import { Proof, type ProofFields, proofAt } from './proof.ts'
import type { ReadBlock } from './read-block.ts'
import { decodeUtf16, splitUtf16, utf16LineEnd } from './utf16.ts'

const LF = 10

/** What a turn at a file came to. */
export type TurnResult =
  /** Lines were read and there may be more. */
  | 'more'
  /** Everything up to the last line's end is read. */
  | 'end'
  /** The file is shorter than what was read of it. */
  | 'truncated_size'
  /** The bytes before the offset are not the ones that were read. */
  | 'truncated_overlap'

export interface FileOptions {
  readonly maxLineBytes: number
}

/**
 * One file being read: the open descriptor is its identity while the agent runs, `offset` the start of the first line that
 * was not handed over. Every read begins before the offset and compares what it finds there, in the same read, with what
 * was read before: a file that was truncated and written again is noticed even when it is longer than it was.
 */
export class TailedFile {
  readonly fileId: number
  readonly identity: FileIdentity
  state: CheckpointState = 'live'
  /** Handed over up to here. */
  offset: number
  sizeBytes = 0
  mtimeMs: number
  /**
   * `mtimeMs` when a read last found what was read before still in place. Whatever was cut off and copied away since then is
   * younger; `mtimeMs` itself may be the time of what came after that.
   */
  #provenMtimeMs: number
  /** Monotonic times, ms. */
  grewAtMs: number
  rotatedAtMs = 0
  /** No hard link is left: only the descriptor keeps it. */
  isDeleted = false
  #sink: LineSink
  #options: FileOptions
  #fd: number | undefined
  #encoding: TextEncoding = 'utf8'
  /** Past `offset` when the unfinished line is longer than a block: no line end before this byte. */
  #scannedTo = 0
  #proof: Proof
  /** Where the record that the sink holds begins: everything before it, and nothing after, is in the sink's hands for good. */
  #held: (ProofFields & { readonly offset: number }) | undefined
  #path: string
  #folder: string
  /** The identity's, as stat gives them: compared at every look. */
  readonly #ino: bigint
  readonly #birthNs: bigint

  constructor(checkpoint: Checkpoint, options: FileOptions, deps: { sink: LineSink; fd: number; nowMs: number }) {
    this.fileId = checkpoint.fileId
    const { path, dev, ino, birthNs } = checkpoint
    this.#path = path
    this.#folder = dirname(path)
    this.identity = { dev, ino, birthNs }
    this.#ino = BigInt(ino)
    this.#birthNs = BigInt(birthNs)
    this.offset = checkpoint.offset
    this.mtimeMs = checkpoint.mtimeMs
    this.state = checkpoint.state
    this.#proof = new Proof(checkpoint)
    this.#options = options
    this.#sink = deps.sink
    this.#fd = deps.fd
    this.grewAtMs = deps.nowMs
    this.look(deps.nowMs)
    this.#provenMtimeMs = checkpoint.mtimeMs || this.mtimeMs
    if (this.offset > 0) this.#encoding = sniffEncoding(readAt(deps.fd, 0, 3)).encoding
  }

  get path(): string {
    return this.#path
  }

  get folder(): string {
    return this.#folder
  }

  moveTo(path: string): void {
    this.#path = path
    this.#folder = dirname(path)
  }

  /** It is this file that `stats` tells of: the same inode, born at the same time where that is known. */
  isAt({ ino, birthtimeNs }: BigIntStats): boolean {
    return ino === this.#ino && (birthtimeNs === this.#birthNs || birthtimeNs === 0n || this.#birthNs === 0n)
  }

  get isOpen(): boolean {
    return this.#fd !== undefined
  }

  get fd(): number {
    if (this.#fd === undefined) throw new Error(`Cannot read ${this.path}: it is parked`)
    return this.#fd
  }

  /** Bytes that were not handed over yet. */
  get lagBytes(): number {
    return Math.max(0, this.sizeBytes - this.offset)
  }

  /**
   * The next byte goes on with a line whose first part is stored, since `last`, the byte before it, ends none. Before it may
   * also lie a byte-order mark, or a hole.
   */
  #isContinued(last: number | undefined): boolean {
    return this.#encoding === 'utf8' && last !== undefined && last !== LF && last !== 0 && this.offset > 3
  }

  /** Looks at the open file's size, time and links; true when it was written to. */
  look(nowMs: number): boolean {
    const stats = fstatSync(this.fd, { bigint: true })
    const size = Number(stats.size)
    const mtimeMs = Number(stats.mtimeNs / 1_000_000n)
    const hasChanged = size !== this.sizeBytes || mtimeMs !== this.mtimeMs
    this.sizeBytes = size
    this.mtimeMs = mtimeMs
    this.isDeleted = stats.nlink === 0n
    if (hasChanged) this.grewAtMs = nowMs
    return hasChanged
  }

  rebind(options: FileOptions, sink: LineSink): void {
    this.finish()
    this.#options = options
    this.#sink = sink
  }

  /** Lets the descriptor go; the file is found again by its identity. */
  park(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** Opens a parked file again; false when its path leads to another file now. @throws system errors */
  unpark(): boolean {
    const fd = openFile(this.path)
    if (!this.isAt(fstatSync(fd, { bigint: true }))) {
      closeSync(fd)
      return false
    }
    this.#fd = fd
    return true
  }

  /** Reads at most a block and hands its complete lines over. @throws system errors */
  turn(block: ReadBlock, splitter: LineSplitter, readMs: number): TurnResult {
    if (this.#scannedTo > this.offset) return this.#turnInLongLine(block, splitter, readMs)
    const overlapBytes = this.#proof.overlapBytes(this.offset)
    const { bytes } = block
    const filled = readSync(this.fd, bytes, 0, bytes.length, this.offset - overlapBytes)
    if (filled < overlapBytes) return 'truncated_size'
    if (!this.#proof.holds(bytes, overlapBytes, this.offset)) return 'truncated_overlap'
    if (overlapBytes > 0) this.#provenMtimeMs = this.mtimeMs
    if (filled === overlapBytes) return 'end'
    const isFull = filled === bytes.length
    const taken = this.#take(bytes, { start: overlapBytes, end: filled, readMs, isFull }, splitter)
    if (taken > 0) {
      this.#settle((held) => {
        const proof = new Proof(this.#proof.fields())
        if (held > this.offset) {
          proof.advance(bytes, overlapBytes, { offset: this.offset, to: overlapBytes + held - this.offset })
        }
        return proof.fields()
      })
      this.#proof.advance(bytes, overlapBytes, { offset: this.offset, to: overlapBytes + taken })
      this.offset += taken
      return 'more'
    }
    if (!isFull) return 'end'
    if (filled - overlapBytes <= this.#options.maxLineBytes) block.growTo(this.#options.maxLineBytes + 2 * HEAD_BYTES)
    else this.#scannedTo = this.#aligned(this.offset + filled - overlapBytes)
    return 'more'
  }

  /** Hands over what is complete in `bytes[start … end)`, which begins at `offset`; returns how many bytes that took. */
  #take(
    bytes: Buffer,
    at: { start: number; end: number; readMs: number; isFull: boolean },
    splitter: LineSplitter,
  ): number {
    let from = at.start
    if (this.offset === 0) {
      const { encoding, markBytes } = sniffEncoding(bytes.subarray(from, at.end))
      this.#encoding = encoding
      from += markBytes
    }
    const { maxLineBytes } = this.#options
    if (this.#encoding !== 'utf8') {
      const window = { bytes, start: from, end: at.end, offset: this.offset + from - at.start, readMs: at.readMs }
      const taken = splitUtf16(window, this.#encoding, { sink: this.#sink, splitter, maxLineBytes })
      return taken === 0 ? 0 : taken + from - at.start
    }
    const textFrom = skipNuls(bytes, from, at.end)
    // NULs up to the end may be room that was allocated ahead and is written to later; a whole block of them is a hole.
    if (textFrom === at.end && !at.isFull) return 0
    if (textFrom > from) {
      this.#sink.drop('nul_bytes', 0, textFrom - from)
      return textFrom - at.start
    }
    const window = { bytes, start: from, end: at.end, offset: this.offset + from - at.start, readMs: at.readMs }
    const taken = splitter.split(window, this.#sink, {
      maxLineBytes,
      isContinued: this.#isContinued(bytes[at.start - 1]),
    })
    return taken === 0 ? 0 : taken + from - at.start
  }

  /** Looks for the end of a line longer than a block, keeping nothing of it; hands over its head when it is found. */
  #turnInLongLine(block: ReadBlock, splitter: LineSplitter, readMs: number): TurnResult {
    const { bytes } = block
    if (!this.#proof.holdsIn(this.fd, this.offset)) return 'truncated_overlap'
    const filled = readSync(this.fd, bytes, 0, bytes.length, this.#scannedTo)
    if (filled === 0) return fstatSync(this.fd).size < this.#scannedTo ? 'truncated_size' : 'end'
    const lineEnd = this.#lineEndIn(bytes.subarray(0, filled))
    if (lineEnd < 0) {
      this.#scannedTo = this.#aligned(this.#scannedTo + filled)
      return filled === bytes.length ? 'more' : 'end'
    }
    this.#handOver(splitter, { to: this.#scannedTo + lineEnd, readMs, isPartial: false })
    return 'more'
  }

  /** Hands over the unfinished line at the end of the file, if there is one; true when there was. @throws system errors */
  flushPartial(splitter: LineSplitter, readMs: number): boolean {
    const to = this.#aligned(fstatSync(this.fd).size)
    if (to <= this.offset) return false
    const text = readAt(this.fd, this.offset, Math.min(this.#options.maxLineBytes, to - this.offset))
    // A line was completed, or NULs wait to be written over: not an unfinished line.
    if (this.#lineEndIn(text) >= 0 || skipNuls(text, 0, text.length) === text.length) return false
    this.#handOver(splitter, { to, readMs, isPartial: true })
    return true
  }

  /** The end of the first line in `bytes`, which begin at a whole character; -1 when there is none. */
  #lineEndIn(bytes: Buffer): number {
    return this.#encoding === 'utf8' ? bytes.indexOf(LF) + 1 || -1 : utf16LineEnd(bytes, this.#encoding)
  }

  /** The last place up to `offset` that parts no unit of the encoding. */
  #aligned(offset: number): number {
    return this.#encoding === 'utf8' ? offset : offset - (offset % 2)
  }

  /** Hands over the head of [offset, to) as one line, and moves on. */
  #handOver(
    splitter: LineSplitter,
    { to, readMs, isPartial }: { to: number; readMs: number; isPartial: boolean },
  ): void {
    const consumedBytes = to - this.offset
    const isTruncated = consumedBytes > this.#options.maxLineBytes
    const raw = readAt(this.fd, this.offset, Math.min(this.#options.maxLineBytes, consumedBytes))
    const text = this.#encoding === 'utf8' ? raw : Buffer.from(decodeUtf16(raw, this.#encoding))
    const isContinued = this.#isContinued(this.offset > 0 ? readAt(this.fd, this.offset - 1, 1)[0] : undefined)
    splitter.single(text, this.#sink, {
      offset: this.offset,
      readMs,
      consumedBytes,
      isTruncated,
      isPartial,
      isContinued,
    })
    this.#settle((held) => (held === this.offset ? this.#proof.fields() : proofAt(this.fd, held)))
    this.#proof = new Proof(proofAt(this.fd, to))
    this.offset = to
  }

  /** Lets the sink copy what it holds, and notes where that begins. `proofOf`: what proves the file up to there. */
  #settle(proofOf: (heldOffset: number) => ProofFields): void {
    const sink = this.#sink
    sink.settle()
    const held = sink.heldOffset
    if (held === undefined) this.#held = undefined
    // Further back than this read: what proves it lies in the file, and is read when it is needed.
    else if (held >= this.offset) this.#held = { offset: held, ...proofOf(held) }
  }

  /** What its lines were found to be. */
  get format(): string {
    return this.#sink.format
  }

  /** A record is under construction. */
  get isHeld(): boolean {
    return this.#sink.heldOffset !== undefined
  }

  /** No line comes any more: a record under construction is complete. */
  finish(): void {
    this.#sink.finish()
  }

  /** Counts what was not read as lost: the file is let go. */
  giveUp(): void {
    if (this.lagBytes > 0) this.#sink.drop('rotate_wait_exceeded', 0, this.lagBytes)
  }

  /**
   * What a copy of it is recognised by: the checkpoint, or, before its first line was handed over, what it begins with. Such
   * a file can be renamed, compressed and removed while only the descriptor tells what it is.
   */
  knownText(): Checkpoint {
    const checkpoint = this.checkpoint()
    if (this.offset > 0 || !this.isOpen) return checkpoint
    const offset = Math.min(HEAD_BYTES, fstatSync(this.fd).size)
    return { ...checkpoint, offset, ...proofAt(this.fd, offset) }
  }

  /** What is to be stored together with the records handed over so far: not past the beginning of one that is held. */
  commitPoint(): Checkpoint {
    const offset = this.#sink.heldOffset
    if (offset === undefined) return this.checkpoint()
    // The record that was noted has left, and one that began before the last read is held now: streams in a frame have one each.
    if (this.#held?.offset !== offset && this.isOpen) this.#held = { offset, ...proofAt(this.fd, offset) }
    // (Of a parked file the older point: some of it may be read twice, none is lost.)
    return this.#held ? { ...this.checkpoint(), ...this.#held } : this.checkpoint()
  }

  /** How far it was read. */
  checkpoint(): Checkpoint {
    return {
      ...this.identity,
      fileId: this.fileId,
      path: this.path,
      ...this.#proof.fields(),
      offset: this.offset,
      mtimeMs: this.#provenMtimeMs,
      state: this.state,
    }
  }
}
