import { type ChildProcess, spawn } from 'node:child_process'
import { codeOf } from '../errors.ts'

/** All that programs get to see of an environment: the folders of the system, never what the agent was started with. */
export const PROGRAM_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
  LANG: 'C',
}

export type ProgramOutcome =
  /** It ended by itself; `output` is what it printed, `complaint` the first line of stderr. */
  | { readonly kind: 'exited'; readonly code: number; readonly output: string; readonly complaint: string }
  /** There is no such program here. */
  | { readonly kind: 'missing' }
  /** It did not start, was ended by a signal, or had to be killed. */
  | { readonly kind: 'failed'; readonly reason: string }

export interface ProgramOptions {
  /** A name that is looked for in the folders of the system, or a path. */
  readonly path: string
  /** Printing more than this gets it killed. */
  readonly maxOutputBytes: number
  /** Starts it in another way than by `path`, with stdout as a pipe. */
  readonly start?: () => ChildProcess
}

/** Stderr is only for messages. */
const MAX_COMPLAINT_BYTES = 4096

/**
 * A program of this host, run without a shell and with nothing of the agent's environment. At most one of it runs: while one that
 * was killed does not go (it waits inside the kernel), no other is started.
 */
export class Program {
  readonly #options: ProgramOptions
  #running: ChildProcess | undefined

  constructor(options: ProgramOptions) {
    this.#options = options
  }

  /** Never rejects. On abort the program is killed, and the answer does not wait for its end. */
  run(args: readonly string[], signal: AbortSignal): Promise<ProgramOutcome> {
    if (signal.aborted) return Promise.resolve({ kind: 'failed', reason: 'given up before it began' })
    if (this.#running) return Promise.resolve({ kind: 'failed', reason: 'the run before has not ended' })
    return new Promise((resolve) => {
      const child = this.#start(args)
      if (child instanceof Error) return resolve({ kind: 'failed', reason: child.message })
      const output = collect(child.stdout, this.#options.maxOutputBytes, () => end('it printed too much'))
      const complaint = collect(child.stderr, MAX_COMPLAINT_BYTES, () => {})
      const onAbort = (): void => end('no answer in time')
      const settle = (outcome: ProgramOutcome): void => {
        signal.removeEventListener('abort', onAbort)
        resolve(outcome)
      }
      const end = (reason: string): void => {
        child.kill('SIGKILL')
        // Its children may hold the other ends of the pipes for as long as they like.
        child.stdout?.destroy()
        child.stderr?.destroy()
        settle({ kind: 'failed', reason })
      }
      signal.addEventListener('abort', onAbort, { once: true })
      child.on('error', (error) => {
        this.#running = undefined
        settle(codeOf(error) === 'ENOENT' ? { kind: 'missing' } : { kind: 'failed', reason: error.message })
      })
      child.on('exit', () => {
        this.#running = undefined
      })
      child.on('close', (code, endedBy) => {
        if (code === null) return settle({ kind: 'failed', reason: `ended by ${endedBy}` })
        settle({ kind: 'exited', code, output: output(), complaint: complaint().trim().split('\n', 1)[0] ?? '' })
      })
    })
  }

  #start(args: readonly string[]): ChildProcess | Error {
    try {
      const { path, start } = this.#options
      this.#running = start
        ? start()
        : spawn(path, args, { env: PROGRAM_ENV, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
      return this.#running
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

/** Keeps the first `limitBytes` of a stream, and calls `onMore` once when there is more. Returns how to get them as text. */
function collect(stream: NodeJS.ReadableStream | null, limitBytes: number, onMore: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream?.on('data', (chunk: Buffer) => {
    if (bytes > limitBytes) return
    bytes += chunk.length
    if (bytes > limitBytes) return onMore()
    chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
