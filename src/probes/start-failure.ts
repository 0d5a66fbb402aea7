import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { codeOf, messageOf } from '../errors.ts'
import { fileReason } from './file-failure.ts'

export interface StartFailure {
  readonly reason: string
  /** This host, or the agent, cannot run any program just now: it says nothing of the program. */
  readonly isOfHost: boolean
}

const SHORTAGES = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Why a program did not start. spawn(2) has one code for a missing program, a missing interpreter and a missing folder. */
export async function startFailure(program: string, folder: string, error: unknown): Promise<StartFailure> {
  const isOfHost = SHORTAGES.has(codeOf(error))
  if (isOfHost) return { reason: `Cannot run ${program}: this host has no room for it (${codeOf(error)})`, isOfHost }
  const folderProblem = await problemOf(folder)
  if (folderProblem !== undefined) return { reason: `Cannot run ${program} in ${folder}: ${folderProblem}`, isOfHost }
  return { reason: `Cannot run ${program}: ${await programProblem(program, error)}`, isOfHost }
}

async function programProblem(program: string, error: unknown): Promise<string> {
  switch (codeOf(error)) {
    case 'ENOENT':
      if (!program.includes('/')) return 'there is no program of this name in PATH'
      if ((await problemOf(program, constants.F_OK)) !== undefined) return 'it does not exist'
      return 'the interpreter in its first line does not exist'
    case 'EACCES':
      return 'permission denied, or it is not executable'
    case 'ENOEXEC':
      return 'it is not a program for this machine'
    default:
      return codeOf(error) === '' ? messageOf(error) : fileReason(error)
  }
}

async function problemOf(path: string, mode = constants.X_OK): Promise<string | undefined> {
  try {
    // A slash at the end: it must be a folder.
    await access(mode === constants.X_OK ? `${path}/` : path, mode)
    return undefined
  } catch (error) {
    return fileReason(error)
  }
}
