import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A file that is only there to be removed: on a full disk SQLite cannot even delete rows (promises §3.5), and giving this
 * space back lets it. Really written, since a sparse file holds no blocks.
 */
export class Ballast {
  readonly #path: string
  readonly #bytes: number

  constructor(dataDir: string, bytes: number = 8 * 2 ** 20) {
    this.#path = join(dataDir, 'ballast')
    this.#bytes = bytes
  }

  /** All of it: a kill may have left a part. */
  isHeld(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= this.#bytes
  }

  /** Gives the space back. */
  release(): void {
    rmSync(this.#path, { force: true })
  }

  /** Gives the space back if less than `floorBytes`, or than the ballast itself, is free: before a database is opened. */
  releaseIfShort(floorBytes: number): void {
    if (freeBytes(this.#path) < Math.max(floorBytes, this.#bytes)) this.release()
  }

  /** Takes the space again when `spareBytes` would be left beside it. Never throws: going without is better than failing. */
  hold(spareBytes: number): void {
    if (this.isHeld() || freeBytes(this.#path) < this.#bytes + spareBytes) return
    try {
      const fd = openSync(this.#path, 'w', 0o600)
      try {
        // Not zeros: a file system that compresses would keep nothing.
        const block = Buffer.alloc(65_536, 'obs-agent ballast, removed when the disk is full\n')
        for (let written = 0; written < this.#bytes; written += block.length) writeSync(fd, block)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    } catch {
      rmSync(this.#path, { force: true })
    }
  }
}

/** Bytes an ordinary user may still write on the file system of `path` (or of its folder). */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(statSync(path, { throwIfNoEntry: false }) ? path : join(path, '..'))
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY // Unknown is not full.
  }
}
