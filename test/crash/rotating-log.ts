import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Generation, lineOf, type Oracle } from './oracle.ts'
import type { Random } from './random.ts'

/** How a log file is rotated; the words are logrotate's. */
export interface Scheme {
  readonly name: string
  readonly how: 'create' | 'copytruncate'
  readonly compress: 'no' | 'compress' | 'delaycompress'
  /** `app.log.1`, or `app.log-20261124-7`. */
  readonly extension: 'number' | 'date'
  /** The writer goes on for a while in the file that was renamed. */
  readonly isLate: boolean
  /** What the agent is told to read: the log itself, or its rotated files too. */
  readonly glob: 'app.log' | 'app.log*'
}

export const SCHEMES: readonly Scheme[] = [
  { name: 'rename', how: 'create', compress: 'no', extension: 'number', isLate: true, glob: 'app.log' },
  { name: 'renamed-too', how: 'create', compress: 'no', extension: 'number', isLate: true, glob: 'app.log*' },
  { name: 'truncate', how: 'copytruncate', compress: 'no', extension: 'number', isLate: false, glob: 'app.log' },
  {
    name: 'truncate-gz',
    how: 'copytruncate',
    compress: 'compress',
    extension: 'date',
    isLate: false,
    glob: 'app.log*',
  },
  { name: 'gz', how: 'create', compress: 'compress', extension: 'number', isLate: false, glob: 'app.log' },
  { name: 'gz-later', how: 'create', compress: 'delaycompress', extension: 'date', isLate: true, glob: 'app.log' },
  { name: 'gz-too', how: 'create', compress: 'delaycompress', extension: 'number', isLate: true, glob: 'app.log*' },
]

interface Rotated {
  path: string
  readonly generation: Generation
}

/** Rotated files that are kept. Older ones go when all their lines are in the store: a line that is not may not be lost. */
const KEEP = 5
/** Nothing is rotated while this many are kept: an agent that gets no time to read shall not have more and more to find. */
const MOST = 15

/**
 * A log file with its writer and its logrotate. Between any two steps the agent may look, or die. A copy is made and the file
 * truncated without a line in between: what a line written there would prove is only that copytruncate loses lines.
 */
export class RotatingLog {
  readonly scheme: Scheme
  readonly folder: string
  /** How likely a rotation is after a few lines; none before the agent has seen the file once. */
  rotationChance = 0
  rotations = 0
  readonly #oracle: Oracle
  readonly #random: Random
  readonly #path: string
  readonly #rotated: Rotated[] = []
  #fd: number
  #generation: Generation
  #generations = 0

  constructor(folder: string, scheme: Scheme, deps: { oracle: Oracle; random: Random }) {
    this.folder = join(folder, scheme.name)
    mkdirSync(this.folder)
    this.scheme = scheme
    this.#oracle = deps.oracle
    this.#random = deps.random
    this.#path = join(this.folder, 'app.log')
    this.#fd = openSync(this.#path, 'a')
    this.#generation = this.#begin()
  }

  #begin(): Generation {
    return this.#oracle.begin(`${this.scheme.name}.${this.#generations++}`)
  }

  /** Writes and rotates until `signal` aborts, and leaves no line unfinished. */
  async run(signal: AbortSignal): Promise<void> {
    const random = this.#random
    while (!signal.aborted) {
      await this.#write(random.integer(1, 6))
      if (random.chance(this.rotationChance)) await this.#rotate()
      await sleep(random.integer(5, 70))
    }
    closeSync(this.#fd)
  }

  async #write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const random = this.#random
      if (random.chance(0.02)) writeSync(this.#fd, ' \n')
      const line = this.#nextLine()
      const cut = random.chance(0.1) ? random.integer(1, line.length - 1) : 0
      if (cut > 0) {
        writeSync(this.#fd, line.subarray(0, cut))
        await this.#pause(30)
      }
      writeSync(this.#fd, line.subarray(cut))
      this.#generation.written++
    }
  }

  #nextLine(): Buffer {
    return Buffer.from(`${lineOf(this.#generation, this.#random)}\n`)
  }

  async #pause(mostMs: number): Promise<void> {
    if (this.#random.chance(0.5)) await sleep(this.#random.integer(0, mostMs))
  }

  async #rotate(): Promise<void> {
    const { how, compress } = this.scheme
    this.#removeOld()
    if (statSync(this.#path).size === 0 || this.#rotated.length >= MOST) return
    this.rotations++
    const last = this.#rotated[0]
    if (compress === 'delaycompress' && last) await this.#compress(last)
    await this.#shift()
    if (how === 'create') await this.#rename()
    else await this.#copyAndTruncate()
    const newest = this.#rotated[0]
    if (compress === 'compress' && newest) await this.#compress(newest)
  }

  #removeOld(): void {
    const rotated = this.#rotated
    for (let i = rotated.length - 1; i >= KEEP; i--) {
      const old = rotated[i]
      if (!old || old.generation.stored < old.generation.written) return
      rmSync(old.path)
      rotated.pop()
    }
  }

  /** Makes room for the first number. */
  async #shift(): Promise<void> {
    const rotated = this.#rotated
    if (this.scheme.extension === 'date') return
    for (let i = rotated.length; i > 0; i--) {
      const one = rotated[i - 1]
      if (!one) continue
      const path = `${this.#path}.${i + 1}${one.path.endsWith('.gz') ? '.gz' : ''}`
      renameSync(one.path, path)
      one.path = path
      if (this.#random.chance(0.2)) await this.#pause(5)
    }
  }

  #target(): string {
    return this.scheme.extension === 'number' ? `${this.#path}.1` : `${this.#path}-20261124-${this.rotations}`
  }

  async #rename(): Promise<void> {
    const path = this.#target()
    const [oldFd, oldGeneration] = [this.#fd, this.#generation]
    const isLate = this.scheme.isLate && this.#random.chance(0.5)
    const line = isLate ? this.#nextLine() : undefined
    const half = line ? this.#random.integer(1, line.length - 1) : 0
    if (line) writeSync(oldFd, line.subarray(0, half))
    renameSync(this.#path, path)
    this.#rotated.unshift({ path, generation: oldGeneration })
    await this.#pause(15)
    this.#fd = openSync(this.#path, 'a')
    this.#generation = this.#begin()
    if (line) {
      if (this.#random.chance(0.5)) await this.#write(this.#random.integer(1, 3))
      writeSync(oldFd, line.subarray(half))
      oldGeneration.written++
      await this.#pause(20)
      for (let i = this.#random.integer(0, 3); i > 0; i--) {
        writeSync(oldFd, `${lineOf(oldGeneration, this.#random)}\n`)
        oldGeneration.written++
      }
    }
    closeSync(oldFd)
  }

  async #copyAndTruncate(): Promise<void> {
    const path = this.#target()
    const text = readFileSync(this.#path)
    await this.#writeInTwo(path, text)
    await this.#pause(25)
    ftruncateSync(this.#fd, 0)
    this.#rotated.unshift({ path, generation: this.#generation })
    this.#generation = this.#begin()
  }

  /** As gzip(1) does it: beside the original, with its times, and only then without it. */
  async #compress(rotated: Rotated): Promise<void> {
    const path = `${rotated.path}.gz`
    const { atime, mtime } = statSync(rotated.path)
    await this.#writeInTwo(path, gzipSync(readFileSync(rotated.path)))
    utimesSync(path, atime, mtime)
    await this.#pause(15)
    rmSync(rotated.path)
    rotated.path = path
  }

  async #writeInTwo(path: string, bytes: Buffer): Promise<void> {
    const half = this.#random.integer(0, bytes.length)
    const fd = openSync(path, 'wx')
    writeSync(fd, bytes.subarray(0, half))
    await this.#pause(10)
    writeSync(fd, bytes.subarray(half))
    closeSync(fd)
  }
}
