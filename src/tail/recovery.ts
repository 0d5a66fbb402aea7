import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import {
  gunzipHead,
  HEAD_BYTES,
  hashHead,
  identityOf,
  isGzip,
  isSameInode,
  matchContent,
  readAt,
  withFile,
} from './fingerprint.ts'
import { rotatedSiblings, siblings } from './rotated-names.ts'

/**
 * Where did the rest of a file go? Rotation renames it, or copies and truncates it, or compresses what it renamed or
 * copied; all of that can happen once or many times while nobody looks. The content is searched in the folder of the path
 * it was last read under.
 */

/** A place where content was found. */
export interface Found {
  readonly kind: 'plain' | 'gzip'
  readonly path: string
  readonly identity: FileIdentity
  readonly mtimeMs: number
}

/** True for files that are being read already. */
export type IsTaken = (identity: FileIdentity) => boolean

/** The file of a checkpoint under whatever name: by inode first, then by content. */
export function findRest(c: Checkpoint, isTaken: IsTaken): Found | undefined {
  return settled(c.path, () => findRenamed(c, isTaken) ?? findCopy(c, isTaken))
}

/** Repeats a search during which names came or went: a file may have been renamed or compressed under our eyes. */
function settled<T>(path: string, search: () => T): T {
  for (let tries = 0; ; tries++) {
    const before = siblings(path).join('\0')
    const found = search()
    if (tries === 4 || before === siblings(path).join('\0')) return found
  }
}

function findRenamed(c: Checkpoint, isTaken: IsTaken): Found | undefined {
  for (const path of siblings(c.path)) {
    const found = plainIf(path, (fd, identity, sizeBytes) => {
      return isSameInode(identity, c) && !isTaken(identity) && matchContent(fd, sizeBytes, c) === 'same'
    })
    if (found) return found
  }
  return undefined
}

/** A copy of what a checkpoint read, plain or compressed, under a rotated name. */
export function findCopy(c: Checkpoint, isTaken: IsTaken): Found | undefined {
  if (c.offset === 0) return undefined
  const paths = rotatedSiblings(c.path)
  for (const path of paths) {
    const found = plainIf(path, (fd, identity, sizeBytes) => {
      return !isSameInode(identity, c) && !isTaken(identity) && matchContent(fd, sizeBytes, c) === 'same'
    })
    if (found) return found
  }
  for (const path of paths) {
    if (!path.endsWith('.gz')) continue
    const found = gzipIf(path, paths, (head) => isTextOf(head, c))
    if (found && !isTaken(found.identity)) return found
  }
  return undefined
}

/** The head of a text agrees with a checkpoint, as far as that tells: the bytes before the offset are compared on reading. */
export function isTextOf(text: GzipHead, c: Checkpoint): boolean {
  if (c.headBytes === 0 || text.head.length < c.headBytes) return false
  if (hashHead(text.head.subarray(0, c.headBytes)) !== c.headHash) return false
  // RFC 1952: the last four bytes are the length of the text, modulo 2^32.
  const offset = c.offset % 2 ** 32
  return c.state === 'gone' ? text.lengthBytes === offset : text.lengthBytes >= offset || c.offset >= 2 ** 32
}

export interface GzipHead {
  readonly head: Buffer
  readonly lengthBytes: number
}

/**
 * Files that were written and rotated away after `path` was last read and were never read at all, oldest first: rotations
 * came faster than we looked. `sinceMs`: wall time of the last write that was read; nothing older can be one of them.
 */
export function findIntermediates(
  path: string,
  sinceMs: number,
  deps: { known: readonly Checkpoint[]; isTaken: IsTaken },
): Found[] {
  return settled(path, () => intermediates(path, sinceMs, deps))
}

function intermediates(
  path: string,
  sinceMs: number,
  { known, isTaken }: { known: readonly Checkpoint[]; isTaken: IsTaken },
): Found[] {
  const paths = rotatedSiblings(path)
  const found: Found[] = []
  const isNew = (identity: FileIdentity, mtimeMs: number): boolean => mtimeMs > sinceMs && !isTaken(identity)
  for (const sibling of paths) {
    const plain = plainIf(sibling, (fd, identity, sizeBytes, mtimeMs) => {
      if (!isNew(identity, mtimeMs) || isGzip(fd)) return false
      return !known.some((c) => c.offset > 0 && isSameInode(identity, c) && matchContent(fd, sizeBytes, c) === 'same')
    })
    const gzip = plain
      ? undefined
      : gzipIf(sibling, paths, (text, identity, mtimeMs) => {
          return isNew(identity, mtimeMs) && text.head.length > 0 && !known.some((c) => isTextOf(text, c))
        })
    const one = plain ?? gzip
    if (one) found.push(one)
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs)
}

function plainIf(
  path: string,
  accepts: (fd: number, identity: FileIdentity, sizeBytes: number, mtimeMs: number) => boolean,
): Found | undefined {
  return withFile(path, (fd, stats) => {
    if (!stats.isFile()) return undefined
    const identity = identityOf(stats)
    const mtimeMs = Number(stats.mtimeNs / 1_000_000n)
    return accepts(fd, identity, Number(stats.size), mtimeMs) ? { kind: 'plain', path, identity, mtimeMs } : undefined
  })
}

/** A finished gzip file whose text `accepts` says yes to; one whose plain form still stands beside it is being written. */
function gzipIf(
  path: string,
  siblingPaths: readonly string[],
  accepts: (text: GzipHead, identity: FileIdentity, mtimeMs: number) => boolean,
): Found | undefined {
  if (path.endsWith('.gz') && siblingPaths.includes(path.slice(0, -3))) return undefined
  return withFile(path, (fd, stats) => {
    if (!stats.isFile() || !isGzip(fd)) return undefined
    const identity = identityOf(stats)
    const mtimeMs = Number(stats.mtimeNs / 1_000_000n)
    return accepts(gzipHead(fd, Number(stats.size)), identity, mtimeMs)
      ? { kind: 'gzip', path, identity, mtimeMs }
      : undefined
  })
}

export function gzipHead(fd: number, sizeBytes: number): GzipHead {
  const trailer = readAt(fd, Math.max(0, sizeBytes - 4), 4)
  return { head: gunzipHead(fd, HEAD_BYTES), lengthBytes: trailer.length === 4 ? trailer.readUInt32LE() : 0 }
}
