import { open } from 'node:fs/promises'
import type { Clock } from '../run/clock.ts'
import type { LoneCall } from './lone-call.ts'
import { isGone, type ProcessStat } from './processes.ts'

/** What of a command line is looked at. */
const MAX_BYTES = 16 * 1024
/** A process may change its command line (setproctitle), so what is known of one is good for so long. */
const FRESH_MS = 60_000
/** Young processes do so most of the time: what is known of one is not kept. */
const YOUNG_MS = 60_000

interface Known {
  readonly stat: ProcessStat
  readonly words: readonly string[]
  readonly readMs: number
}

/**
 * Command lines of processes. Reading one takes the lock on the memory of its process, which a stuck process may hold for ever, so it is done
 * on a thread of its own, one at a time. That costs 95 µs instead of 9 (measured), so those of old processes are kept for a minute.
 */
export class CommandLines {
  readonly #proc: string
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #lone: LoneCall
  readonly #buffer = Buffer.alloc(MAX_BYTES)
  #known = new Map<number, Known>()

  constructor(proc: string, { clock, lone }: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly lone: LoneCall }) {
    this.#proc = proc
    this.#clock = clock
    this.#lone = lone
  }

  /** Its words; none when it has ended, or hides them. `ageMs`: of the process. */
  async of(
    stat: ProcessStat,
    { ageMs, signal }: { readonly ageMs: number; readonly signal: AbortSignal },
  ): Promise<readonly string[]> {
    if (stat.isKernelThread || stat.isDead) return []
    const nowMs = this.#clock.monotonicMs()
    const known = this.#known.get(stat.pid)
    if (known && isSame(known.stat, stat) && nowMs - known.readMs < FRESH_MS) return known.words
    const words = await this.#lone.ask(`the command line of process ${stat.pid}`, () => this.#read(stat.pid), signal)
    if (ageMs < YOUNG_MS) this.#known.delete(stat.pid)
    else this.#known.set(stat.pid, { stat, words, readMs: nowMs })
    return words
  }

  /** Forgets the processes that are no longer. */
  keepOnly(pids: readonly number[]): void {
    const living = new Set(pids)
    for (const pid of this.#known.keys()) if (!living.has(pid)) this.#known.delete(pid)
  }

  async #read(pid: number): Promise<readonly string[]> {
    try {
      const file = await open(`${this.#proc}/${pid}/cmdline`)
      try {
        const { bytesRead } = await file.read(this.#buffer, 0, MAX_BYTES, 0)
        return wordsOf(this.#buffer.toString('utf8', 0, bytesRead))
      } finally {
        await file.close()
      }
    } catch (error) {
      if (isGone(error)) return []
      throw error
    }
  }
}

/** Each word ends with a NUL; a process that wrote a title over them has blanks between, and maybe NULs at the end. */
export function wordsOf(cmdline: string): readonly string[] {
  const text = cmdline.replace(/\0+$/, '')
  return text === '' ? [] : text.split('\0')
}

function isSame(a: ProcessStat, b: ProcessStat): boolean {
  return a.startTicks === b.startTicks && a.comm === b.comm
}
