import { type ChildProcess, spawn } from 'node:child_process'
import type { Opened } from '../network/opened.ts'

/** What became of one run of ping. */
export interface Pinged {
  /** Exit code; undefined when a signal ended it. */
  readonly code: number | undefined
  readonly output: string
  readonly errors: string
}

/** One reply is a few hundred bytes. */
const MAX_OUTPUT_BYTES = 16 * 1024
/** Where systems keep ping. Nothing of the agent's own environment goes along; the texts are to be the untranslated ones. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Sends one packet. `onStarted` is called when the program runs. Rejects when it cannot be started (`ENOENT`: there is none). */
export function ping(
  { program, address, waitSeconds }: { program: string; address: string; waitSeconds: number },
  { opened, onStarted }: { opened: Opened; onStarted: () => void },
): Promise<Pinged> {
  const args = ['-n', '-c', '1', '-W', String(waitSeconds), address]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: ENVIRONMENT })
  opened.add({ close: () => child.kill('SIGKILL') })
  return new Promise((resolve, reject) => {
    const [output, errors] = [gather(child.stdout), gather(child.stderr)]
    child.once('spawn', onStarted)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? undefined, output: output(), errors: errors() }))
  })
}

function gather(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('latin1').on('data', (chunk: string) => {
    if (text.length < MAX_OUTPUT_BYTES) text += chunk.slice(0, MAX_OUTPUT_BYTES - text.length)
  })
  return () => text
}
