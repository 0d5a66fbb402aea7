import { readdirSync } from 'node:fs'
import path from 'node:path'
import { codeOf } from '../errors.ts'
import { type Problem, wholeFile } from './problem.ts'
import { reasonOf } from './read-file.ts'

/** The files of a conf.d folder, in the order they are merged in. A missing folder is an empty one. */
export function listFragments(dir: string, problems: Problem[], warnings: Problem[]): string[] {
  let names: string[]
  try {
    names = readdirSync(dir).filter((name) => !name.startsWith('.'))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') problems.push(wholeFile(dir, reasonOf(error)))
    return []
  }
  for (const name of names.filter((name) => name.endsWith('.yml'))) {
    warnings.push(wholeFile(path.join(dir, name), 'is not read', 'only names that end in .yaml are'))
  }
  const fragments = names.filter((name) => name.endsWith('.yaml'))
  return fragments.sort((a, b) => (a < b ? -1 : 1)).map((name) => path.join(dir, name))
}
