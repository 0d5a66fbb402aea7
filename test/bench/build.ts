import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PROJECT = join(import.meta.dirname, '../..')
const INPUTS = ['src', 'package.json', 'tsconfig.json']

/** The agent's program in dist/, built anew when it is older than what it is made of. @throws {Error} when that fails. */
export function builtAgent(): string {
  const main = join(PROJECT, 'dist/main.js')
  const builtMs = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (INPUTS.some((name) => newestMs(join(PROJECT, name)) > builtMs)) {
    const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new Error(`Cannot build the agent: npm run build failed, got ${status}`)
  }
  return main
}

/** Folders count: a file that was removed changes its folder. */
function newestMs(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), stat.mtimeMs)
}
