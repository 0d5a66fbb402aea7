import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A FIFO or a device that took the place of the file neither holds up the opening nor is read. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

export interface FileHead {
  readonly text: string
  readonly modifiedMs: number
}

/** The first `maxBytes` of a regular file as text; undefined: it is something else. Rejects when it cannot be read. */
export async function readHead(path: string, maxBytes: number): Promise<FileHead | undefined> {
  const file = await open(path, FLAGS)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return undefined
    return { text: (await headOf(file, maxBytes)).toString('utf8'), modifiedMs: stats.mtimeMs }
  } finally {
    await file.close()
  }
}

/** Files of /proc and the like say nothing of their size, so it is read until nothing comes. */
async function headOf(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes)
  let length = 0
  while (length < maxBytes) {
    const { bytesRead } = await file.read(buffer, length, maxBytes - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}
