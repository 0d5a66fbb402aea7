import { fstatSync } from 'node:fs'
import type { Checkpoint } from '../store/checkpoint.ts'
import type { Attachments } from './attachments.ts'
import { HEAD_BYTES, hashOf, isBeginningOf, matchContent, readAt, withFile } from './fingerprint.ts'
import type { GzipHead } from './recovery.ts'
import type { TailedFile } from './tailed-file.ts'

/**
 * Copies are not logs. `copytruncate` makes one before it truncates, people make backups, and both may carry a name that a
 * glob matches: read as files of their own they would be stored a second time.
 */
export class Copies {
  readonly #files: Attachments

  constructor(files: Attachments) {
    this.#files = files
  }

  /**
   * Whether the text of `fd` was read, or will be, from another file. `originals`: paths it may be a copy of, by its name;
   * `known`: files in its folder.
   */
  isCopy(
    fd: number,
    sizeBytes: number,
    { originals, known }: { originals: readonly string[]; known: readonly Checkpoint[] },
  ): boolean {
    if (this.#readAs(originals).some((file) => isCopyOf(fd, sizeBytes, file))) return true
    const head = readAt(fd, 0, Math.min(HEAD_BYTES, sizeBytes))
    const isLong = head.length === HEAD_BYTES
    if (isLong && this.#files.isInGzip(head, sizeBytes)) return true
    const headHash = isLong ? hashOf(head) : ''
    const hashes = new Map<number, string>()
    return known.some((c) => {
      const attached = this.#files.find(c)
      if (attached?.headHash !== headHash && !beginsLike(head, c, hashes)) return false
      const file = attached?.file
      // A short text is a copy when the file that had it lost it; else many programs begin each file alike.
      if (file && (isLong ? isCopyOf(fd, sizeBytes, file) : isLeftBy(fd, sizeBytes, file))) return true
      // The file is gone, or lost what is compared: all there is to go by is its first KiB.
      return c.headBytes === HEAD_BYTES && sizeBytes <= c.offset && (!file || !isWhole(file))
    })
  }

  /** Files being read that these paths lead, or led, to. */
  #readAs(paths: readonly string[]): TailedFile[] {
    const { rotated, roster } = this.#files
    const files = new Set<TailedFile>()
    for (const path of paths) {
      const live = this.#files.live.get(path)
      if (live) files.add(live.file)
      for (const c of roster.at([path])) {
        const file = this.#files.find(c)?.file
        if (file) files.add(file)
      }
    }
    for (const { file } of rotated) if (paths.includes(file.path)) files.add(file)
    return [...files]
  }

  /** A compressed text is part of a file being read that one of these paths leads, or led, to. */
  isTextRead(text: GzipHead, paths: readonly string[]): boolean {
    return this.#readAs(paths).some((file) => isTextIn(text, file))
  }
}

/**
 * `fd`, under a rotated name of a file being read, is a copy of it: made, in the making, or made before the file was truncated,
 * which is not noticed yet. An empty one may be a copy that has just begun; nothing is missed by waiting for its first byte.
 */
function isCopyOf(fd: number, sizeBytes: number, file: TailedFile): boolean {
  if (sizeBytes === 0) return true
  const isPart = withOpen(file, (open) => isBeginningOf(fd, sizeBytes, open))
  return isPart === true || isLeftBy(fd, sizeBytes, file)
}

/** `fd` holds what was read of a file that holds it no more: it was copied and truncated, which is not noticed yet. */
function isLeftBy(fd: number, sizeBytes: number, file: TailedFile): boolean {
  const c = file.checkpoint()
  return c.offset > 0 && matchContent(fd, sizeBytes, c) === 'same' && !isWhole(file)
}

/** What was read of the file is still in it. */
function isWhole(file: TailedFile): boolean {
  const c = file.checkpoint()
  return withOpen(file, (open) => matchContent(open, fstatSync(open).size, c) === 'same') !== false
}

/** Whether `head` begins with the fingerprint of `c`. `hashes`: those of the beginnings of `head`, by their length. */
export function beginsLike(head: Buffer, c: Checkpoint, hashes: Map<number, string>): boolean {
  if (c.headBytes === 0 || c.headBytes > head.length) return false
  const hash = hashes.get(c.headBytes) ?? hashOf(head.subarray(0, c.headBytes))
  hashes.set(c.headBytes, hash)
  return hash === c.headHash
}

/** The same for a text that is compressed: only its beginning and its length are compared. */
function isTextIn({ head, lengthBytes }: GzipHead, file: TailedFile): boolean {
  const verdict = withOpen(file, (open) => {
    return lengthBytes <= fstatSync(open).size && readAt(open, 0, head.length).equals(head)
  })
  return verdict === true
}

/** A parked file is opened for the while. */
function withOpen<T>(file: TailedFile, use: (fd: number) => T): T | undefined {
  return file.isOpen ? use(file.fd) : withFile(file.path, use)
}
