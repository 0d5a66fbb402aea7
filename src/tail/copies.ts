import { fstatSync } from 'node:fs'
import { isBeginningOf, matchContent, withFile } from './fingerprint.ts'
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
  const c = file.checkpoint()
  const verdict = withOpen(file, (open) => {
    if (isBeginningOf(fd, sizeBytes, open)) return true
    const isTruncated = matchContent(open, fstatSync(open).size, c) !== 'same'
    return isTruncated && matchContent(fd, sizeBytes, c) === 'same'
  })
  return verdict === true
}

/** A parked file is opened for the while. */
function withOpen<T>(file: TailedFile, use: (fd: number) => T): T | undefined {
  return file.isOpen ? use(file.fd) : withFile(file.path, use)
}
