import { type FSWatcher, watch } from 'chokidar'
import { messageOf } from '../errors.ts'

/** Rings within one look (1 s) from which on a folder is busy. */
const BUSY_RINGS = 8
/** Looks for which a busy folder stays unwatched, at first; twice as long each time it is busy again, up to the second. */
const MUTED_LOOKS = 15
const MAX_MUTED_LOOKS = 240

interface Watched {
  /** Undefined while the folder is busy. */
  watcher: FSWatcher | undefined
  rings: number
  /** Looks until it is watched again. */
  mutedLooks: number
  /** How long it was muted the last time. */
  lastMutedLooks: number
}

/**
 * The bell: chokidar watches folders and says that something happened at a path. Nothing is decided by it. It goes deaf
 * where inotify runs out, on network file systems, and when its queue overflows; the sweep finds everything anyway, later.
 *
 * A bell that rings all the time tells nothing: a file written 200 times a second costs 5 % of a core in events alone, and
 * files that grow are looked at many times a second anyway. So a busy folder is left unwatched for a while.
 */
export class Watcher {
  readonly #ring: (path: string) => void
  readonly #onDeaf: (reason: string) => void
  readonly #folders = new Map<string, Watched>()
  #isDeaf = false

  constructor(ring: (path: string) => void, onDeaf: (reason: string) => void) {
    this.#ring = ring
    this.#onDeaf = onDeaf
  }

  /** Watches exactly these folders, each without the folders inside it; to be called once a second. */
  cover(folders: Iterable<string>): void {
    const wanted = new Set(folders)
    for (const [path, folder] of this.#folders) {
      if (wanted.has(path)) this.#settle(path, folder)
      else {
        this.#folders.delete(path)
        void folder.watcher?.close()
      }
    }
    if (this.#isDeaf) return
    for (const path of wanted) {
      if (!this.#folders.has(path))
        this.#folders.set(path, { watcher: this.#open(path), rings: 0, mutedLooks: 0, lastMutedLooks: 0 })
    }
  }

  #settle(path: string, folder: Watched): void {
    if (folder.watcher && folder.rings >= BUSY_RINGS) {
      void folder.watcher.close()
      folder.watcher = undefined
      folder.lastMutedLooks = Math.min(MAX_MUTED_LOOKS, 2 * folder.lastMutedLooks || MUTED_LOOKS)
      folder.mutedLooks = folder.lastMutedLooks
    } else if (!folder.watcher && --folder.mutedLooks <= 0 && !this.#isDeaf) folder.watcher = this.#open(path)
    else if (folder.watcher && folder.rings === 0) folder.lastMutedLooks = 0
    folder.rings = 0
  }

  /** Nothing rings for the files in this folder: they must be looked at. */
  isMuted(path: string): boolean {
    return this.#folders.get(path)?.watcher === undefined
  }

  #open(path: string): FSWatcher {
    const watcher = watch(path, { depth: 0, ignoreInitial: true, ignorePermissionErrors: true, atomic: false })
    watcher.on('all', (_event, changed) => {
      const folder = this.#folders.get(path)
      if (folder) folder.rings++
      this.#ring(changed)
    })
    watcher.on('error', (error) => {
      if (this.#isDeaf) return
      this.#isDeaf = true
      this.#onDeaf(messageOf(error))
    })
    return watcher
  }

  async close(): Promise<void> {
    await Promise.all([...this.#folders.values()].map((folder) => folder.watcher?.close()))
    this.#folders.clear()
  }
}
