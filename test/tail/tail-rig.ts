import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { WorkingSource } from '../../src/config/working-source.ts'
import type { Line } from '../../src/parse/line.ts'
import type { Clock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'
import type { FileIdentity } from '../../src/store/checkpoint.ts'
import { ChunkStore, type Commit } from '../../src/store/chunk-store.ts'
import { Ledger } from '../../src/store/ledger.ts'
import type { LineSink } from '../../src/tail/line-sink.ts'
import { createSource, type Source } from '../../src/tail/source.ts'
import { Tailer, type TailerOptions } from '../../src/tail/tailer.ts'
import { LINE_BY_LINE, PLAIN_SOURCE } from './plain-sink.ts'

/** A line as the tailer handed it over. */
export interface TakenLine {
  readonly text: string
  readonly file: string
  readonly offset: number
  readonly consumedBytes: number
  readonly isTruncated: boolean
  readonly isPartial: boolean
  readonly isContinued: boolean
}

/** Waiting is virtual. Wall time is real, since it is compared with the times of real files, but for what a test adds. */
export class TailClock implements Clock {
  #ms = 1_000_000
  wallAheadMs = 0

  nowMs(): number {
    return Date.now() + this.wallAheadMs
  }

  monotonicMs(): number {
    return this.#ms
  }

  advance(ms: number): void {
    this.#ms += ms
  }

  async sleep(): Promise<void> {}
}

/** The bell has rung for every path. */
const EVERYTHING = new (class extends Set<string> {
  override has(): boolean {
    return true
  }
})()

interface Sealed extends Pick<Commit, 'checkpoints' | 'ledger'> {
  readonly lines: readonly TakenLine[]
  readonly seenSources: readonly string[]
}

export interface RigOptions {
  /** Each with an include of `*.log` in the rig's folder, unless it says otherwise; globs are relative to that folder. */
  readonly sources?: readonly Partial<WorkingSource>[]
  readonly options?: Partial<TailerOptions>
  readonly isOwn?: (path: string, identity: FileIdentity) => boolean
  /** Folder of the database: a RAM disk makes thousands of runs affordable. */
  readonly storeParent?: string
}

/**
 * The tailer on real files, one step at a time: its lines are kept in `pending` until `commit` stores the checkpoints that
 * belong to them in a real ChunkStore; `restart` is a new tailer that knows nothing but the store.
 */
export class TailRig {
  readonly folder: string
  readonly clock = new TailClock()
  readonly ledger = new Ledger()
  readonly said: string[] = []
  /** Handed over and not committed. */
  pending: TakenLine[] = []
  stored: TakenLine[] = []
  store: ChunkStore
  sources: readonly Source[] = []
  tailer: Tailer
  /** Lines the sink takes before it says that there is no room; renewed by `read`. */
  roomLines = Number.POSITIVE_INFINITY
  readonly #options: RigOptions
  readonly #storeFolder: string
  #seenSources: string[] = []
  #sealed: Sealed[] = []

  constructor(options: RigOptions = {}) {
    this.#options = options
    this.folder = mkdtempSync(join(tmpdir(), 'tail-'))
    this.#storeFolder = mkdtempSync(join(options.storeParent ?? tmpdir(), 'tail-store-'))
    this.store = new ChunkStore(join(this.#storeFolder, 'buffer.db'))
    this.tailer = this.#start()
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  names(): string[] {
    return readdirSync(this.folder).sort()
  }

  write(name: string, text: string | Buffer): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    appendFileSync(this.path(name), text)
  }

  remove(name: string): void {
    unlinkSync(this.path(name))
  }

  discover(): void {
    this.#seenSources.push(...this.tailer.discover())
  }

  /** Looks at every file, due or not. */
  look(): void {
    this.tailer.look(EVERYTHING, () => false)
  }

  /** Looks at the files whose turn it is. */
  lookAtDue(): number {
    return this.tailer.look(new Set(), () => false)
  }

  /** Reads what there is to read, `maxLines` at most (and what is in the block that goes beyond). Whether there may be more. */
  async read(maxLines = Number.POSITIVE_INFINITY): Promise<boolean> {
    this.roomLines = maxLines
    for (;;) {
      const hasMore = await this.tailer.read(() => this.roomLines > 0)
      if (!hasMore || this.roomLines <= 0) return hasMore
    }
  }

  /** Everything once: what came up, what happened, what is to be read. */
  async step(): Promise<void> {
    this.discover()
    this.look()
    await this.read()
  }

  /** Ends the chunk: what was taken and the checkpoints that belong to it wait to be stored together. */
  seal(): void {
    this.#sealed.push({
      lines: this.pending.splice(0),
      checkpoints: this.tailer.takeCheckpoints(),
      ledger: this.ledger.bookings(),
      seenSources: this.#seenSources.splice(0),
    })
    this.ledger.clear()
  }

  /** Stores the oldest chunk that waits; false when there is none. */
  storeOne(): boolean {
    const sealed = this.#sealed.shift()
    if (!sealed) return false
    this.store.commit({ ...sealed, nowMs: this.clock.nowMs() })
    this.stored.push(...sealed.lines)
    return true
  }

  get sealedCount(): number {
    return this.#sealed.length
  }

  commit(): void {
    this.seal()
    while (this.storeOne());
  }

  /** Steps, commits, and hands out the texts that are new since the last call. */
  async take(): Promise<string[]> {
    await this.step()
    this.commit()
    return this.stored.splice(0).map(({ text }) => text)
  }

  /** The process ends in an orderly way and begins again: the same as `crash` after a commit. */
  restart(): void {
    this.commit()
    this.crash()
  }

  /** The process ends without storing what it read, and begins again. */
  crash(): void {
    this.tailer.close()
    this.pending = []
    this.ledger.clear()
    this.#seenSources = []
    this.#sealed = []
    this.tailer = this.#start()
  }

  /** Works by other sources from now on. */
  reconfigure(sources: readonly Partial<WorkingSource>[]): void {
    this.sources = this.#createSources(sources, this.sources)
    this.tailer.reconfigure(this.sources)
  }

  get source(): Source {
    const [source] = this.sources
    if (!source) throw new Error('Cannot name the source: there is none')
    return source
  }

  get status(): ReturnType<Tailer['status']> {
    return this.tailer.status(this.source)
  }

  close(): void {
    this.tailer.close()
    this.store.close()
    rmSync(this.folder, { recursive: true, force: true })
    rmSync(this.#storeFolder, { recursive: true, force: true })
  }

  #start(): Tailer {
    this.sources = this.#createSources(this.#options.sources ?? [{}], [])
    const { clock } = this
    const deps = { clock, log: this.#log(), isOwn: this.#options.isOwn ?? (() => false) }
    const options = { maxOpenFiles: 1024, partialWaitMs: 5000, ...this.#options.options }
    return new Tailer(this.sources, this.store.checkpoints(), { options, deps })
  }

  #createSources(wanted: readonly Partial<WorkingSource>[], before: readonly Source[]): Source[] {
    const seen = this.store.seenSources()
    const inFolder = (globs: readonly string[]): string[] => globs.map((glob) => join(this.folder, glob))
    return wanted.map((some, index) => {
      const config: WorkingSource = {
        ...{ ...PLAIN_SOURCE, name: `source${index}`, ...some },
        include: inFolder(some.include ?? ['*.log']),
        exclude: inFolder(some.exclude ?? []),
      }
      const old = before.find((source) => source.config.name === config.name)
      const isSeen = old?.isSeen ?? seen.has(config.name)
      return createSource(config, {
        isLeftOut: () => false,
        isSeen,
        sinkFor: (source, path) => this.#sink(source, path),
      })
    })
  }

  #sink(source: Source, file: string): LineSink {
    const { name } = source.config
    return {
      ...LINE_BY_LINE,
      accept: (line, consumedBytes) => {
        this.pending.push({ ...plain(line), file, consumedBytes })
        this.ledger.book(name, 'read', 1, consumedBytes)
        this.ledger.book(name, 'stored', 1, consumedBytes)
        return --this.roomLines > 0
      },
      drop: (reason, entries, bytes) => {
        this.ledger.book(name, 'read', entries, bytes)
        this.ledger.book(name, `dropped:${reason}`, entries, bytes)
      },
    }
  }

  #log(): Log {
    const say = (message: string, fields?: object): void => {
      this.said.push(`${message} ${JSON.stringify(fields ?? {})}`)
    }
    const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log }
    return log
  }
}

function plain({
  bytes,
  start,
  end,
  offset,
  isTruncated,
  isPartial,
  isContinued,
}: Line): Omit<TakenLine, 'file' | 'consumedBytes'> {
  return { text: bytes.toString('utf8', start, end), offset, isTruncated, isPartial, isContinued }
}

/** A rig that is closed when the test is over. */
export function createRig(t: { after(close: () => void): void }, options: RigOptions = {}): TailRig {
  const rig = new TailRig(options)
  t.after(() => rig.close())
  return rig
}

/** `count` lines `<name> <from>` … */
export function lines(name: string, count: number, from = 1): string {
  return texts(name, count, from)
    .map((text) => `${text}\n`)
    .join('')
}

export function texts(name: string, count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${from + index}`)
}

/** Compresses a file in place, as gzip does: the new name stands complete before the old one goes, and keeps its time. */
export function gzipInPlace(path: string): void {
  const { atimeMs, mtimeMs } = statSync(path)
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
  utimesSync(`${path}.gz`, atimeMs / 1000, mtimeMs / 1000)
  unlinkSync(path)
}

/** As logrotate's copytruncate: a copy, then the same file from nothing. */
export function copyTruncate(path: string, copy: string): void {
  copyFileSync(path, copy)
  truncateSync(path)
}
