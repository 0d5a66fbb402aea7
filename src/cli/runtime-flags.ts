import process from 'node:process'
import { EXIT, FatalError } from '../errors.ts'

/**
 * The flags the agent is measured with. Most of its objects have a short life, and a young generation of 2 MiB a thread is
 * as fast as the usual 16 (medians of three pairs: no difference in CPU) and holds 10 MB less idle and 30 MB less at the peak.
 * A pool of one helper thread for V8 made no difference that could be told from noise.
 */
const FLAGS = ['--max-semi-space-size=2']

/**
 * The usual four are soon all taken: statfs(2) on a file server that is gone and getaddrinfo(3) without an answer each hold one for a minute
 * or more, and compressing chunks and reading files would wait for them.
 */
const POOL_THREADS = '12'

/**
 * Begins the process anew with the flags, in place: the pid, the descriptors and the rest of the environment stay. They cannot be set
 * later. Flags the operator gave win. Returns when they are set, or cannot be.
 */
export function ensureRuntimeFlags(execArgv: readonly string[], argv: readonly string[]): void {
  const missing = FLAGS.filter((flag) => !execArgv.some((given) => given.split('=')[0] === flag.split('=')[0]))
  const [node, ...rest] = argv
  if (missing.length === 0 || node === undefined || typeof process.execve !== 'function') return
  const { UV_THREADPOOL_SIZE: threads = POOL_THREADS } = process.env
  process.execve(node, [node, ...execArgv, ...missing, ...rest], { ...process.env, UV_THREADPOOL_SIZE: threads })
}

const OLDEST = [22, 22] as const

/** @throws {FatalError} when the agent was started by a runtime that is too old for it. */
export function ensureRuntime(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new FatalError(`Cannot run on Node ${version}: Node ${OLDEST.join('.')} or newer is needed`, {
    exitCode: EXIT.failure,
    hint: 'the agent brings its own: run it by node_modules/.bin/node, by npx obs-agent, or by the installed obs-agent',
  })
}
