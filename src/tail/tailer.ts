import { fstatSync } from 'node:fs'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Checkpoint, FileIdentity } from '../store/checkpoint.ts'
import { type Attached, Attachments, type FileProblem } from './attachments.ts'
import { Copies } from './copies.ts'
import { statPath } from './fingerprint.ts'
import { Folders } from './folders.ts'
import { LineSplitter } from './line-splitter.ts'
import { Recognition } from './recognition.ts'
import { Refusals } from './refusals.ts'
import { Roster } from './roster.ts'
import { Rotations } from './rotations.ts'
import type { Source } from './source.ts'
import { guarded, Turns } from './turns.ts'

export interface TailerOptions {
  /** Descriptors held at most; the files that were quiet longest are parked beyond it. */
  readonly maxOpenFiles: number
  /** A line without end is handed over, marked, when its file was quiet for this long, ms. */
  readonly partialWaitMs: number
}

export interface TailerDeps {
  readonly clock: Clock
  readonly log: Log
  /** Files the agent writes itself. */
  readonly isOwn: (path: string, identity: FileIdentity) => boolean
}

/** A file that grew this recently is looked at every 100 ms (50 ms cost half a percent of a core more), … */
const HOT_MS = 1000
const HOT_LOOK_MS = 100
/** … this recently, every 250 ms, … */
const ACTIVE_MS = 10_000
const ACTIVE_LOOK_MS = 250
/** … and a quiet one every 5 s, unless the bell rings for it; every second where no bell rings. */
const IDLE_LOOK_MS = 5000
const MUTED_LOOK_MS = 1000

/**
 * Reads files in turns, looks at them, and notices what rotation does to them. One step of each is public; the ingest
 * thread decides when. All of it is synchronous but the reading of compressed files: a synchronous stat costs a fifth of a
 * promised one, and this thread has nothing else to do.
 */
export class Tailer {
  #sources: readonly Source[]
  readonly #options: TailerOptions
  readonly #deps: TailerDeps
  readonly #files: Attachments
  readonly #recognition: Recognition
  readonly #rotations: Rotations
  readonly #turns: Turns
  readonly #splitter = new LineSplitter()
  #isFirstLook = true

  constructor(
    sources: readonly Source[],
    checkpoints: readonly Checkpoint[],
    { options, deps }: { options: TailerOptions; deps: TailerDeps },
  ) {
    this.#sources = sources
    this.#options = options
    this.#deps = deps
    this.#files = new Attachments(new Roster(checkpoints), deps.clock)
    const { clock, log, isOwn } = deps
    const files = this.#files
    const copies = new Copies(files)
    const refusals = new Refusals(files.problems, log)
    const search = { folders: new Folders(() => clock.nowMs()), isTaken: files.roster.isTaken }
    const rotations = new Rotations({ files, copies, refusals, search, log })
    this.#rotations = rotations
    this.#recognition = new Recognition({ files, copies, refusals, rotations, search, log, isOwn })
    const isCrowded = (): boolean => files.live.size + files.rotated.size > options.maxOpenFiles
    this.#turns = new Turns({ files, rotations, splitter: this.#splitter, clock, log, isCrowded })
  }

  /**
   * Works by other sources from now on. Files that none of them matches are let go, their checkpoints stay; a rotated file is
   * drained to its end by the source it was read for.
   */
  reconfigure(sources: readonly Source[]): void {
    this.#sources = sources
    this.#files.problems.clear()
    for (const attached of [...this.#files.live.values()]) {
      const source = sources.find((candidate) => candidate.index.matches(attached.file.path))
      if (source) this.#files.rebind(attached, source)
      else {
        attached.file.finish()
        this.#files.release(attached)
        this.#files.settle(attached.file.checkpoint())
        attached.file.park()
      }
    }
    this.#isFirstLook = true
  }

  /** The folders to be watched. */
  *folders(): Iterable<string> {
    for (const source of this.#sources) yield* source.index.folders
  }

  /** Looks for files that came up, and begins or resumes each; returns the sources whose first look round this was. */
  discover(): string[] {
    const nowMs = this.#deps.clock.nowMs()
    let hasChanged = this.#isFirstLook || this.#files.problems.size > 0
    for (const source of this.#sources) hasChanged = source.index.refresh(nowMs) || hasChanged
    if (hasChanged) this.#openAll()
    if (this.#isFirstLook) {
      this.#rotations.recover((path) => this.#sources.find((source) => source.index.matches(path)))
    }
    this.#isFirstLook = false
    const seen = this.#sources.filter((source) => !source.isSeen)
    for (const source of seen) source.isSeen = true
    return seen.map((source) => source.config.name)
  }

  #openAll(): void {
    const claimed = new Set<string>()
    for (const source of this.#sources) {
      for (const path of source.index.paths) {
        if (claimed.has(path)) continue
        claimed.add(path)
        if (!this.#files.live.has(path)) this.#recognition.open(path, source)
        this.#parkSurplus()
      }
    }
    for (const path of this.#files.problems.keys()) if (!claimed.has(path)) this.#files.problems.delete(path)
  }

  /**
   * Looks at the files whose turn it is: those that grow often, quiet ones rarely. `rung`: paths at which something
   * happened; `isMuted`: folders for which nothing rings. Returns when the next look is due, ms from now.
   */
  look(rung: ReadonlySet<string>, isMuted: (folder: string) => boolean): number {
    const nowMs = this.#deps.clock.monotonicMs()
    let dueMs = IDLE_LOOK_MS
    const visit = (one: Attached, everyMs: number): void => {
      dueMs = Math.min(dueMs, this.#visit(one, rung.has(one.file.path) ? 0 : everyMs, nowMs))
    }
    for (const one of this.#files.live.values()) visit(one, lookEveryMs(one, { nowMs, isMuted }))
    for (const one of this.#files.rotated) visit(one, ACTIVE_LOOK_MS)
    this.#parkSurplus()
    return dueMs
  }

  /** Looks at a file if that is due; returns when it is due again, ms from now. */
  #visit(attached: Attached, everyMs: number, nowMs: number): number {
    const waitMs = attached.lookedAtMs + everyMs - nowMs
    if (waitMs > 0) return waitMs
    attached.lookedAtMs = nowMs
    const isLive = attached.file.state === 'live'
    guarded(this.#deps.log, attached, () => {
      if (isLive) this.#lookAtLive(attached, nowMs)
      else this.#lookAtRotated(attached, nowMs)
    })
    return isLive && nowMs - attached.file.grewAtMs < HOT_MS ? HOT_LOOK_MS : Math.max(everyMs, ACTIVE_LOOK_MS)
  }

  #lookAtLive(attached: Attached, nowMs: number): void {
    const { file, source } = attached
    const stats = statPath(file.path)
    if (!stats || !file.isAt(stats)) {
      const { path, mtimeMs } = file
      this.#rotate(attached)
      this.#recognition.open(path, source)
      this.#rotations.findUnread(path, { sinceMs: mtimeMs, source })
      return
    }
    if (!file.isOpen) {
      if (Number(stats.size) === file.sizeBytes && Number(stats.mtimeNs / 1_000_000n) === file.mtimeMs) return
      if (!file.unpark()) return // Replaced in this very moment: the next look sees it.
    }
    const { sizeBytes, mtimeMs } = file
    if (file.look(nowMs)) this.#files.ready.add(attached)
    else if (this.#isUnfinished(attached, nowMs)) this.#flushPartial(attached)
    // Truncated before anything was read of it: the next read has nothing to compare.
    const isLost = file.sizeBytes < sizeBytes && file.offset === 0
    if (isLost) this.#rotations.findUnread(file.path, { sinceMs: mtimeMs, source })
  }

  #isUnfinished(attached: Attached, nowMs: number): boolean {
    const { file } = attached
    return file.lagBytes > 0 && !this.#files.ready.has(attached) && nowMs - file.grewAtMs >= this.#options.partialWaitMs
  }

  /** The path does not lead to the file any more: it is drained, and held for writers that still write to it. */
  #rotate(attached: Attached): void {
    const { file, source } = attached
    const isRemoved = file.isOpen && fstatSync(file.fd).nlink === 0
    source.stats.rotations[isRemoved ? 'recreate' : 'rename']++
    if (file.isOpen) this.#files.toRotated(attached)
    else {
      file.finish()
      this.#files.release(attached)
      this.#rotations.findMoved(file.checkpoint(), source)
    }
  }

  #lookAtRotated(attached: Attached, nowMs: number): void {
    const { file, source } = attached
    const { ready } = this.#files
    const isBehind = ready.has(attached)
    if (file.look(nowMs)) ready.add(attached)
    if (isBehind) return
    // A writer that never rests must not keep the space of a deleted file for ever.
    const isOverdue = file.isDeleted && nowMs - file.rotatedAtMs >= source.config.deletedHoldMs
    const quietMs = nowMs - Math.max(file.grewAtMs, file.rotatedAtMs)
    if (!isOverdue && (ready.has(attached) || quietMs < source.config.rotateWaitMs)) return
    this.#flushPartial(attached)
    file.giveUp()
    file.finish()
    this.#files.release(attached)
    file.state = 'gone'
    this.#files.settle(file.checkpoint())
    file.park()
  }

  #flushPartial({ file, source }: Attached): void {
    if (!file.flushPartial(this.#splitter, this.#deps.clock.nowMs())) return
    source.stats.partialLines++
    this.#files.touch(file)
  }

  /**
   * One fair round: each file that has something to read reads at most a block. `hasRoom` is asked before each turn; after a
   * no, the next call goes on with the round. Returns whether there may be more to read.
   */
  read(hasRoom: () => boolean): Promise<boolean> {
    return this.#turns.read(hasRoom)
  }

  /** What is to be committed with the lines handed over so far. */
  takeCheckpoints(): Checkpoint[] {
    return this.#files.takeCheckpoints()
  }

  get hasCheckpoints(): boolean {
    return this.#files.hasCheckpoints
  }

  #parkSurplus(): void {
    const { live, rotated, ready } = this.#files
    if (live.size + rotated.size <= this.#options.maxOpenFiles) return
    const open = [...live.values()].filter(({ file }) => file.isOpen)
    const surplus = open.length + rotated.size - this.#options.maxOpenFiles
    if (surplus <= 0) return
    open.sort((a, b) => Number(ready.has(a)) - Number(ready.has(b)) || a.file.grewAtMs - b.file.grewAtMs)
    // Some more than needed, so that this is not done again for the very next file.
    for (const { file } of open.slice(0, surplus + 32)) file.park()
  }

  /** What is being read for a source, for /health and the metrics. */
  status(source: Source): SourceStatus {
    const status: SourceStatus = { files: { live: 0, rotated: 0, parked: 0 }, formats: {}, lagBytes: 0, openFiles: 0 }
    const count = (attached: Attached): void => {
      if (attached.source !== source) return
      status.files[attached.file.state === 'rotated' ? 'rotated' : attached.file.isOpen ? 'live' : 'parked']++
      status.openFiles += Number(attached.file.isOpen)
      status.lagBytes += attached.file.lagBytes
      const { format } = attached.file
      status.formats[format] = (status.formats[format] ?? 0) + 1
    }
    for (const attached of this.#files.live.values()) count(attached)
    for (const attached of this.#files.rotated) count(attached)
    for (const problem of this.#files.problems.values()) {
      if (problem.source === source) status.files[problem.kind] = (status.files[problem.kind] ?? 0) + 1
    }
    return status
  }

  close(): void {
    this.#files.close()
  }
}

export interface SourceStatus {
  readonly files: Record<'live' | 'rotated' | 'parked', number> & { [kind in FileProblem]?: number }
  /** Files by what their lines were found to be. */
  readonly formats: Record<string, number>
  lagBytes: number
  openFiles: number
}

function lookEveryMs(
  { file }: Attached,
  { nowMs, isMuted }: { nowMs: number; isMuted: (folder: string) => boolean },
): number {
  const quietMs = nowMs - file.grewAtMs
  if (quietMs < HOT_MS) return HOT_LOOK_MS
  if (quietMs < ACTIVE_MS) return ACTIVE_LOOK_MS
  return isMuted(file.folder) ? MUTED_LOOK_MS : IDLE_LOOK_MS
}
