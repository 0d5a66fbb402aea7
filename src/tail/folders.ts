import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { originalNames } from './rotated-names.ts'

/** A folder whose time is younger than this may change again without its time moving: kernels stamp files by the tick. */
export const SETTLED_MS = 1000

/** Two ticks of the slowest kernels: a folder that changes later than this after its last change has another time then. */
const TICK_MS = 20

interface Listing {
  readonly mtimeNs: bigint
  readonly ino: bigint
  readonly paths: readonly string[]
  /** By the name they may be a rotated form of. */
  readonly byOriginal: ReadonlyMap<string, readonly string[]>
  /** By inode, of what they lead to; made when it is asked for the first time. */
  byInode?: ReadonlyMap<string, readonly string[]>
}

/**
 * Listings of folders, kept for as long as the folder does not change. After a night's rotation of two thousand files each
 * is searched for among all of them: without this, that takes a minute.
 */
export class Folders {
  readonly #nowMs: () => number
  readonly #listings = new Map<string, Listing>()

  /** `nowMs`: wall time. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Paths beside `path`, itself left out. */
  siblings(path: string): string[] {
    return this.#list(dirname(path)).paths.filter((sibling) => sibling !== path)
  }

  /** Paths in the folder of `path` that carry a rotated name of it, in no order; none when the folder cannot be read. */
  rotatedSiblings(path: string): readonly string[] {
    return this.#list(dirname(path)).byOriginal.get(basename(path)) ?? []
  }

  /** Paths beside `path` that lead to the inode `ino`; a hint, since links may be switched without the folder changing. */
  withInode(path: string, ino: string): string[] {
    const listing = this.#list(dirname(path))
    listing.byInode ??= indexByInode(listing.paths)
    return (listing.byInode.get(ino) ?? []).filter((sibling) => sibling !== path)
  }

  /** Repeats a search in the folder of `path` during which names came or went: a file may be renamed under our eyes. */
  settled<T>(path: string, search: () => T): T {
    const folder = dirname(path)
    for (let tries = 0; ; tries++) {
      const before = this.#list(folder)
      const found = search()
      const after = this.#list(folder)
      if (tries === 4 || before === after || before.paths.join('\0') === after.paths.join('\0')) return found
    }
  }

  #list(folder: string): Listing {
    const known = this.#listings.get(folder)
    try {
      const stats = statSync(folder, { bigint: true })
      if (known && known.mtimeNs === stats.mtimeNs && known.ino === stats.ino) return known
      const listing = createListing(folder, stats)
      const isSettled = this.#nowMs() - Number(stats.mtimeNs / 1_000_000n) > TICK_MS
      if (isSettled) this.#listings.set(folder, listing)
      else this.#listings.delete(folder)
      return listing
    } catch {
      this.#listings.delete(folder)
      return NOTHING // Gone or not for us: then nothing of the file can be found there.
    }
  }
}

const NOTHING: Listing = { mtimeNs: 0n, ino: 0n, paths: [], byOriginal: new Map() }

function createListing(folder: string, { mtimeNs, ino }: BigIntStats): Listing {
  const names = readdirSync(folder)
  const byOriginal = new Map<string, string[]>()
  for (const name of names) for (const original of originalNames(name)) push(byOriginal, original, join(folder, name))
  return { mtimeNs, ino, paths: names.map((name) => join(folder, name)), byOriginal }
}

function indexByInode(paths: readonly string[]): Map<string, string[]> {
  const byInode = new Map<string, string[]>()
  for (const path of paths) {
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (stats?.isFile()) push(byInode, String(stats.ino), path)
    } catch {
      // A link that leads nowhere, or to where we may not look.
    }
  }
  return byInode
}

function push(index: Map<string, string[]>, key: string, path: string): void {
  const paths = index.get(key)
  if (!paths) index.set(key, [path])
  else if (!paths.includes(path)) paths.push(path)
}
