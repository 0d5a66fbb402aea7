import { dirname } from 'node:path'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import { isSameInode } from './fingerprint.ts'

/**
 * Everything that was ever read and is not forgotten, and which of it is being read now. Indexed by inode, path and folder,
 * so that ten thousand files cost ten thousand look-ups.
 */
export class Roster {
  readonly #known = new Map<number, Checkpoint>()
  readonly #byInode = new Index()
  readonly #byPath = new Index()
  readonly #byFolder = new Index()
  readonly #attached = new Map<number, FileIdentity>()
  readonly #attachedByInode = new Index()
  #nextFileId = 1

  constructor(checkpoints: readonly Checkpoint[]) {
    for (const c of checkpoints) this.remember(c)
  }

  newFileId(): number {
    return this.#nextFileId++
  }

  /** Files known and not come to their end, at the start of the agent. */
  get all(): Iterable<Checkpoint> {
    return this.#known.values()
  }

  remember(c: Checkpoint): void {
    const before = this.#known.get(c.fileId)
    this.#nextFileId = Math.max(this.#nextFileId, c.fileId + 1)
    this.#known.set(c.fileId, c)
    if (before && before.ino === c.ino && before.path === c.path) return
    if (before) this.#unlist(before)
    this.#byInode.add(c.ino, c.fileId)
    this.#byPath.add(c.path, c.fileId)
    this.#byFolder.add(dirname(c.path), c.fileId)
  }

  forget(c: Checkpoint): void {
    this.#known.delete(c.fileId)
    this.#unlist(c)
  }

  #unlist(c: Checkpoint): void {
    this.#byInode.remove(c.ino, c.fileId)
    this.#byPath.remove(c.path, c.fileId)
    this.#byFolder.remove(dirname(c.path), c.fileId)
  }

  attach(fileId: number, identity: FileIdentity): void {
    this.#attached.set(fileId, identity)
    this.#attachedByInode.add(identity.ino, fileId)
  }

  detach(fileId: number): void {
    const identity = this.#attached.get(fileId)
    this.#attached.delete(fileId)
    if (identity) this.#attachedByInode.remove(identity.ino, fileId)
  }

  isAttached(fileId: number): boolean {
    return this.#attached.has(fileId)
  }

  /** The id of the file being read that is this one, on this device. */
  attachedAs(identity: FileIdentity): number | undefined {
    for (const id of this.#attachedByInode.get(identity.ino)) {
      const other = this.#attached.get(id)
      if (other && other.dev === identity.dev && isSameInode(other, identity)) return id
    }
    return undefined
  }

  readonly isTaken = (identity: FileIdentity): boolean => this.attachedAs(identity) !== undefined

  /** Files with this inode that are not being read, the newest first. */
  looseByInode(identity: FileIdentity): Checkpoint[] {
    return this.#loose(this.#byInode.get(identity.ino))
      .filter((c) => isSameInode(c, identity))
      .sort((a, b) => b.fileId - a.fileId)
  }

  /** Files last read under one of these paths. */
  at(paths: readonly string[]): Checkpoint[] {
    return paths.flatMap((path) => this.#resolve(this.#byPath.get(path)))
  }

  /** Files in a folder, read now or not. */
  inFolder(folder: string): Checkpoint[] {
    return this.#resolve(this.#byFolder.get(folder))
  }

  #loose(ids: Iterable<number>): Checkpoint[] {
    return this.#resolve(ids).filter((c) => !this.#attached.has(c.fileId))
  }

  #resolve(ids: Iterable<number>): Checkpoint[] {
    const checkpoints: Checkpoint[] = []
    for (const id of ids) {
      const c = this.#known.get(id)
      if (c) checkpoints.push(c)
    }
    return checkpoints
  }
}

class Index {
  readonly #ids = new Map<string, Set<number>>()

  add(key: string, id: number): void {
    const ids = this.#ids.get(key)
    if (ids) ids.add(id)
    else this.#ids.set(key, new Set([id]))
  }

  remove(key: string, id: number): void {
    const ids = this.#ids.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#ids.delete(key)
  }

  get(key: string): Iterable<number> {
    return this.#ids.get(key) ?? []
  }
}
