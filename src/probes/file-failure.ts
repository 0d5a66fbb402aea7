import { codeOf, messageOf } from '../errors.ts'
import type { Finding } from './probe.ts'
import { plainText } from './words.ts'

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it does not exist'],
  ['ENOTDIR', 'it does not exist'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'its symbolic links lead in a circle'],
  ['ESTALE', 'the file server does not know it any more (ESTALE)'],
  ['EIO', 'input/output error (EIO)'],
  ['ENOTCONN', 'its file system is not served any more (ENOTCONN)'],
])

/** Why `path` cannot be looked at, in words. */
export function fileReason(error: unknown): string {
  return REASONS.get(codeOf(error)) ?? messageOf(error)
}

/** A path that could not be looked at: without the permission nothing can be said of it, otherwise something is wrong with it. */
export function fileFailure(path: string, error: unknown): Finding {
  const isDenied = codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM'
  return {
    status: isDenied ? 'unknown' : 'unhealthy',
    message: plainText(`Cannot look at ${path}: ${fileReason(error)}`),
  }
}
