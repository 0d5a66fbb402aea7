import { hash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Reloaded } from '../agent/reloads.ts'
import type { Loaded } from '../config/load.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import { pack, unpack } from '../config/transfer.ts'
import { workerUrl } from '../run/worker-url.ts'

export type ReadConfig =
  | (Extract<Reloaded, { kind: 'ok' }> & { readonly warnings: readonly string[] })
  | Extract<Reloaded, { kind: 'bad' }>

/** Reads agent.yaml and conf.d in a thread of its own. Never rejects. */
export async function readConfig(path: string, env: Readonly<Record<string, string | undefined>>): Promise<ReadConfig> {
  const loaded = await loadInThread(path, env)
  const texts = (problems: readonly Problem[]): string[] => problems.map(formatProblem)
  if (loaded.kind === 'bad') return { kind: 'bad', problems: texts(loaded.problems) }
  const { config } = loaded
  const checksum = hash('sha256', JSON.stringify(pack(config)), 'hex').slice(0, 12)
  return { kind: 'ok', config, hash: checksum, warnings: texts(loaded.warnings) }
}

type Read = Exclude<Loaded, { kind: 'ok' }> | Omit<Extract<Loaded, { kind: 'ok' }>, 'tree'>

function loadInThread(path: string, env: Readonly<Record<string, string | undefined>>): Promise<Read> {
  const worker = new Worker(workerUrl(import.meta.url, '../config-reader'), {
    name: 'config',
    workerData: { path, env: { ...env } },
  })
  return new Promise((resolve) => {
    worker.on('message', (packed: unknown) => resolve(unpack(packed) as Read))
    worker.on('error', (error) => {
      const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
      resolve({ kind: 'bad', problems: [{ file: path, line: 0, column: 0, path: '', message }] })
    })
  })
}
