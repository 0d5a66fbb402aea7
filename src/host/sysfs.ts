import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { codeOf } from '../errors.ts'
import { withDeadline } from '../run/deadline.ts'

/** Files of the kernel: small, without a size, and gone when the device goes. */

const MAX_FILE_BYTES = 1024 * 1024
/** An attribute of sysfs is at most a page. */
const PAGE_BYTES = 4096
/** A driver that has not answered by then waits for its hardware. */
const SLOW_MS = 2000
/** Threads of the pool (four of them) that hung drivers may hold. */
const MAX_STUCK = 2

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO'])

/** The text of a file; undefined when there is none. @throws when it cannot be read, or is larger than 1 MiB. */
export function textOf(path: string): string | undefined {
  const file = orGone(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  if (file === undefined) return undefined
  try {
    return orGone(() => readAll(file, path))
  } finally {
    closeSync(file)
  }
}

function readAll(file: number, path: string): string {
  const chunks: Buffer[] = []
  for (let bytes = 0; ; ) {
    const chunk = Buffer.allocUnsafe(PAGE_BYTES * 4)
    const count = readSync(file, chunk)
    if (count === 0) return Buffer.concat(chunks).toString('utf8')
    bytes += count
    if (bytes > MAX_FILE_BYTES) throw new Error(`Cannot read ${path}: expected at most 1 MiB`)
    chunks.push(chunk.subarray(0, count))
  }
}

/** The names in a folder, sorted; undefined when there is none. */
export function namesIn(folder: string): string[] | undefined {
  return orGone(() => readdirSync(folder).sort(byNumber))
}

/** md2 before md10. */
export const byNumber = new Intl.Collator('en', { numeric: true }).compare

function orGone<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (GONE.has(codeOf(error))) return undefined
    throw error
  }
}

/** The number a file consists of; undefined when it is anything else. */
export function numberIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? ''
  return /^[+-]?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : undefined
}

/**
 * Files whose reading asks a driver, which may fail or hang. Whatever goes wrong with one costs only that one. A file that hangs keeps
 * a thread of the pool, so it is not asked again before it answers, and with two of those nothing is.
 */
export class DriverFiles {
  readonly #stuck = new Set<string>()

  /** The text of an attribute; undefined when it cannot be had. @throws when too much hangs, or `signal` aborts. */
  async textOf(path: string, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted()
    if (this.#stuck.size >= MAX_STUCK)
      throw new Error(`Cannot read sensors: no answer from ${[...this.#stuck].join(', ')}`)
    if (this.#stuck.has(path)) return undefined
    this.#stuck.add(path)
    const reading = readPage(path).finally(() => this.#stuck.delete(path))
    try {
      return await withDeadline(SLOW_MS, signal, () => reading)
    } catch {
      signal.throwIfAborted()
      return undefined
    }
  }
}

async function readPage(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PAGE_BYTES), 0, PAGE_BYTES, null)
  return buffer.toString('utf8', 0, bytesRead)
}
