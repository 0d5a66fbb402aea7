/** What a file is, besides its name. */
export interface FileIdentity {
  readonly dev: string
  readonly ino: string
  /** Birth time in ns, `0` where the file system has none. */
  readonly birthNs: string
}

/**
 * live: found under its path. rotated: found under another name than the one it was opened by, or its path has a new file.
 * gone: nothing of it is left to read.
 */
export type CheckpointState = 'live' | 'rotated' | 'gone'

/** How far a file was read, and what proves at the next start that it is the same file. */
export interface Checkpoint extends FileIdentity {
  readonly fileId: number
  /** The path it was discovered under. */
  readonly path: string
  /** The fingerprint: SHA-256 (first 32 hex digits) of the first `headBytes` bytes, which grows with the file up to 1 KiB. */
  readonly headBytes: number
  readonly headHash: string
  /** Everything before this byte is stored. Always the start of a line. */
  readonly offset: number
  /**
   * The same of the last `tailBytes` (at most 64) before `offset`. A hash, not the bytes: what a log says shall lie on the
   * disk only as its source's `redact` leaves it.
   */
  readonly tailBytes: number
  readonly tailHash: string
  readonly mtimeMs: number
  readonly state: CheckpointState
}

/** Whether what was read of a file that may be damaged looks like a checkpoint. */
export function isCheckpoint(c: Checkpoint): boolean {
  const texts = [c.path, c.dev, c.ino, c.birthNs, c.headHash, c.tailHash]
  const numbers = [c.fileId, c.headBytes, c.tailBytes, c.offset, c.mtimeMs]
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => Number.isSafeInteger(number) && number >= 0) &&
    ['live', 'rotated', 'gone'].includes(c.state)
  )
}
