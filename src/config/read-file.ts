import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { codeOf } from '../errors.ts'

export type FileRead =
  | { readonly kind: 'ok'; readonly text: string; readonly isWorldReadable: boolean }
  | {
      readonly kind: 'bad'
      readonly reason: string
      readonly hint?: string
      readonly line?: number
      readonly column?: number
    }

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ENOTDIR: 'lies below something that is not a folder',
  ELOOP: 'is a circle of links',
  ENAMETOOLONG: 'has too long a name',
  ENXIO: 'is not a regular file',
}

/** A whole UTF-8 file of at most `maxBytes`. Never throws, and never waits: a pipe or a device is refused. */
export function readTextFile(path: string, maxBytes: number): FileRead {
  let descriptor: number
  try {
    // Opening a pipe without NONBLOCK would wait for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return { kind: 'bad', reason: reasonOf(error) }
  }
  try {
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) return { kind: 'bad', reason: 'is a folder' }
    if (!stat.isFile()) return { kind: 'bad', reason: 'is not a regular file' }
    const bytes = readAll(descriptor, maxBytes + 1)
    if (bytes.length > maxBytes) return { kind: 'bad', reason: `is larger than ${maxBytes / 1024} KiB` }
    return decode(bytes, (stat.mode & 0o004) !== 0)
  } catch (error) {
    return { kind: 'bad', reason: reasonOf(error) }
  } finally {
    closeSync(descriptor)
  }
}

/** Why a file cannot be used, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? `cannot be read${code && ` (${code})`}`
}

/** Not by the size that stat tells: files of /proc tell 0, and a file may grow while it is read. */
function readAll(descriptor: number, limit: number): Buffer {
  const buffer = Buffer.allocUnsafe(limit)
  let length = 0
  while (length < limit) {
    const count = readSync(descriptor, buffer, length, limit - length, null)
    if (count === 0) break
    length += count
  }
  return buffer.subarray(0, length)
}

function decode(bytes: Buffer, isWorldReadable: boolean): FileRead {
  const hint = 'save it as UTF-8'
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { kind: 'bad', reason: 'is UTF-16 text', hint }
  }
  const text = bytes.toString('utf8')
  if (!isUtf8(bytes))
    return { kind: 'bad', reason: 'is not UTF-8 text', hint, ...placeOf(text, firstDifference(bytes, text)) }
  const nul = text.indexOf('\0')
  if (nul !== -1)
    return { kind: 'bad', reason: 'holds a NUL character, so it is not text', hint, ...placeOf(text, nul) }
  return { kind: 'ok', text: text.replace(/^\ufeff/, ''), isWorldReadable }
}

/** Index in `text` of the first character that does not stand for bytes of the file. */
function firstDifference(bytes: Buffer, text: string): number {
  let index = text.indexOf('\ufffd')
  while (index !== -1) {
    const offset = Buffer.byteLength(text.slice(0, index))
    if (!bytes.subarray(offset, offset + 3).equals(Buffer.from('\ufffd'))) return index
    index = text.indexOf('\ufffd', index + 1)
  }
  return 0
}

function placeOf(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
