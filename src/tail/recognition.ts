import { closeSync, fstatSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Log } from '../run/log.ts'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import type { Attachments, Problem } from './attachments.ts'
import { beginsLike, type Copies } from './copies.ts'
import {
  HEAD_BYTES,
  hashOf,
  identityOf,
  isGzip,
  isSameInode,
  matchContent,
  mayBecomeGzip,
  openFile,
  readAt,
  statPath,
} from './fingerprint.ts'
import { findRenamed, type GzipHead, gzipHead, isReadText, isTextOf, type SearchDeps } from './recovery.ts'
import type { Refusals } from './refusals.ts'
import { originalNames } from './rotated-names.ts'
import type { Rotations } from './rotations.ts'
import type { Source } from './source.ts'

export interface RecognitionDeps {
  readonly files: Attachments
  readonly copies: Copies
  readonly refusals: Refusals
  readonly rotations: Rotations
  readonly search: SearchDeps
  readonly log: Log
  /** Files the agent writes itself. */
  readonly isOwn: (path: string, identity: FileIdentity) => boolean
}

/** Decides what the file at a path is: one that is known, under this or another name; a copy of one; or a new one. */
export class Recognition {
  readonly #files: Attachments
  readonly #copies: Copies
  readonly #refusals: Refusals
  readonly #rotations: Rotations
  readonly #search: SearchDeps
  readonly #deps: RecognitionDeps

  constructor(deps: RecognitionDeps) {
    this.#files = deps.files
    this.#copies = deps.copies
    this.#refusals = deps.refusals
    this.#rotations = deps.rotations
    this.#search = deps.search
    this.#deps = deps
  }

  /** Begins to read what `path` leads to, if it is to be read. */
  open(path: string, source: Source): void {
    let fd: number
    try {
      const stats = statSync(path, { bigint: true })
      const sizeBytes = Number(stats.size)
      const identity = identityOf(stats)
      if (!stats.isFile())
        return this.#refusals.refuse(path, {
          kind: 'not_a_file',
          source,
          message: 'not a regular file',
          sizeBytes,
          identity,
        })
      const problem = this.#files.problems.get(path)
      const isWatched = problem?.kind === 'copy' || problem?.kind === 'damaged'
      if (isWatched && problem.sizeBytes === sizeBytes && isSameFile(problem, identity)) return
      if (this.#deps.isOwn(path, identity) || this.#isReadAlready(path, identity)) return
      fd = openFile(path)
    } catch (error) {
      return this.#refusals.failed(path, source, error)
    }
    let isKept = false
    try {
      isKept = this.#recognise(path, source, fd)
      if (isKept) this.#files.problems.delete(path)
    } catch (error) {
      this.#refusals.failed(path, source, error)
    } finally {
      if (!isKept) closeSync(fd)
    }
  }

  /** It is read under another path: by a hard or symbolic link, or renamed by rotation to a name that matches too. */
  #isReadAlready(path: string, identity: FileIdentity): boolean {
    const attached = this.#files.find(identity)
    if (!attached) return this.#files.roster.isTaken(identity)
    const { file, source } = attached
    const before = file.path
    if (file.state !== 'live') this.#files.toLive(attached, path)
    else if (!leadsTo(before, identity)) {
      // Rotated, and nobody looked yet: what came in its place is not listed a second time.
      source.stats.rotations.rename++
      this.#files.toLive(attached, path)
      this.open(before, source)
      this.#rotations.findUnread(before, { sinceMs: file.mtimeMs, source })
    }
    return true
  }

  /** True when `fd` is kept. */
  #recognise(path: string, source: Source, fd: number): boolean {
    const stats = fstatSync(fd, { bigint: true })
    const identity = identityOf(stats)
    const sizeBytes = Number(stats.size)
    const { roster } = this.#files
    const sameInode = roster.looseByInode(identity)
    // It is being written while its plain form is still there, and tells neither what it is nor how long its text is.
    if (path.endsWith('.gz') && statPath(path.slice(0, -'.gz'.length))) return false
    if (isGzip(fd) || mayBecomeGzip(path, sizeBytes)) {
      this.#recogniseGzip(path, source, { fd, sizeBytes, identity, mtimeMs: Number(stats.mtimeNs / 1_000_000n) })
      return false
    }
    const known = sameInode.find((c) => matchContent(fd, sizeBytes, c) === 'same')
    if (known) return this.#resume(known, source, { path, fd, identity })
    const originals = originalNames(basename(path)).map((name) => join(dirname(path), name))
    const moved = this.#kinOf(path, originals, readAt(fd, 0, Math.min(HEAD_BYTES, sizeBytes))).find((c) => {
      return matchContent(fd, sizeBytes, c) === 'same' && this.#canMove(c)
    })
    if (moved) return this.#resume(moved, source, { path, fd, identity })
    if (
      originals.length > 0 &&
      this.#copies.isCopy(fd, sizeBytes, { originals, known: roster.inFolder(dirname(path)) })
    ) {
      // Should the original be truncated now, this copy is looked for, and read on from there.
      this.#refusals.refuse(path, {
        kind: 'copy',
        source,
        message: 'a copy of another file',
        sizeBytes,
        identity,
      })
      return false
    }
    const before = roster.at([path])
    this.#begin(path, source, { fd, sizeBytes, identity })
    for (const c of sameInode) if (c.state === 'live' && c.path === path) this.#rotations.findTruncated(c, source)
    // The path was empty for a while: others may have come and gone meanwhile. At a start, `recover` sees to that.
    const isSettled = before.every((c) => c.state === 'gone' || roster.isAttached(c.fileId))
    const sinceMs = Math.max(...before.map((c) => c.mtimeMs))
    if (before.length > 0 && isSettled) this.#rotations.findUnread(path, { sinceMs, source })
    return true
  }

  /** What was read under this name, a name it may have been rotated from, or a name that was rotated from the same. */
  #kinOf(path: string, originals: readonly string[], head: Buffer): Checkpoint[] {
    const { roster } = this.#files
    const names = new Set([path, ...originals].map((name) => basename(name)))
    const hashes = new Map<number, string>()
    return roster.inFolder(dirname(path)).filter((c) => {
      if (roster.isAttached(c.fileId) || !beginsLike(head, c, hashes)) return false
      const name = basename(c.path)
      return names.has(name) || originalNames(name).some((original) => names.has(original))
    })
  }

  /** A short beginning proves little: every file of a program may begin alike. It moved when it is nowhere else. */
  #canMove(c: Checkpoint): boolean {
    if (c.headBytes === HEAD_BYTES) return true
    return c.offset > 0 && c.state !== 'gone' && !findRenamed(c, this.#search)
  }

  #resume(c: Checkpoint, source: Source, at: { path: string; fd: number; identity: FileIdentity }): boolean {
    this.#files.add({ ...c, ...at.identity, path: at.path, state: 'live' }, source, at.fd)
    this.#deps.log.debug('Resumed a file', { path: at.path, source: source.config.name, offset: c.offset })
    return true
  }

  #begin(
    path: string,
    source: Source,
    { fd, sizeBytes, identity }: { fd: number; sizeBytes: number; identity: FileIdentity },
  ): void {
    const offset = startsAtEnd(source) ? sizeBytes : 0
    this.#files.add(this.#files.newCheckpoint(path, identity, { offset, fd }), source, fd)
  }

  #recogniseGzip(
    path: string,
    source: Source,
    { fd, sizeBytes, identity, mtimeMs }: { fd: number; sizeBytes: number; identity: FileIdentity; mtimeMs: number },
  ): void {
    const text = gzipHead(fd, sizeBytes)
    if (text.head.length === 0)
      return this.#refusals.refuse(path, {
        kind: 'damaged',
        source,
        message: 'not a whole gzip file',
        sizeBytes,
        identity,
      })
    const { roster } = this.#files
    const known = this.#files.inFolder(dirname(path)).filter((c) => {
      // The trailer tells the length of the last member only: a file that was read to its end is known by itself.
      const isItself = c.state === 'gone' && c.mtimeMs === mtimeMs && isSameInode(c, identity)
      return c.offset > 0 && (isItself || isReadText(text, c))
    })
    // Also one that was begun, of which not a line was stored before the agent was killed: only its inode tells.
    const unfinished =
      known.find((c) => !roster.isAttached(c.fileId) && hasMore(text, c)) ??
      roster.looseByInode(identity).find((c) => c.state !== 'gone' && c.offset === 0)
    const originals = originalNames(basename(path)).map((name) => join(dirname(path), name))
    if (!unfinished && (known.length > 0 || this.#copies.isTextRead(text, originals))) {
      return this.#refusals.refuse(path, {
        kind: 'copy',
        source,
        message: 'its text was read from another file',
        sizeBytes,
        identity,
      })
    }
    if (!unfinished && startsAtEnd(source)) {
      const headHash = hashOf(text.head)
      const proof = { headBytes: text.head.length, headHash, offset: text.lengthBytes, mtimeMs }
      return this.#files.settle({ ...this.#files.newCheckpoint(path, identity), ...proof, state: 'gone' })
    }
    const found = { kind: 'gzip', path, identity, mtimeMs, textBytes: text.lengthBytes, head: text.head } as const
    this.#rotations.take(unfinished ?? this.#files.newCheckpoint(path, identity), source, found)
  }
}

/** There is, or may be, something in the text that was not read: also of a file that was given up too soon. */
function hasMore(text: GzipHead, c: Checkpoint): boolean {
  if (c.state !== 'gone') return isTextOf(text, c)
  return c.headBytes === HEAD_BYTES && text.lengthBytes > c.offset && isTextOf(text, { ...c, state: 'rotated' })
}

/** For files that are there when the agent first looks. */
function startsAtEnd({ config, isSeen }: Source): boolean {
  return config.startAt === 'end' && !isSeen
}

function isSameFile(problem: Problem, identity: FileIdentity): boolean {
  return problem.identity !== undefined && isSameInode(problem.identity, identity)
}

function leadsTo(path: string, identity: FileIdentity): boolean {
  const stats = statPath(path)
  return stats !== undefined && isSameInode(identityOf(stats), identity)
}
