import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createServer, Socket } from 'node:net'

/** Whether a program is there. In CI it must be. */
export function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' })
    return true
  } catch (error) {
    if (process.env.CI) throw error
    return false
  }
}

export interface Program {
  /** Ends it and waits for its end. */
  stop(): Promise<void>
}

/** Starts a server in the foreground, and resolves when `isUp` does. Rejects with what it printed when it ends before. */
export async function startProgram(
  [program = '', ...args]: readonly string[],
  isUp: () => Promise<boolean>,
): Promise<Program> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const streams = [child.stdout, child.stderr]
  for (const stream of streams) stream.on('data', (data) => (printed += data))
  // tap tears down when nothing keeps the process alive, so this must not.
  const unref = (): void => {
    child.unref()
    for (const stream of streams) if (stream instanceof Socket) stream.unref()
  }
  for (let tries = 0; tries < 200; tries++) {
    if (await isUp()) {
      unref()
      return { stop: () => stopped(child, ended) }
    }
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await stopped(child, ended)
  throw new Error(`${program} does not start: ${printed}`)
}

async function stopped(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref()
  if (child.exitCode === null) child.kill('SIGTERM')
  await ended
}

export async function isAnswering(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** A port that nothing listens on, most likely also in a moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
