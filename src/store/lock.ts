import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, FatalError } from '../errors.ts'
import { named, openForLock, StoreError } from './sqlite.ts'

/**
 * Holds `data_dir` for this process. The lock is SQLite's own on `lock.db`, held by an open transaction, so the kernel
 * lets go of it when the process dies, however it dies. Nobody else in the process may open and close that file: closing
 * any descriptor of it drops POSIX locks (sqlite.org/howtocorrupt.html, 2.2).
 */
export interface DataDirLock {
  release(): void
}

/** @throws {FatalError} when another agent holds it; names its pid. */
export function lockDataDir(dataDir: string, pid: number): DataDirLock {
  const pidFile = join(dataDir, 'agent.pid')
  const db = named(`lock ${dataDir}`, () => openForLock(join(dataDir, 'lock.db')))
  try {
    // The journal in memory: else a full disk would keep the agent from starting.
    named(`lock ${dataDir}`, () => db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'))
  } catch (error) {
    db.close()
    if (!(error instanceof StoreError) || error.code !== 'busy') throw error
    throw new FatalError(`Cannot use ${dataDir}: another obs-agent (pid ${readPid(pidFile)}) is using it`, {
      exitCode: EXIT.config,
      hint: 'stop that agent, or give this one another data_dir',
      cause: error,
    })
  }
  try {
    writeFileSync(pidFile, `${pid}\n`)
  } catch {
    // Only a help for the reader of the message above; a full disk must not keep the agent from starting.
  }
  return {
    release: () => {
      db.exec('ROLLBACK')
      db.close()
    },
  }
}

function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim()
  } catch {
    return 'unknown' // Only a help for the reader of the message.
  }
}
