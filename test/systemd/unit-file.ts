import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from './checkout.ts'

export const unitPath = join(projectFolder, 'systemd/obs-agent.service')

/** The words after every `key=` of the unit, in order of appearance. */
export async function unitWords(key: string): Promise<string[]> {
  const lines = (await readFile(unitPath, 'utf8')).split('\n')
  return lines.filter((line) => line.startsWith(`${key}=`)).flatMap((line) => line.slice(key.length + 1).split(' '))
}
