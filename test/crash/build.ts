import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const projectFolder = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** A change to a source file, by its text. `find` must be there once. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Builds the agent in a folder of its own, with changes. Remove the folder when done. */
export async function buildAgent(patches: readonly Patch[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'obs-agent-build-'))
  try {
    for (const name of ['src', 'package.json', 'tsconfig.json']) {
      await cp(join(projectFolder, name), join(folder, name), { recursive: true })
    }
    await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'))
    for (const patch of patches) await apply(patch, folder)
    const tsc = join(projectFolder, 'node_modules/.bin/tsc')
    await run(tsc, ['-p', join(folder, 'tsconfig.json'), '--noEmit', 'false', '--noCheck'])
    return folder
  } catch (error) {
    await rm(folder, { recursive: true })
    throw error
  }
}

async function apply({ file, find, replace }: Patch, folder: string): Promise<void> {
  const path = join(folder, 'src', file)
  const parts = (await readFile(path, 'utf8')).split(find)
  if (parts.length !== 2) {
    throw new Error(`Cannot patch ${file}: expected its text once, got ${parts.length - 1} times: ${find}`)
  }
  await writeFile(path, parts.join(replace))
}
