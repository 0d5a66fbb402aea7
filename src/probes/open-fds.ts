import { opendir, stat } from 'node:fs/promises'
import { codeOf } from '../errors.ts'
import type { LoneCall } from './lone-call.ts'
import { isGone } from './processes.ts'

/** A sum over more processes than this says little, and each takes two calls. */
const MAX_PROCESSES = 64

interface OpenFds {
  readonly pids: readonly number[]
  readonly lone: LoneCall
  readonly signal: AbortSignal
}

/** Descriptors that processes have open together. Undefined: those of one of them are not shown to the agent, or there are too many processes. */
export async function openFdCount(proc: string, { pids, lone, signal }: OpenFds): Promise<number | undefined> {
  if (pids.length > MAX_PROCESSES) return undefined
  let sum = 0
  for (const pid of pids) {
    const count = await lone.ask(`the descriptors of process ${pid}`, () => countOf(`${proc}/${pid}/fd`), signal)
    if (count === undefined) return undefined
    sum += count
  }
  return sum
}

/** Since Linux 6.2 the size of the folder is the number of descriptors; before, it is 0 and they are counted. */
async function countOf(folder: string): Promise<number | undefined> {
  try {
    const { size } = await stat(folder)
    let count = 0
    // To look at the size one needs no permission, so the folder is opened all the same.
    const entries = await opendir(folder, { bufferSize: 1024 })
    if (size > 0) {
      await entries.close()
      return size
    }
    for await (const _ of entries) count += 1
    return count
  } catch (error) {
    if (isGone(error)) return 0
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return undefined
    throw error
  }
}
