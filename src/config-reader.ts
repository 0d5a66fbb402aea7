import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from './config/load.ts'
import { pack } from './config/transfer.ts'

/**
 * Reads the configuration once, posts what came of it, and ends. A thread of its own, because the YAML parser, the schema
 * and what they leave behind take 10 MB, which the running agent has no use for.
 */

const { path, env } = workerData as { path: string; env: Record<string, string | undefined> }
const loaded = loadConfig(path, { env })
// The tree is for describing; it stays here, with what it says twice.
if (loaded.kind === 'bad') parentPort?.postMessage(pack(loaded))
else {
  const { tree: _tree, ...read } = loaded
  parentPort?.postMessage(pack(read))
}
