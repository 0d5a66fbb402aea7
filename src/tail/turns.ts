import { messageOf } from '../errors.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { Attached, AttachedGzip, Attachments } from './attachments.ts'
import { identityOf, statPath } from './fingerprint.ts'
import type { LineSplitter } from './line-splitter.ts'
import { ReadBlock } from './read-block.ts'
import type { Rotations } from './rotations.ts'

export interface TurnsDeps {
  readonly files: Attachments
  readonly rotations: Rotations
  readonly splitter: LineSplitter
  readonly clock: Clock
  readonly log: Log
  /** More files are attached than may be open. */
  readonly isCrowded: () => boolean
}

/**
 * Reading in turns: in a round each file that has something to read reads at most a block, however far behind it is. A round
 * that is cut short, because a chunk is full, goes on where it was: a backlog that fills a chunk at every turn starves nobody.
 */
export class Turns {
  readonly #deps: TurnsDeps
  readonly #block = new ReadBlock()
  /** Who did not have a turn in this round yet, the last one first. */
  #round: (Attached | AttachedGzip)[] = []

  constructor(deps: TurnsDeps) {
    this.#deps = deps
  }

  /** Goes on with the round, to its end or until `hasRoom`, asked before each turn, says no. Whether there may be more to read. */
  async read(hasRoom: () => boolean): Promise<boolean> {
    const { ready, gzips } = this.#deps.files
    // What was written earlier is read earlier, where that is known.
    if (this.#round.length === 0) this.#round = [...[...ready].sort(rotatedFirst), ...gzips].reverse()
    while (hasRoom()) {
      const next = this.#round.pop()
      if (!next) break
      if ('text' in next) {
        if (gzips.has(next)) await this.#turnGzip(next)
      } else if (ready.delete(next)) {
        guarded(this.#deps.log, next, () => {
          if (this.#turn(next)) ready.add(next)
        })
      }
    }
    return this.#round.length > 0 || ready.size > 0 || gzips.size > 0
  }

  #turn(attached: Attached): boolean {
    const { files, splitter, clock, isCrowded } = this.#deps
    const { file, source } = attached
    const wasParked = !file.isOpen
    if (wasParked && !file.unpark()) return false
    const { offset } = file
    const nowMs = clock.nowMs()
    const result = file.turn(this.#block, splitter, nowMs)
    if (file.offset !== offset) {
      source.lastReadMs = nowMs
      files.touch(file)
    }
    if (result === 'truncated_size') this.#restart(attached, 'size')
    else if (result === 'truncated_overlap') this.#restart(attached, 'overlap')
    else if (wasParked && isCrowded()) file.park() // Opened for its turn only.
    return result === 'more'
  }

  /** The file was truncated: the same descriptor is another text now. */
  #restart(attached: Attached, how: 'size' | 'overlap'): void {
    const { files, rotations } = this.#deps
    const { file, source } = attached
    source.stats.truncations[how]++
    file.finish()
    const old = file.checkpoint()
    const fresh = files.newCheckpoint(file.path, file.identity)
    files.release(attached)
    files.add({ ...fresh, state: file.state }, source, file.fd)
    rotations.findTruncated(old, source)
  }

  async #turnGzip(gzip: AttachedGzip): Promise<void> {
    const { files, splitter, clock, log } = this.#deps
    const { text, source } = gzip
    const { offset } = text
    const result = await text.turn(splitter, clock.nowMs())
    if (text.offset !== offset) files.touch(text)
    if (result === 'more') return
    text.finish()
    files.releaseGzip(gzip)
    if (result === 'end') return files.settle(text.checkpoint('gone'))
    files.settle(text.checkpoint())
    const message = result === 'broken' ? 'damaged, or not finished' : 'not the text that was read before'
    const stats = statPath(text.path)
    const seen = { sizeBytes: Number(stats?.size ?? 0), identity: stats && identityOf(stats) }
    files.problems.set(text.path, { kind: 'damaged', source, message, ...seen })
    log.warn('Cannot read a compressed file', { path: text.path, source: source.config.name, reason: message })
  }
}

/** One file's trouble (an I/O error, a stale mount) is its own: it is told, and the file is looked at again. */
export function guarded(log: Log, { file, source }: Attached, work: () => void): void {
  try {
    work()
  } catch (error) {
    source.lastError = `${file.path}: ${messageOf(error)}`
    log.warn('Cannot read a file', { path: file.path, source: source.config.name, error })
  }
}

function rotatedFirst(a: Attached, b: Attached): number {
  return Number(a.file.state === 'live') - Number(b.file.state === 'live')
}
