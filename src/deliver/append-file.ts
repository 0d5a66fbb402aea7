import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Intent, readAt, readIntent, writeIntent } from './intent.ts'

/**
 * A file that whole batches are appended to, each once, across crashes and power cuts.
 *
 * Before a batch, what is about to happen is written down next to the file (`<path>.pos`) and forced to disk: key, place, length, checksum. Whatever
 * a crash leaves beyond that place can only be this batch. At the next open it is either all there, and then a repeat of its key is not appended a second time; or
 * it is cut away. This holds for text and for zstd frames alike, and costs one more fdatasync per batch (0.4–1.5 ms).
 */

/** Thrown for what only an operator can put right. */
export class NotOurFile extends Error {
  readonly code = 'NOT_OUR_FILE'

  constructor(message: string) {
    super(message)
    this.name = 'NotOurFile'
  }
}

/** O_NONBLOCK: opening a named pipe must fail, not wait. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK
const OWNER_ONLY = 0o600
const NEWLINE = 10
/** How far back a line that a crash cut short is looked for: longer than any entry. */
const LONGEST_LINE_BYTES = 4 * 1024 * 1024

export class AppendFile {
  readonly ino: number
  /** Wall time of the last append, ms. */
  readonly modifiedMs: number
  #size: number
  #lastKey: string | undefined
  readonly #file: FileHandle
  readonly #intents: FileHandle

  private constructor(
    files: { file: FileHandle; intents: FileHandle },
    state: Pick<AppendFile, 'ino' | 'modifiedMs'> & { size: number; lastKey: string | undefined },
  ) {
    this.#file = files.file
    this.#intents = files.intents
    this.ino = state.ino
    this.modifiedMs = state.modifiedMs
    this.#size = state.size
    this.#lastKey = state.lastKey
  }

  /** Opens or creates, and undoes what a crash left half done. `isText`: an unfinished last line may be recognised as such. */
  static async open(path: string, { isText }: { isText: boolean }): Promise<AppendFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, FLAGS, OWNER_ONLY)
    let intents: FileHandle | undefined
    try {
      const { ino, mtimeMs, size } = await regular(file, path)
      intents = await open(`${path}.pos`, constants.O_RDWR | constants.O_CREAT, OWNER_ONLY)
      const { size: kept, lastKey } = await recover(file, {
        intent: await readIntent(intents, ino),
        size,
        isText,
        path,
      })
      if (kept < size) await file.truncate(kept)
      // The names must survive a power cut as well as the bytes do: what is acknowledged may be removed from the buffer.
      await syncFolder(dirname(path))
      return new AppendFile({ file, intents }, { ino, modifiedMs: mtimeMs, size: kept, lastKey })
    } catch (error) {
      await file.close()
      await intents?.close()
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** Whether this very batch is the last thing in the file. */
  endsWith(key: string): boolean {
    return this.#lastKey === key
  }

  /** Resolves when the bytes are on disk. When it rejects, the file must be closed and opened anew. */
  async append(key: string, bytes: Buffer): Promise<void> {
    const start = this.#size
    await writeIntent(this.#intents, { key, ino: this.ino, start, length: bytes.length, crc: crc32(bytes) })
    try {
      for (let done = 0; done < bytes.length; ) done += (await this.#file.write(bytes, done)).bytesWritten
      await this.#file.datasync()
    } catch (error) {
      // So that a full disk is not held full by half a batch. Should this fail too, the next open cuts it away.
      await this.#file.truncate(start).catch(() => {})
      throw error
    }
    this.#size += bytes.length
    this.#lastKey = key
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#intents.close()
  }
}

async function regular(file: FileHandle, path: string) {
  const stat = await file.stat()
  if (!stat.isFile()) throw new NotOurFile(`Cannot append to ${path}: it is not a regular file`)
  return stat
}

interface Found {
  readonly intent: Intent | undefined
  readonly size: number
  readonly isText: boolean
  readonly path: string
}

/** How much of the file is whole batches, and which is the last, if known. */
async function recover(
  file: FileHandle,
  { intent, size, isText, path }: Found,
): Promise<{ size: number; lastKey: string | undefined }> {
  if (intent !== undefined && size > intent.start) {
    const { start, length, crc, key } = intent
    const isWhole = size >= start + length && crc32(await readAt(file, { start, length })) === crc
    return isWhole ? { size, lastKey: key } : { size: start, lastKey: undefined }
  }
  return { size: isText && intent === undefined ? await endOfLines(file, size, path) : size, lastKey: undefined }
}

/** Without a record of what was being written, an unfinished line is recognised by what it lacks, if it looks like ours. */
async function endOfLines(file: FileHandle, size: number, path: string): Promise<number> {
  const start = Math.max(0, size - LONGEST_LINE_BYTES)
  const tail = await readAt(file, { start, length: size - start })
  const end = tail.lastIndexOf(NEWLINE) + 1
  if (end === tail.length) return size
  if (tail[end] === '{'.charCodeAt(0) && (end > 0 || start === 0)) return start + end
  throw new NotOurFile(`Cannot append to ${path}: it ends in half a line that is not a log entry`)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
