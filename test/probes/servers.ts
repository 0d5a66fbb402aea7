import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Real servers, each in a folder of its own, on a free port of 127.0.0.1, not as root, and ended by their pid. */

/** Debian keeps the programs of PostgreSQL off the path; names of the versions we know. */
process.env.PATH += [15, 16, 17, 18].map((version) => `${delimiter}/usr/lib/postgresql/${version}/bin`).join('')

/** Longest that a server may take to be ready, on a busy machine. */
const READY_MS = 60_000

export interface RunningServer {
  readonly port: number
  readonly folder: string
  readonly process: ChildProcess
  signal(name: NodeJS.Signals): void
  /** SIGKILL, and nothing of it is left. */
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}

/** A folder that `user` owns, where root makes it. */
export function folderOf(user: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'obs-probe-'))
  if (isRoot()) execFileSync('chown', [user, folder])
  chmodSync(folder, 0o750)
  return folder
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** The same command as `user`, where root gives it. setpriv becomes the program, so its pid is the server's; it ends with this process, however that ends. */
export function commandAs(user: string, command: readonly string[]): [string, string[]] {
  const [program = '', ...args] = isRoot()
    ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--pdeathsig=KILL', ...command]
    : command
  return [program, args]
}

export function runAs(user: string, command: readonly string[], input?: string): string {
  const [program, args] = commandAs(user, command)
  return execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8', ...(input !== undefined && { input }) })
}

interface Start {
  readonly user: string
  readonly folder: string
  readonly port: number
  readonly command: readonly string[]
  /** What it prints when it takes connections. */
  readonly ready: RegExp
}

export async function start({ user, folder, port, command, ready }: Start): Promise<RunningServer> {
  const [program, args] = commandAs(user, command)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  const exited = once(child, 'exit')
  const end = (): unknown => child.kill('SIGKILL')
  process.once('exit', end)
  const server: RunningServer = {
    port,
    folder,
    process: child,
    signal: (name) => child.kill(name),
    async stop() {
      child.kill('SIGKILL')
      await exited
      process.off('exit', end)
      // Children of a killed server may still write for a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${program} ${why}: ${printed.slice(-2000)}`))
    const timer = setTimeout(() => fail('is not ready'), READY_MS)
    child.once('exit', () => fail('ended'))
    child.once('error', (error) => fail(error.message))
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        printed = (printed + text).slice(-100_000)
        if (!ready.test(printed)) return
        clearTimeout(timer)
        resolve()
      })
    }
  }).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return server
}
