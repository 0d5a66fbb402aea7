import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { kill } from 'node:process'
import type { Readable } from 'node:stream'
import type { Clock } from '../run/clock.ts'
import { ProgramOutput } from './program-output.ts'
import { type StartFailure, startFailure } from './start-failure.ts'

/**
 * Runs programs that may do anything: hang, ignore SIGTERM, fork, print without end. Each leads a process group of its own (and a session, so it has no
 * terminal), and when its run is over, in whatever way, the whole group is killed. What has left the group by setsid(2) lives on: without a control
 * group of its own, nothing tells it apart. It holds up nothing here, and as part of the agent's unit it is counted and ended by systemd.
 */

export interface Program {
  /** Path or name, and arguments. */
  readonly command: readonly string[]
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string>>
}

export type ProgramEnd =
  | ({ readonly kind: 'not-started' } & StartFailure)
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'killed'; readonly signal: string; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'flooded'; readonly stdout: string; readonly stderr: string }

/** How long children may hold the pipes after the program itself has ended. */
const PIPE_WAIT_MS = 100

type Child = ChildProcessByStdio<null, Readable, Readable>
type Exit = { readonly code: number | null; readonly signal: string | null }

export class ProgramRunner {
  readonly #clock: Pick<Clock, 'sleep'>
  #lingering: number | undefined

  constructor({ clock }: { readonly clock: Pick<Clock, 'sleep'> }) {
    this.#clock = clock
  }

  /** The pid of the run before, if that was killed and is still there: it hangs in the kernel, or belongs to another user. */
  get lingeringPid(): number | undefined {
    return this.#lingering
  }

  /** Rejects with the reason of `signal` when that aborts first. */
  async run(program: Program, signal: AbortSignal): Promise<ProgramEnd> {
    signal.throwIfAborted()
    const { command, workingDirectory } = program
    const [file = '', ...args] = command
    try {
      const child = spawn(file, args, {
        cwd: workingDirectory,
        env: program.environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      if (child.pid === undefined) throw (await once(child, 'error'))[0]
      return await this.#attend(child, child.pid, signal)
    } catch (error) {
      signal.throwIfAborted()
      return { kind: 'not-started', ...(await startFailure(file, workingDirectory, error)) }
    }
  }

  async #attend(child: Child, pid: number, signal: AbortSignal): Promise<ProgramEnd> {
    const over = new AbortController()
    const onAbort = (): void => over.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    let isFlooded = false
    const output = new ProgramOutput(child, () => {
      isFlooded = true
      over.abort()
    })
    const stopped = new Promise<undefined>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    try {
      const exit = await Promise.race([this.#exitOf(child, pid), stopped])
      if (exit) await Promise.race([closed, this.#clock.sleep(PIPE_WAIT_MS, over.signal)])
      signal.throwIfAborted()
      return endOf(exit, isFlooded, output)
    } finally {
      over.abort()
      signal.removeEventListener('abort', onAbort)
      killGroup(pid)
      child.stdout.destroy()
      child.stderr.destroy()
    }
  }

  #exitOf(child: Child, pid: number): Promise<Exit> {
    this.#lingering = pid
    return new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#lingering = undefined
        resolve({ code, signal })
      })
    })
  }
}

function endOf(exit: Exit | undefined, isFlooded: boolean, { stdout, stderr }: ProgramOutput): ProgramEnd {
  if (isFlooded || !exit) return { kind: 'flooded', stdout, stderr }
  if (exit.code === null) return { kind: 'killed', signal: exit.signal ?? 'a signal', stdout, stderr }
  return { kind: 'exited', code: exit.code, stdout, stderr }
}

/**
 * SIGKILL, since what ignores SIGTERM would stay. A number is not given to another group as long as anyone is in this one; an empty one is answered by
 * ESRCH. Programs of other users (sudo) answer EPERM, and live on.
 */
function killGroup(pid: number): void {
  try {
    kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left, or they are not ours to kill: `lingeringPid` tells of the leader.
  }
}
