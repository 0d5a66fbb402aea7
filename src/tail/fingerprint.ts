import { hash } from 'node:crypto'
import { type BigIntStats, closeSync, constants as fs, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { codeOf } from '../errors.ts'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'

/**
 * What a file is, told from its name, its inode and its bytes. The inode (with its birth time) is only a hint: it is given
 * out again within four rotations on ext4. The proof is the content: a hash of the head, which grows with the file up to
 * 1 KiB, and the last bytes before the checkpoint.
 */

export const HEAD_BYTES = 1024
export const TAIL_BYTES = 64
/** Enough compressed bytes to hold 1 KiB of text, whatever the ratio. */
const GZIP_HEAD_BYTES = 4096

export function identityOf(stats: BigIntStats): FileIdentity {
  return { dev: String(stats.dev), ino: String(stats.ino), birthNs: String(stats.birthtimeNs) }
}

/** Same inode and, where both know it, same birth. The device is left out: its number changes over reboots and remounts. */
export function isSameInode(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && (a.birthNs === b.birthNs || a.birthNs === '0' || b.birthNs === '0')
}

/** What a stretch of a file is known by. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32)
}

/** The bytes before an offset are those a checkpoint was made of; `before` has at least as many as it knows. */
export function holdsTail(
  before: Buffer,
  { tailBytes, tailHash }: Pick<Checkpoint, 'tailBytes' | 'tailHash'>,
): boolean {
  if (tailBytes === 0) return true
  return before.length >= tailBytes && hashOf(before.subarray(before.length - tailBytes)) === tailHash
}

/** Reads up to `length` bytes at `position`; fewer only at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, position + filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}

/** What the content of an open file says about being the file of a checkpoint. */
export type Match =
  /** Head and the bytes before the offset agree. */
  | 'same'
  /** The head agrees as far as the file goes, but it ends before the offset. */
  | 'shorter'
  /** Its content is not what was read. */
  | 'other'

export function matchContent(fd: number, sizeBytes: number, c: Checkpoint): Match {
  if (sizeBytes < c.headBytes) return sizeBytes < c.offset ? 'shorter' : 'other'
  if (c.headBytes > 0 && hashOf(readAt(fd, 0, c.headBytes)) !== c.headHash) return 'other'
  if (sizeBytes < c.offset) return 'shorter'
  if (!holdsTail(readAt(fd, c.offset - c.tailBytes, c.tailBytes), c)) return 'other'
  return 'same'
}

/** True when the text of `fd` begins with the `sizeBytes` of `copyFd`: the latter is a copy made some time ago. */
export function isBeginningOf(copyFd: number, sizeBytes: number, fd: number): boolean {
  if (sizeBytes === 0) return false
  const headBytes = Math.min(HEAD_BYTES, sizeBytes)
  const tailBytes = Math.min(TAIL_BYTES, sizeBytes)
  return (
    readAt(copyFd, 0, headBytes).equals(readAt(fd, 0, headBytes)) &&
    readAt(copyFd, sizeBytes - tailBytes, tailBytes).equals(readAt(fd, sizeBytes - tailBytes, tailBytes))
  )
}

/** RFC 1952: a header of 10 bytes, an empty block, and a trailer of 8 are the least that a whole file has. */
const LEAST_GZIP_BYTES = 20

/** A file of this name and size may become a gzip file, and does not tell yet. */
export function mayBecomeGzip(path: string, sizeBytes: number): boolean {
  return path.endsWith('.gz') && sizeBytes < LEAST_GZIP_BYTES
}

/** RFC 1952: the two magic bytes, then deflate. */
export function isGzip(fd: number): boolean {
  const magic = readAt(fd, 0, 3)
  return magic[0] === 0x1f && magic[1] === 0x8b && magic[2] === 8
}

/** The first bytes of the text inside a gzip file, at most `length`; empty when they cannot be had (yet). */
export function gunzipHead(fd: number, length: number): Buffer {
  try {
    return gunzipSync(readAt(fd, 0, GZIP_HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, length)
  } catch {
    return Buffer.alloc(0) // Not gzip after all, or not enough of it: the next sweep looks again.
  }
}

/** What `path` leads to; undefined when it leads nowhere, or round in a circle. @throws other system errors */
export function statPath(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ELOOP') return undefined
    throw error
  }
}

/** Opens a regular file. A FIFO that took its name in this moment does not hold us up. @throws system errors */
export function openFile(path: string): number {
  return openSync(path, fs.O_RDONLY | fs.O_NONBLOCK)
}

/**
 * Opens the regular file at `path`, hands it to `use`, and closes it; undefined when there is none or it cannot be opened.
 * `accepts` is asked first, since opening costs more than looking.
 */
export function withFile<T>(
  path: string,
  use: (fd: number, stats: BigIntStats) => T,
  accepts: (stats: BigIntStats) => boolean = () => true,
): T | undefined {
  let fd: number
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    // Opening a FIFO would wait for its writer, and opening a device may do anything.
    if (!stats?.isFile() || !accepts(stats)) return undefined
    fd = openFile(path)
  } catch {
    return undefined
  }
  try {
    return use(fd, fstatSync(fd, { bigint: true }))
  } finally {
    closeSync(fd)
  }
}
