import { stat } from 'node:fs/promises'
import type { FileOutputConfig } from '../config/schema.ts'
import { codeOf, messageOf } from '../errors.ts'
import type { Clock } from '../run/clock.ts'
import type { ChunkEncoding } from '../store/chunk.ts'
import { AppendFile } from './append-file.ts'
import { transcode } from './codec.ts'
import { rotate, utcDay } from './rotate.ts'
import type { Batch, Destination, Verdict } from './verdict.ts'

/**
 * NDJSON in a file, rotated by size and by UTC day. With zstd the stored frames are appended as they are: frames may follow one another (RFC 8878, 3.1), and
 * `zstdcat` reads them as one text. Accepted means on disk.
 */
export class FileOutput implements Destination {
  readonly #config: FileOutputConfig
  readonly #clock: Clock
  readonly #encoding: ChunkEncoding
  /** Open since the first batch; closed after any failure, so that the next one begins by looking at what is really there. */
  #file: AppendFile | undefined
  #day = 0
  /** Batches one after the other, whoever sends them. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: FileOutputConfig, { clock }: { readonly clock: Clock }) {
    this.#config = config
    this.#clock = clock
    this.#encoding = config.compression === 'none' ? 'identity' : 'zstd'
  }

  send(batch: Batch, signal: AbortSignal): Promise<Verdict> {
    const verdict = this.#turn.then(() => {
      signal.throwIfAborted()
      return this.#append(batch)
    })
    this.#turn = verdict.catch(() => {})
    return verdict
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#letGo()
  }

  async #append(batch: Batch): Promise<Verdict> {
    try {
      let file = await this.#current()
      if (file.endsWith(batch.key)) return { kind: 'accepted' }
      const bytes = await transcode(batch.body, { from: batch.encoding, to: this.#encoding })
      if (this.#isDue(file, bytes.length)) {
        await this.#letGo()
        await rotate(this.#config.path, this.#config.keepCount)
        file = await this.#current()
      }
      await file.append(batch.key, bytes)
      this.#day = utcDay(this.#clock.nowMs())
      return { kind: 'accepted' }
    } catch (error) {
      await this.#letGo()
      return verdictOf(error)
    }
  }

  /** The file that has the name now: someone else's rotation may have taken ours away. */
  async #current(): Promise<AppendFile> {
    const { path } = this.#config
    if (this.#file !== undefined && (await inoOf(path)) !== this.#file.ino) await this.#letGo()
    if (this.#file === undefined) {
      this.#file = await AppendFile.open(path, { isText: this.#encoding === 'identity' })
      this.#day = utcDay(this.#file.modifiedMs)
    }
    return this.#file
  }

  #isDue({ size }: AppendFile, moreBytes: number): boolean {
    const { rotateBytes, rotateEveryDay } = this.#config
    if (size === 0) return false
    return size + moreBytes > rotateBytes || (rotateEveryDay && utcDay(this.#clock.nowMs()) !== this.#day)
  }

  async #letGo(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    // Nothing depends on closing: what was accepted is on disk.
    await file?.close().catch(() => {})
  }
}

async function inoOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const OPERATOR_FAULT = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ENOTDIR',
  'ELOOP',
  'ENXIO',
  'EEXIST',
  'NOT_OUR_FILE',
])

function verdictOf(error: unknown): Verdict {
  const code = codeOf(error)
  const detail = messageOf(error)
  if (FULL.has(code)) return { kind: 'retry', reason: 'disk_full', detail }
  if (OPERATOR_FAULT.has(code)) return { kind: 'retry', reason: 'permission', detail, isOperatorFault: true }
  return { kind: 'retry', reason: 'io', detail }
}
