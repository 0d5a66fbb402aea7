import { closeSync, fstatSync, lstatSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf, messageOf } from '../errors.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import type { Attachments, Problem } from './attachments.ts'
import { beginsLike, isCopyOf, isLeftBy, isTextIn } from './copies.ts'
import {
  HEAD_BYTES,
  hashHead,
  identityOf,
  isGzip,
  isSameInode,
  matchContent,
  openFile,
  readAt,
  statPath,
} from './fingerprint.ts'
import { Folders } from './folders.ts'
import {
  type Found,
  findCopy,
  findIntermediates,
  findRenamed,
  findRest,
  type GzipHead,
  gzipHead,
  type IntermediateDeps,
  isReadText,
  isTextOf,
  type SearchDeps,
} from './recovery.ts'
import { originalNames } from './rotated-names.ts'
import type { Source } from './source.ts'
import type { TailedFile } from './tailed-file.ts'

/** Searches for a file that is renamed whenever it was found. */
const MOST_TRIES = 5

export interface RecognitionDeps {
  readonly clock: Clock
  readonly log: Log
  /** Files the agent writes itself. */
  readonly isOwn: (path: string, identity: FileIdentity) => boolean
}

/**
 * Decides what the file at a path is: one that is known, under this or another name; a copy of one; or a new one. And finds
 * what rotation, truncation or compression made of files that are not where they were.
 */
export class Recognition {
  readonly #files: Attachments
  readonly #deps: RecognitionDeps
  readonly #search: SearchDeps

  constructor(files: Attachments, deps: RecognitionDeps) {
    this.#files = files
    this.#deps = deps
    this.#search = { folders: new Folders(() => deps.clock.nowMs()), isTaken: files.roster.isTaken }
  }

  /** Begins to read what `path` leads to, if it is to be read. */
  open(path: string, source: Source): void {
    let fd: number
    try {
      const stats = statSync(path, { bigint: true })
      const sizeBytes = Number(stats.size)
      if (!stats.isFile())
        return this.#refuse(path, {
          kind: 'not_a_file',
          source,
          message: 'not a regular file',
          sizeBytes,
          ino: String(stats.ino),
        })
      const problem = this.#files.problems.get(path)
      const isWatched = problem?.kind === 'copy' || problem?.kind === 'damaged'
      const identity = identityOf(stats)
      if (isWatched && problem.sizeBytes === sizeBytes && problem.ino === identity.ino) return
      if (this.#deps.isOwn(path, identity) || this.#isReadAlready(path, identity)) return
      fd = openFile(path)
    } catch (error) {
      return this.#failed(path, source, error)
    }
    let isKept = false
    try {
      isKept = this.#recognise(path, source, fd)
      if (isKept) this.#files.problems.delete(path)
    } catch (error) {
      this.#failed(path, source, error)
    } finally {
      if (!isKept) closeSync(fd)
    }
  }

  #failed(path: string, source: Source, error: unknown): void {
    if (codeOf(error) === 'ENOENT' && !isLink(path)) return
    const kind = codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? 'permission_denied' : 'unreadable'
    this.#refuse(path, { kind, source, message: messageOf(error), sizeBytes: 0, ino: '' })
  }

  #refuse(path: string, problem: Problem): void {
    const isNews = this.#files.problems.get(path)?.kind !== problem.kind
    this.#files.problems.set(path, problem)
    if (!isNews || problem.kind === 'copy') return
    const { source, message } = problem
    source.lastError = `${path}: ${message}`
    this.#deps.log.warn('Cannot read a file', {
      path,
      source: source.config.name,
      reason: message,
      ...(problem.kind === 'permission_denied' && {
        hint: 'let the group of the agent (often adm) read it, or grant it by an ACL',
      }),
    })
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
      this.findUnread(before, { sinceMs: file.mtimeMs, source })
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
    if (isGzip(fd)) {
      this.#recogniseGzip(path, source, { fd, sizeBytes, identity, mtimeMs: Number(stats.mtimeNs / 1_000_000n) })
      return false
    }
    const known = sameInode.find((c) => matchContent(fd, sizeBytes, c) === 'same')
    if (known) return this.#resume(known, source, { path, fd, identity })
    const originals = originalNames(basename(path)).map((name) => join(dirname(path), name))
    const moved = this.#kinOf(path, originals).find((c) => {
      return !roster.isAttached(c.fileId) && matchContent(fd, sizeBytes, c) === 'same' && this.#canMove(c)
    })
    if (moved) return this.#resume(moved, source, { path, fd, identity })
    if (originals.length > 0 && this.#isCopy(fd, sizeBytes, { originals, known: roster.inFolder(dirname(path)) })) {
      // Should the original be truncated now, this copy is looked for, and read on from there.
      this.#refuse(path, { kind: 'copy', source, message: 'a copy of another file', sizeBytes, ino: identity.ino })
      return false
    }
    const before = roster.at([path])
    this.#begin(path, source, { fd, sizeBytes, identity })
    for (const c of sameInode) if (c.state === 'live' && c.path === path) this.findTruncated(c, source)
    // The path was empty for a while: others may have come and gone meanwhile. At a start, `recover` sees to that.
    const isSettled = before.every((c) => c.state === 'gone' || roster.isAttached(c.fileId))
    const sinceMs = Math.max(...before.map((c) => c.mtimeMs))
    if (before.length > 0 && isSettled) this.findUnread(path, { sinceMs, source })
    return true
  }

  /**
   * Whether the text of `fd` was read, or will be, from another file. `originals`: paths it may be a copy of, by its name;
   * `known`: files in its folder.
   */
  #isCopy(
    fd: number,
    sizeBytes: number,
    { originals, known }: { originals: readonly string[]; known: readonly Checkpoint[] },
  ): boolean {
    if (this.#readAs(originals).some((file) => isCopyOf(fd, sizeBytes, file))) return true
    const head = readAt(fd, 0, Math.min(HEAD_BYTES, sizeBytes))
    if (head.length === HEAD_BYTES && this.#files.isInGzip(head, sizeBytes)) return true
    const hashes = new Map<number, string>()
    return known.some((c) => {
      if (!beginsLike(head, c, hashes)) return false
      const file = this.#files.find(c)?.file
      // A short text is a copy when the file that had it lost it; else many programs begin each file alike.
      if (file) return sizeBytes < HEAD_BYTES ? isLeftBy(fd, sizeBytes, file) : isCopyOf(fd, sizeBytes, file)
      return c.headBytes === HEAD_BYTES && sizeBytes <= c.offset
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

  /** What was read under this name, a name it may have been rotated from, or a name that was rotated from the same. */
  #kinOf(path: string, originals: readonly string[]): Checkpoint[] {
    const kin = [path, ...originals].flatMap((name) => [name, ...this.#search.folders.rotatedSiblings(name)])
    return this.#files.roster.at([...new Set(kin)])
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
    const problem = this.#files.problems.get(path)
    // A copy that went its own way since it was seen: what it had then is read from the original, if it was much more
    // than a beginning that many files share.
    const isProven = problem?.kind === 'copy' && problem.ino === identity.ino && problem.sizeBytes >= HEAD_BYTES
    const copiedBytes = isProven ? Math.min(problem.sizeBytes, sizeBytes) : 0
    const offset = startsAtEnd(source) ? sizeBytes : copiedBytes
    this.#files.add(this.#files.newCheckpoint(path, identity, { offset, fd }), source, fd)
  }

  #recogniseGzip(
    path: string,
    source: Source,
    { fd, sizeBytes, identity, mtimeMs }: { fd: number; sizeBytes: number; identity: FileIdentity; mtimeMs: number },
  ): void {
    const text = gzipHead(fd, sizeBytes)
    if (text.head.length === 0)
      return this.#refuse(path, {
        kind: 'damaged',
        source,
        message: 'not a whole gzip file',
        sizeBytes,
        ino: identity.ino,
      })
    const { roster } = this.#files
    const known = this.#files.inFolder(dirname(path)).filter((c) => {
      // The trailer tells the length of the last member only: a file that was read to its end is known by itself.
      const isItself = c.state === 'gone' && c.mtimeMs === mtimeMs && isSameInode(c, identity)
      return c.offset > 0 && (isItself || isReadText(text, c))
    })
    // Also one that was begun, of which not a line was stored before the agent was killed: only its inode tells.
    const unfinished =
      known.find((c) => c.state !== 'gone' && !roster.isAttached(c.fileId) && isTextOf(text, c)) ??
      roster.looseByInode(identity).find((c) => c.state !== 'gone' && c.offset === 0)
    const originals = originalNames(basename(path)).map((name) => join(dirname(path), name))
    if (!unfinished && (known.length > 0 || this.#isTextRead(text, originals))) {
      return this.#refuse(path, {
        kind: 'copy',
        source,
        message: 'its text was read from another file',
        sizeBytes,
        ino: identity.ino,
      })
    }
    if (!unfinished && startsAtEnd(source)) {
      const headHash = hashHead(text.head)
      const proof = { headBytes: text.head.length, headHash, offset: text.lengthBytes, mtimeMs }
      return this.#files.settle({ ...this.#files.newCheckpoint(path, identity), ...proof, state: 'gone' })
    }
    const found = { kind: 'gzip', path, identity, mtimeMs, textBytes: text.lengthBytes, head: text.head } as const
    this.#take(unfinished ?? this.#files.newCheckpoint(path, identity), source, found)
  }

  /** After a start: finds what was renamed, copied or compressed while nobody looked, and what was never read of it. */
  recover(sourceOf: (path: string) => Source | undefined): void {
    const { roster } = this.#files
    const known = [...roster.all].filter((c) => c.state !== 'gone')
    for (const c of known) {
      const source = sourceOf(c.path)
      if (source && !roster.isAttached(c.fileId)) this.findMoved(c, source)
    }
    // Once for each path: many rotated files of it may be unfinished, and each search looks at all of them.
    for (const [path, sinceMs] of earliestTimes(known)) {
      const source = sourceOf(path)
      if (source) this.findUnread(path, { sinceMs, source })
    }
  }

  /** The file is not where it was: it is read on wherever its content is. */
  findMoved(c: Checkpoint, source: Source): void {
    const found = this.#takeRest(c, source, () => findRest(c, this.#search))
    if (found) return
    this.#files.settle({ ...c, state: 'gone' })
    this.#deps.log.warn('Cannot find the rest of a file: it was removed, or truncated without a copy', {
      path: c.path,
      source: source.config.name,
      offset: c.offset,
    })
  }

  /** The path lost this content by truncation: it lives on in a copy, if there is one. */
  findTruncated(c: Checkpoint, source: Source): void {
    const copy = this.#takeRest(c, source, () => findCopy(c, this.#search))
    if (copy) source.stats.rotations.copytruncate++
    else {
      this.#files.settle({ ...c, state: 'gone' })
      this.#deps.log.info('A file was truncated and no copy of it is there: what was not read of it is lost', {
        path: c.path,
        source: source.config.name,
        hint: 'logrotate: "create" loses nothing where "copytruncate" may',
      })
    }
    this.findUnread(c.path, { sinceMs: c.mtimeMs, source })
  }

  /** Takes what `search` finds; searches again when that went elsewhere before it was open. */
  #takeRest(c: Checkpoint, source: Source, search: () => Found | undefined): Found | undefined {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = search()
      if (!found || this.#take({ ...c, state: 'rotated' }, source, found)) return found
    }
    return undefined
  }

  /** Files that came and were rotated away after `sinceMs` without ever being read. */
  findUnread(path: string, { sinceMs, source }: { sinceMs: number; source: Source }): void {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      let areAllTaken = true
      for (const found of findIntermediates(path, sinceMs, { ...this.#search, ...this.#knownAbout(path) })) {
        const c: Checkpoint = { ...this.#files.newCheckpoint(path, found.identity), state: 'rotated' }
        if (this.#take(c, source, found)) source.stats.rotations.intermediate++
        else areAllTaken = false
      }
      if (areAllTaken) return
    }
  }

  /** How to tell what was read, or will be, of the files that `path` led to. */
  #knownAbout(path: string): Pick<IntermediateDeps, 'known' | 'isCopy' | 'isTextKnown'> {
    const known = this.#files.inFolder(dirname(path))
    return {
      known,
      isCopy: (fd, sizeBytes) => this.#isCopy(fd, sizeBytes, { originals: [path], known }),
      isTextKnown: (text) => known.some((c) => isReadText(text, c)) || this.#isTextRead(text, [path]),
    }
  }

  /** A compressed text is part of a file being read that one of these paths leads, or led, to. */
  #isTextRead(text: GzipHead, paths: readonly string[]): boolean {
    return this.#readAs(paths).some((file) => isTextIn(text, file))
  }

  /** False when its name led to another file, or to none, by the time it was opened: rotation goes on meanwhile. */
  #take(c: Checkpoint, source: Source, found: Found): boolean {
    let fd: number
    try {
      fd = openFile(found.path)
    } catch (error) {
      this.#failed(found.path, source, error)
      return false
    }
    if (!isSameInode(identityOf(fstatSync(fd, { bigint: true })), found.identity)) {
      closeSync(fd)
      return false
    }
    this.#deps.log.info('Reading a rotated file', { path: found.path, source: source.config.name, offset: c.offset })
    this.#files.problems.delete(found.path)
    if (found.kind === 'gzip') this.#files.addGzip(c, source, { ...found, fd })
    else this.#files.add({ ...c, ...found.identity }, source, fd)
    return true
  }
}

/** When the files of each path were last written to, as far as they were read: the earliest of these times. */
function earliestTimes(checkpoints: readonly Checkpoint[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { path, mtimeMs } of checkpoints) {
    if (mtimeMs > 0) times.set(path, Math.min(mtimeMs, times.get(path) ?? Number.POSITIVE_INFINITY))
  }
  return times
}

/** For files that are there when the agent first looks. */
function startsAtEnd({ config, isSeen }: Source): boolean {
  return config.startAt === 'end' && !isSeen
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function leadsTo(path: string, identity: FileIdentity): boolean {
  const stats = statPath(path)
  return stats !== undefined && isSameInode(identityOf(stats), identity)
}
