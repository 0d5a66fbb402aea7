import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Globs } from '../config/glob.ts'
import { SETTLED_MS } from './folders.ts'

interface Folder {
  mtimeNs: bigint
  ino: bigint
  isSettled: boolean
  files: string[]
  folders: string[]
}

/**
 * The files that globs match, kept up to date by looking at folders only: a folder's time moves when a name in it comes,
 * goes or changes, so a round costs one stat for each folder, and one listing for each folder that changed.
 */
export class DirectoryIndex {
  readonly #globs: Globs
  readonly #isLeftOut: (folder: string) => boolean
  readonly #folders = new Map<string, Folder>()
  #paths: readonly string[] = []

  constructor(globs: Globs, isLeftOut: (folder: string) => boolean) {
    this.#globs = globs
    this.#isLeftOut = isLeftOut
  }

  /** The matching paths at the last refresh, in the order of their names. */
  get paths(): readonly string[] {
    return this.#paths
  }

  /** The folders that hold, or may hold, matching files. */
  get folders(): IterableIterator<string> {
    return this.#folders.keys()
  }

  matches(path: string): boolean {
    return this.#globs.matches(path)
  }

  /** Looks round; true when something may have changed. */
  refresh(nowMs: number): boolean {
    const seen = new Set<string>()
    let hasChanged = false
    const visit = (path: string, isDeep: boolean): void => {
      if (seen.has(path) || this.#isLeftOut(path)) return
      seen.add(path)
      const known = this.#folders.get(path)
      const folder = this.#look(path, known, nowMs)
      if (folder !== known) {
        hasChanged = true
        if (folder) this.#folders.set(path, folder)
        else this.#folders.delete(path)
      }
      if (isDeep) for (const name of folder?.folders ?? []) visit(join(path, name), true)
    }
    // Deep ones first: what they pass is not visited again, and a shallow visit would hide the folders inside.
    const roots = this.#globs.roots.toSorted((a, b) => Number(b.isDeep) - Number(a.isDeep))
    for (const { dir, isDeep } of roots) visit(dir, isDeep)
    for (const path of this.#folders.keys()) {
      if (seen.has(path)) continue
      this.#folders.delete(path)
      hasChanged = true
    }
    if (hasChanged) this.#paths = this.#match()
    return hasChanged
  }

  #look(path: string, known: Folder | undefined, nowMs: number): Folder | undefined {
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (!stats?.isDirectory()) return undefined
      if (known?.isSettled && known.mtimeNs === stats.mtimeNs && known.ino === stats.ino) return known
      const isSettled = nowMs - Number(stats.mtimeNs / 1_000_000n) > SETTLED_MS
      const entries = readdirSync(path, { withFileTypes: true })
      return { mtimeNs: stats.mtimeNs, ino: stats.ino, isSettled, ...sorted(entries) }
    } catch {
      return undefined // Not for us (yet), or gone: looked at again in the next round.
    }
  }

  #match(): string[] {
    const paths: string[] = []
    for (const [path, folder] of this.#folders) {
      for (const name of folder.files) {
        const file = join(path, name)
        if (this.#globs.matches(file)) paths.push(file)
      }
    }
    return paths.sort()
  }
}

/** Links count as files: what they lead to is seen when they are opened. A linked folder is not entered: it may be a loop. */
function sorted(entries: Dirent[]): { files: string[]; folders: string[] } {
  const files: string[] = []
  const folders: string[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) folders.push(entry.name)
    else if (entry.isFile() || entry.isSymbolicLink() || !isSpecial(entry)) files.push(entry.name)
  }
  return { files, folders }
}

function isSpecial(entry: Dirent): boolean {
  return entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice()
}
