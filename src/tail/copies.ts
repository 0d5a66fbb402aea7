import { fstatSync } from 'node:fs'
import type { Checkpoint } from '../store/checkpoint.ts'
import { hashHead, isBeginningOf, matchContent, readAt, withFile } from './fingerprint.ts'
import type { GzipHead } from './recovery.ts'
import type { TailedFile } from './tailed-file.ts'

/**
 * Copies are not logs. `copytruncate` makes one before it truncates, people make backups, and both may carry a name that a
 * glob matches: read as files of their own they would be stored a second time.
 */

/**
 * `fd`, under a rotated name of a file being read, is a copy of it: made, in the making, or made before the file was truncated,
 * which is not noticed yet. An empty one may be a copy that has just begun; nothing is missed by waiting for its first byte.
 */
export function isCopyOf(fd: number, sizeBytes: number, file: TailedFile): boolean {
  if (sizeBytes === 0) return true
  const isPart = withOpen(file, (open) => isBeginningOf(fd, sizeBytes, open))
  return isPart === true || isLeftBy(fd, sizeBytes, file)
}

/** `fd` holds what was read of a file that holds it no more: it was copied and truncated, which is not noticed yet. */
export function isLeftBy(fd: number, sizeBytes: number, file: TailedFile): boolean {
  const c = file.checkpoint()
  if (c.offset === 0 || matchContent(fd, sizeBytes, c) !== 'same') return false
  const isThere = withOpen(file, (open) => matchContent(open, fstatSync(open).size, c) === 'same')
  return isThere === false
}

/** Whether `head` begins with the fingerprint of `c`. `hashes`: those of the beginnings of `head`, by their length. */
export function beginsLike(head: Buffer, c: Checkpoint, hashes: Map<number, string>): boolean {
  if (c.headBytes === 0 || c.headBytes > head.length) return false
  const hash = hashes.get(c.headBytes) ?? hashHead(head.subarray(0, c.headBytes))
  hashes.set(c.headBytes, hash)
  return hash === c.headHash
}

/** The same for a text that is compressed: only its beginning and its length are compared. */
export function isTextIn({ head, lengthBytes }: GzipHead, file: TailedFile): boolean {
  const verdict = withOpen(file, (open) => {
    return lengthBytes <= fstatSync(open).size && readAt(open, 0, head.length).equals(head)
  })
  return verdict === true
}

/** A parked file is opened for the while. */
function withOpen<T>(file: TailedFile, use: (fd: number) => T): T | undefined {
  return file.isOpen ? use(file.fd) : withFile(file.path, use)
}
