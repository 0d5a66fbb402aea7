import type { FileHandle } from 'node:fs/promises'

/** What is about to be appended to which file: written down, and forced to disk, before it is done. See AppendFile. */
export interface Intent {
  readonly key: string
  /** The file's inode: a file that was rotated away takes its intent with it. */
  readonly ino: number
  readonly start: number
  readonly length: number
  readonly crc: number
}

/** One line of JSON at the beginning of the file, padded, so that a shorter one covers a longer one; one sector, so that it is there or not. */
const INTENT_BYTES = 512

export async function writeIntent(file: FileHandle, intent: Intent): Promise<void> {
  await file.write(Buffer.from(`${JSON.stringify(intent).padEnd(INTENT_BYTES - 1)}\n`), 0, undefined, 0)
  await file.datasync()
}

/** The last intent for the file `ino`; undefined when there is none, it is not readable, or it is for another file. */
export async function readIntent(file: FileHandle, ino: number): Promise<Intent | undefined> {
  const intent = parseIntent((await readAt(file, { start: 0, length: INTENT_BYTES })).toString())
  return intent?.ino === ino ? intent : undefined
}

/** Anything may stand in the file. */
function parseIntent(text: string): Intent | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { key, ino, start, length, crc } = value as Partial<Record<keyof Intent, unknown>>
  if (typeof key !== 'string' || !isCount(ino) || !isCount(start) || !isCount(length) || !isCount(crc)) return undefined
  return { key, ino, start, length, crc }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Up to `length` bytes: fewer at the end of the file. */
export async function readAt(file: FileHandle, { start, length }: { start: number; length: number }): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, start + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer.subarray(0, done)
}
