import { execve } from 'node:process'

/**
 * The flags of V8 and Node the agent is measured with. A short life is all most of its objects have: with the usual young
 * generation (16 MiB a thread) the idle agent holds 8 MB more and is no faster; and four helper threads for compiling and
 * collecting cost a tenth more CPU on small hosts than one.
 */
const FLAGS = ['--max-semi-space-size=2', '--v8-pool-size=1']

/**
 * Begins the process anew with the flags, in place: the pid, the descriptors and the environment stay. They cannot be set
 * later. Flags the operator gave win. Returns when they are set, or cannot be.
 */
export function ensureRuntimeFlags(execArgv: readonly string[], argv: readonly string[]): void {
  const missing = FLAGS.filter((flag) => !execArgv.some((given) => given.split('=')[0] === flag.split('=')[0]))
  const [node, ...rest] = argv
  if (missing.length === 0 || node === undefined || typeof execve !== 'function') return
  execve(node, [node, ...execArgv, ...missing, ...rest])
}
