import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { compilePattern, matchedChars } from '../config/pattern.ts'
import type { ProcessProbeConfig } from '../config/probes/process.ts'
import { type Clock, yieldToLoop } from '../run/clock.ts'
import { CommandLines } from './command-lines.ts'
import type { LoneCall } from './lone-call.ts'
import { isReused, type PidFile } from './pid-file.ts'
import { bootMs, listPids, type ProcessStat, readStatus, StatReader, startMs, uidOf } from './processes.ts'
import { plainText } from './words.ts'

/** Longest that /proc is read before others have their turn. */
const TURN_MS = 3

export interface FoundProcess {
  readonly stat: ProcessStat
  readonly startedMs: number
  readonly residentBytes: number
}

export interface FoundProcesses {
  readonly processes: readonly FoundProcess[]
  /** That have ended and would have been among them. */
  readonly zombieCount: number
  /** Why there are none, when it is not that none fits. */
  readonly why?: string
}

export interface FinderDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'nowMs'>
  readonly proc: string
  readonly lone: LoneCall
}

interface Sweep {
  readonly bootedMs: number
  readonly uid: number | undefined
  readonly signal: AbortSignal
}

/** Finds the processes that a configuration means. */
export class ProcessFinder {
  readonly #config: ProcessProbeConfig
  readonly #deps: FinderDeps
  readonly #stats: StatReader
  readonly #lines: CommandLines
  readonly #pattern: RegExp | undefined
  readonly #maxChars: number

  constructor(config: ProcessProbeConfig, deps: FinderDeps) {
    const { commandPattern } = config
    this.#config = config
    this.#deps = deps
    this.#stats = new StatReader(deps.proc)
    this.#lines = new CommandLines(deps.proc, deps)
    this.#pattern = commandPattern === undefined ? undefined : compilePattern(commandPattern)
    this.#maxChars = commandPattern === undefined ? 0 : matchedChars(commandPattern)
  }

  async find(pidFile: PidFile | undefined, signal: AbortSignal): Promise<FoundProcesses> {
    const { clock, proc } = this.#deps
    const sweep = { bootedMs: bootMs(proc), uid: this.#uid(), signal }
    const why = pidFile && this.#staleness(pidFile, sweep)
    if (why !== undefined) return { processes: [], zombieCount: 0, why }
    const pids = pidFile?.kind === 'pid' ? [pidFile.pid] : listPids(proc)
    const processes: FoundProcess[] = []
    let zombieCount = 0
    // Listing thousands takes some milliseconds by itself.
    await yieldToLoop()
    let turnMs = clock.monotonicMs()
    for (const pid of pids) {
      const found = await this.#look(pid, sweep)
      if (found?.stat.isDead) zombieCount += 1
      else if (found) processes.push(found)
      if (clock.monotonicMs() - turnMs < TURN_MS) continue
      await yieldToLoop()
      signal.throwIfAborted()
      turnMs = clock.monotonicMs()
    }
    this.#lines.keepOnly(pids)
    return { processes, zombieCount }
  }

  /** Why the process that a pid file names is not the one that wrote it. */
  #staleness(pidFile: PidFile, { bootedMs }: Sweep): string | undefined {
    if (pidFile.kind === 'bad') return pidFile.why
    const { pid, writtenMs } = pidFile
    const stat = this.#stats.read(pid)
    if (!stat) return `the pid file is stale: there is no process ${pid}`
    if (!isReused(startMs(stat, bootedMs), writtenMs)) return undefined
    return `the pid file is stale: process ${pid} (${plainText(stat.comm, 32)}) began after it was written`
  }

  async #look(pid: number, { bootedMs, uid, signal }: Sweep): Promise<FoundProcess | undefined> {
    const stat = this.#stats.read(pid)
    if (!stat) return undefined
    const startedMs = startMs(stat, bootedMs)
    if (!(await this.#fits(stat, { ageMs: this.#deps.clock.nowMs() - startedMs, signal }))) return undefined
    const status = readStatus(this.#deps.proc, pid)
    if (!status || (uid !== undefined && status.uid !== uid)) return undefined
    return { stat, startedMs, residentBytes: status.residentBytes }
  }

  async #fits(stat: ProcessStat, look: { readonly ageMs: number; readonly signal: AbortSignal }): Promise<boolean> {
    const { processName: name } = this.#config
    const isNamed = name === undefined || stat.comm === name
    // Of one that has ended only the name is left.
    if (stat.isDead) return isNamed && (name !== undefined || !this.#pattern)
    if (isNamed && !this.#pattern) return true
    const words = await this.#lines.of(stat, look)
    if (!isNamed && posix.basename(words[0] ?? '') !== name) return false
    return !this.#pattern || this.#pattern.test(words.join(' ').slice(0, this.#maxChars))
  }

  #uid(): number | undefined {
    const { user } = this.#config
    if (user === undefined) return undefined
    const uid = uidOf(user, readFileSync('/etc/passwd', 'utf8'))
    if (uid === undefined) throw new Error(`Cannot look for processes of ${user}: /etc/passwd knows no such user`)
    return uid
  }
}
