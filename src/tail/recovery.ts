import type { BigIntStats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import {
  gunzipHead,
  HEAD_BYTES,
  hashOf,
  identityOf,
  isGzip,
  isSameInode,
  matchContent,
  mayBecomeGzip,
  readAt,
  withFile,
} from './fingerprint.ts'
import type { Folders } from './folders.ts'
import { originalNames } from './rotated-names.ts'

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
  /** Length of its text, unpacked (modulo 2^32 then), … */
  readonly textBytes: number
  /** … and what it begins with, up to 1 KiB. */
  readonly head: Buffer
}

/** Where to search, and what not to find. */
export interface SearchDeps {
  readonly folders: Folders
  /** True for files that are being read already. */
  readonly isTaken: (identity: FileIdentity) => boolean
}

/** The file of a checkpoint under whatever name: by inode first, then by content. */
export function findRest(c: Checkpoint, deps: SearchDeps): Found | undefined {
  return deps.folders.settled(c.path, () => findRenamed(c, deps) ?? copyOf(c, deps))
}

/** The file of a checkpoint under another name in its folder. */
export function findRenamed(c: Checkpoint, { folders, isTaken }: SearchDeps): Found | undefined {
  for (const path of folders.withInode(c.path, c.ino)) {
    const isCandidate = (identity: FileIdentity): boolean => isSameInode(identity, c) && !isTaken(identity)
    const found =
      plainIf(path, {
        isCandidate,
        accepts: (fd, { sizeBytes }) => !isGzip(fd) && matchContent(fd, sizeBytes, c) === 'same',
      }) ??
      // One that was being unpacked: it was whole when that began.
      gzipIf(path, [], { isCandidate, accepts: (text) => c.offset === 0 || isTextOf(text, c) })
    if (found) return found
  }
  return undefined
}

/** A copy of what a checkpoint read, plain or compressed, under a rotated name: the longest, since older copies have less. */
export function findCopy(c: Checkpoint, deps: SearchDeps): Found | undefined {
  return deps.folders.settled(c.path, () => copyOf(c, deps))
}

function copyOf(c: Checkpoint, { folders, isTaken }: SearchDeps): Found | undefined {
  if (c.offset === 0) return undefined
  // It may have been renamed, and be known by its rotated name, before the truncation was noticed.
  const names = [basename(c.path), ...originalNames(basename(c.path))]
  const paths = [...new Set(names.flatMap((name) => folders.rotatedSiblings(join(dirname(c.path), name))))]
  let longest: Found | undefined
  for (const path of paths) {
    const isCandidate = (identity: FileIdentity): boolean => !isSameInode(identity, c) && !isTaken(identity)
    const found =
      plainIf(path, { isCandidate, accepts: (fd, { sizeBytes }) => matchContent(fd, sizeBytes, c) === 'same' }) ??
      gzipIf(path, paths, { isCandidate, accepts: (text) => isTextOf(text, c) })
    if (found && (!longest || isBetter(found, longest))) longest = found
  }
  return longest
}

/** The head of a text agrees with a checkpoint, as far as that tells: the bytes before the offset are compared on reading. */
export function isTextOf(text: GzipHead, c: Checkpoint): boolean {
  if (c.headBytes === 0 || text.head.length < c.headBytes) return false
  if (hashOf(text.head.subarray(0, c.headBytes)) !== c.headHash) return false
  // RFC 1952: the last four bytes are the length of the text, modulo 2^32.
  const offset = c.offset % 2 ** 32
  return c.state === 'gone' ? text.lengthBytes === offset : text.lengthBytes >= offset || c.offset >= 2 ** 32
}

/** There is nothing in the text that was not read, or will be: also when more was written to the file after it was compressed. */
export function isReadText(text: GzipHead, c: Checkpoint): boolean {
  return isTextOf(text, c) || (c.headBytes === HEAD_BYTES && hashOf(text.head) === c.headHash)
}

export interface GzipHead {
  readonly head: Buffer
  readonly lengthBytes: number
}

/**
 * Files that were written and rotated away after `path` was last read and were never read at all, oldest first: rotations
 * came faster than we looked. `sinceMs`: wall time of the last write that was read; nothing older can be one of them, but
 * something written in the same millisecond can.
 */
export function findIntermediates(path: string, sinceMs: number, deps: IntermediateDeps): Found[] {
  return deps.folders.settled(path, () => intermediates(path, sinceMs, deps))
}

export interface IntermediateDeps extends SearchDeps {
  /** What was read in the folder. */
  readonly known: () => readonly Checkpoint[]
  /** Its text is part of a file that is being read. */
  readonly isCopy: (fd: number, sizeBytes: number) => boolean
  /** The same for a text that is compressed. */
  readonly isTextKnown: (text: GzipHead) => boolean
}

function intermediates(path: string, sinceMs: number, deps: IntermediateDeps): Found[] {
  const { folders, known, isTaken } = deps
  const paths = folders.rotatedSiblings(path)
  const isCandidate = (identity: FileIdentity, mtimeMs: number): boolean => mtimeMs >= sinceMs && !isTaken(identity)
  const isKnown = (fd: number, { identity, sizeBytes, mtimeMs }: Plain): boolean => {
    return known().some((c) => {
      // As old as the last write that was read: a copy made before that, when it begins alike and has no byte that was not read.
      if (mtimeMs === sinceMs && isBeginningRead(fd, sizeBytes, c)) return true
      // Another inode: a copy made of it, when there is not a byte more in it.
      const isLike = isSameInode(identity, c) || sizeBytes === c.offset
      return isLike && c.offset > 0 && matchContent(fd, sizeBytes, c) === 'same'
    })
  }
  const found: Found[] = []
  for (const sibling of paths) {
    const one =
      plainIf(sibling, {
        isCandidate,
        accepts: (fd, plain) => {
          const isText = !mayBecomeGzip(sibling, plain.sizeBytes) && !isGzip(fd)
          return isText && !isKnown(fd, plain) && !deps.isCopy(fd, plain.sizeBytes)
        },
      }) ??
      gzipIf(sibling, paths, {
        isCandidate,
        accepts: (text) => text.head.length > 0 && !deps.isTextKnown(text),
      })
    if (one) found.push(one)
  }
  // Of a file and copies of it, the longest is enough.
  const isCopy = (short: Found): boolean => found.some((long) => long !== short && isBeginning(short, long))
  for (const one of [...found]) if (isCopy(one)) found.splice(found.indexOf(one), 1)
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs)
}

/** The text begins with the first KiB of what was read, and is not longer. */
function isBeginningRead(fd: number, sizeBytes: number, c: Checkpoint): boolean {
  if (c.headBytes !== HEAD_BYTES || sizeBytes < HEAD_BYTES || sizeBytes > c.offset) return false
  return hashOf(readAt(fd, 0, HEAD_BYTES)) === c.headHash
}

function isBetter(a: Found, b: Found): boolean {
  return a.textBytes > b.textBytes || (a.textBytes === b.textBytes && a.kind === 'plain')
}

/** One text is the beginning of the other, as far as their first KiB tells. */
function isBeginning(short: Found, long: Found): boolean {
  return short.textBytes <= long.textBytes && long.head.subarray(0, short.head.length).equals(short.head)
}

interface Plain {
  readonly identity: FileIdentity
  readonly sizeBytes: number
  readonly mtimeMs: number
}

/** Asked by what a look at the file says, before it is opened. */
type IsCandidate = (identity: FileIdentity, mtimeMs: number) => boolean

function plainIf(
  path: string,
  { isCandidate, accepts }: { isCandidate: IsCandidate; accepts: (fd: number, plain: Plain) => boolean },
): Found | undefined {
  return withFile(
    path,
    (fd, stats) => {
      const sizeBytes = Number(stats.size)
      const identity = identityOf(stats)
      if (!accepts(fd, { identity, sizeBytes, mtimeMs: mtimeOf(stats) })) return undefined
      const head = readAt(fd, 0, Math.min(HEAD_BYTES, sizeBytes))
      return { kind: 'plain', path, identity, mtimeMs: mtimeOf(stats), textBytes: sizeBytes, head }
    },
    (stats) => isCandidate(identityOf(stats), mtimeOf(stats)),
  )
}

/** A finished gzip file whose text `accepts` says yes to; one whose plain form still stands beside it is being written. */
function gzipIf(
  path: string,
  siblingPaths: readonly string[],
  { isCandidate, accepts }: { isCandidate: IsCandidate; accepts: (text: GzipHead) => boolean },
): Found | undefined {
  if (path.endsWith('.gz') && siblingPaths.includes(path.slice(0, -3))) return undefined
  return withFile(
    path,
    (fd, stats) => {
      if (!isGzip(fd)) return undefined
      const text = gzipHead(fd, Number(stats.size))
      if (!accepts(text)) return undefined
      const { head, lengthBytes: textBytes } = text
      return { kind: 'gzip', path, identity: identityOf(stats), mtimeMs: mtimeOf(stats), textBytes, head }
    },
    (stats) => isCandidate(identityOf(stats), mtimeOf(stats)),
  )
}

function mtimeOf(stats: BigIntStats): number {
  return Number(stats.mtimeNs / 1_000_000n)
}

export function gzipHead(fd: number, sizeBytes: number): GzipHead {
  const trailer = readAt(fd, Math.max(0, sizeBytes - 4), 4)
  return { head: gunzipHead(fd, HEAD_BYTES), lengthBytes: trailer.length === 4 ? trailer.readUInt32LE() : 0 }
}
