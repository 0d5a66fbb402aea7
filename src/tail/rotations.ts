import { closeSync, fstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Log } from '../run/log.ts'
import type { Checkpoint } from '../store/checkpoint.ts'
import type { Attachments } from './attachments.ts'
import type { Copies } from './copies.ts'
import { identityOf, isSameInode, openFile } from './fingerprint.ts'
import {
  type Found,
  findCopy,
  findIntermediates,
  findRest,
  type IntermediateDeps,
  isReadText,
  type SearchDeps,
} from './recovery.ts'
import type { Refusals } from './refusals.ts'
import { originalNames } from './rotated-names.ts'
import type { Source } from './source.ts'

/** Searches for a file that is renamed whenever it was found. */
const MOST_TRIES = 5

export interface RotationsDeps {
  readonly files: Attachments
  readonly copies: Copies
  readonly refusals: Refusals
  readonly search: SearchDeps
  readonly log: Log
}

/** Finds what rotation, truncation or compression made of files that are not where they were, and has it read on. */
export class Rotations {
  readonly #files: Attachments
  readonly #deps: RotationsDeps
  readonly #search: SearchDeps

  constructor(deps: RotationsDeps) {
    this.#files = deps.files
    this.#deps = deps
    this.#search = deps.search
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
      if (!found || this.take({ ...c, state: 'rotated' }, source, found)) return found
    }
    return undefined
  }

  /** Files that came and were rotated away after `sinceMs` without ever being read. */
  findUnread(path: string, { sinceMs, source }: { sinceMs: number; source: Source }): void {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      let areAllTaken = true
      for (const found of findIntermediates(path, sinceMs, { ...this.#search, ...this.#knownAbout(path) })) {
        const c: Checkpoint = { ...this.#files.newCheckpoint(path, found.identity), state: 'rotated' }
        if (this.take(c, source, found)) source.stats.rotations.intermediate++
        else areAllTaken = false
      }
      if (areAllTaken) return
    }
  }

  /** How to tell what was read, or will be, of the files that `path` led to. */
  #knownAbout(path: string): Pick<IntermediateDeps, 'known' | 'isCopy' | 'isTextKnown'> {
    let texts: Checkpoint[] | undefined
    // Costs a read for each new file in the folder, so it is done when there is something to compare it with.
    const known = (): Checkpoint[] => (texts ??= this.#files.inFolder(dirname(path)))
    // It may be a rotated name itself.
    const originals = [path, ...originalNames(basename(path)).map((name) => join(dirname(path), name))]
    return {
      known,
      isCopy: (fd, sizeBytes) => this.#deps.copies.isCopy(fd, sizeBytes, { originals, known: known() }),
      isTextKnown: (text) => known().some((c) => isReadText(text, c)) || this.#deps.copies.isTextRead(text, originals),
    }
  }

  /** Begins to read what was found. False when its name led to another file, or to none, by the time it was opened: rotation goes on meanwhile. */
  take(c: Checkpoint, source: Source, found: Found): boolean {
    let fd: number
    try {
      fd = openFile(found.path)
    } catch (error) {
      this.#deps.refusals.failed(found.path, source, error)
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
