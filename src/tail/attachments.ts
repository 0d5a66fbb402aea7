import type { Clock } from '../run/clock.ts'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import { HEAD_BYTES, hashOf, readAt } from './fingerprint.ts'
import { GzipText } from './gzip-text.ts'
import { NOTHING_READ, proofAt } from './proof.ts'
import type { Found } from './recovery.ts'
import type { Roster } from './roster.ts'
import type { Source } from './source.ts'
import { TailedFile } from './tailed-file.ts'

/** A file being read, and for whom. */
export interface Attached {
  readonly file: TailedFile
  source: Source
  /** Monotonic, ms. */
  lookedAtMs: number
  /** Hash of its first KiB, when it had that much at the beginning: what copies of it are known by before it is read. */
  readonly headHash: string | undefined
}

export interface AttachedGzip {
  readonly text: GzipText
  readonly source: Source
  readonly found: Found
}

/** Why a matching path is not read. `copy`: its content is read, or was, from another file. */
export type FileProblem = 'permission_denied' | 'unreadable' | 'not_a_file' | 'copy' | 'damaged'

export interface Problem {
  readonly kind: FileProblem
  readonly source: Source
  readonly message: string
  /** Its size and what it was when it was seen: a copy, or a damaged file, is looked at again when it changes. */
  readonly sizeBytes: number
  readonly identity: FileIdentity | undefined
}

/** The files in hand: which are read, which have something to read, and what is to be told to the store about them. */
export class Attachments {
  readonly live = new Map<string, Attached>()
  readonly rotated = new Set<Attached>()
  readonly gzips = new Set<AttachedGzip>()
  /** Files with something to read, first come first served. */
  readonly ready = new Set<Attached>()
  readonly problems = new Map<string, Problem>()
  readonly roster: Roster
  readonly #clock: Clock
  readonly #byId = new Map<number, Attached>()
  readonly #dirty = new Set<TailedFile | GzipText>()
  /** Checkpoints of files that came to an end since the last commit. */
  readonly #ended = new Map<number, Checkpoint>()

  constructor(roster: Roster, clock: Clock) {
    this.roster = roster
    this.#clock = clock
  }

  /** The checkpoint of a file at its beginning, or at `offset` when the file is at hand to prove it. */
  newCheckpoint(path: string, identity: FileIdentity, at?: { offset: number; fd: number }): Checkpoint {
    const proof = at ? proofAt(at.fd, at.offset) : NOTHING_READ
    return {
      fileId: this.roster.newFileId(),
      path,
      ...identity,
      ...proof,
      offset: at?.offset ?? 0,
      mtimeMs: 0,
      state: 'live',
    }
  }

  /** Begins to read a file at its checkpoint; takes over `fd`. The checkpoint is stored with the next commit. */
  add(c: Checkpoint, source: Source, fd: number): void {
    const nowMs = this.#clock.monotonicMs()
    const options = { maxLineBytes: source.config.maxLineBytes }
    const file = new TailedFile(c, options, { sink: source.sinkFor(c.path), fd, nowMs })
    const head = file.sizeBytes >= HEAD_BYTES ? readAt(fd, 0, HEAD_BYTES) : undefined
    const attached = { file, source, lookedAtMs: nowMs, headHash: head && hashOf(head) }
    this.roster.remember(c)
    this.roster.attach(c.fileId, c)
    this.#byId.set(c.fileId, attached)
    if (c.state === 'live') this.live.set(c.path, attached)
    else {
      file.rotatedAtMs = nowMs
      this.rotated.add(attached)
    }
    this.ready.add(attached)
    this.touch(file)
  }

  /** Begins to read a compressed file at its checkpoint; takes over `found.fd`. */
  addGzip(c: Checkpoint, source: Source, found: Found & { readonly fd: number }): void {
    const options = { maxLineBytes: source.config.maxLineBytes }
    const text = new GzipText(c, options, { ...found, sink: source.sinkFor(c.path) })
    this.roster.remember(c)
    this.roster.attach(c.fileId, found.identity)
    this.gzips.add({ text, source, found })
    this.touch(text)
    source.stats.rotations.gzip++
  }

  /** What is known of the files in a folder, those being read as they stand at this moment. */
  inFolder(folder: string): Checkpoint[] {
    return this.roster.inFolder(folder).map((c) => this.#byId.get(c.fileId)?.file.knownText() ?? c)
  }

  /** A compressed file that is being read has a text that begins with these bytes, and is as long. */
  isInGzip(head: Buffer, sizeBytes: number): boolean {
    return [...this.gzips].some(({ found }) => sizeBytes <= found.textBytes && found.head.equals(head))
  }

  /** The file being read that is this one. */
  find(identity: FileIdentity): Attached | undefined {
    const id = this.roster.attachedAs(identity)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  /** The path leads elsewhere now; the open file is drained. */
  toRotated(attached: Attached): void {
    this.live.delete(attached.file.path)
    attached.file.state = 'rotated'
    attached.file.rotatedAtMs = this.#clock.monotonicMs()
    this.rotated.add(attached)
    this.ready.add(attached)
    this.touch(attached.file)
  }

  /** The file has another path now, which matches too. */
  toLive(attached: Attached, path: string): void {
    // Its old path may be another's by now.
    if (this.live.get(attached.file.path) === attached) this.live.delete(attached.file.path)
    this.rotated.delete(attached)
    attached.file.moveTo(path)
    attached.file.state = 'live'
    this.live.set(path, attached)
    this.touch(attached.file)
  }

  /** The file is read for another source from now on. */
  rebind(attached: Attached, source: Source): void {
    const { file } = attached
    attached.source = source
    file.rebind({ maxLineBytes: source.config.maxLineBytes }, source.sinkFor(file.path))
    this.ready.add(attached)
  }

  /** Lets go of a file without a word to the store; its descriptor stays as it is. */
  release(attached: Attached): void {
    const { file } = attached
    if (this.live.get(file.path) === attached) this.live.delete(file.path)
    this.rotated.delete(attached)
    this.ready.delete(attached)
    this.#dirty.delete(file)
    this.#byId.delete(file.fileId)
    this.roster.detach(file.fileId)
  }

  releaseGzip(gzip: AttachedGzip): void {
    gzip.text.close()
    this.gzips.delete(gzip)
    this.#dirty.delete(gzip.text)
    this.roster.detach(gzip.text.fileId)
  }

  /** A file that is not being read (any more): this is what the store shall know of it. */
  settle(c: Checkpoint): void {
    this.roster.remember(c)
    this.#ended.set(c.fileId, c)
  }

  /** The file moved on: its checkpoint is due. */
  touch(file: TailedFile | GzipText): void {
    this.#dirty.add(file)
  }

  /** What is to be committed with the lines handed over so far: a checkpoint for every file that moved. */
  takeCheckpoints(): Checkpoint[] {
    const checkpoints = [...this.#ended.values()]
    for (const file of this.#dirty) {
      checkpoints.push(file.commitPoint())
      // The rest of it is due when the record that is held is complete, whenever that is.
      if (!file.isHeld) this.#dirty.delete(file)
    }
    for (const c of checkpoints) this.roster.remember(c)
    this.#ended.clear()
    return checkpoints
  }

  get hasCheckpoints(): boolean {
    return this.#dirty.size > 0 || this.#ended.size > 0
  }

  close(): void {
    for (const { file } of this.#byId.values()) file.park()
    for (const { text } of this.gzips) text.close()
  }
}
