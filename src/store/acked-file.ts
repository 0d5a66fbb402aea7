import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Checkpoint, isCheckpoint } from './checkpoint.ts'

/** How far files were read when everything before was acknowledged by every output. */
export interface Acked {
  readonly bufferId: string
  readonly seq: number
  readonly checkpoints: readonly Checkpoint[]
}

const NAME = 'acked.json'

/**
 * Keeps the acknowledged positions beside the database, for the day the database is corrupt: reading then resumes here, and
 * nothing that the collector has is read again. Replaced as a whole; a torn write leaves the old one.
 */
export function saveAcked(dataDir: string, acked: Acked): void {
  const path = join(dataDir, NAME)
  const fd = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    // What stands before these offsets was not hashed: the fingerprint alone proves the file.
    const checkpoints = acked.checkpoints.map((c) => ({ ...c, tailBytes: 0, tailHash: '' }))
    writeSync(fd, JSON.stringify({ ...acked, checkpoints }))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.tmp`, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Undefined when there is none, or it cannot be understood: then reading begins where the sources say. */
export function loadAcked(dataDir: string): Acked | undefined {
  try {
    const acked = JSON.parse(readFileSync(join(dataDir, NAME), 'utf8')) as Acked
    const isSound =
      Number.isSafeInteger(acked.seq) && typeof acked.bufferId === 'string' && acked.checkpoints.every(isCheckpoint)
    return isSound ? acked : undefined
  } catch {
    return undefined
  }
}
