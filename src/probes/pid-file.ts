import { codeOf } from '../errors.ts'
import { readHead } from './read-head.ts'

export type PidFile =
  | { readonly kind: 'pid'; readonly pid: number; readonly writtenMs: number }
  | { readonly kind: 'bad'; readonly why: string }

/**
 * The start of a process is known to the tick, but the boot it is counted from only to the second, and a clock that is set moves the one and not the other.
 */
const SLACK_MS = 10_000

/** The process number in a pid file, and when it was written. Rejects when it cannot be read. */
export async function readPidFile(path: string): Promise<PidFile> {
  try {
    const head = await readHead(path, 64)
    if (!head) return { kind: 'bad', why: `${path} is not a file` }
    const [first = ''] = head.text.trimStart().split(/\s/)
    if (!/^[1-9]\d{0,9}$/.test(first)) return { kind: 'bad', why: `${path} holds no process number` }
    return { kind: 'pid', pid: Number(first), writtenMs: head.modifiedMs }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
    return { kind: 'bad', why: `there is no ${path}` }
  }
}

/** Whether a process began after the file was written: then it is another one that was given the number. */
export function isReused(startedMs: number, writtenMs: number): boolean {
  return startedMs > writtenMs + SLACK_MS
}
