import { join } from 'node:path'
import type { Clock } from '../../run/clock.ts'
import type { Log } from '../../run/log.ts'
import { quarantine } from '../salvage.ts'
import { NEWER_SCHEMA_HINT, StoreError } from '../sqlite.ts'
import { HistoryFile } from './history-file.ts'
import { HISTORY_FILE } from './history-schema.ts'

/**
 * series.db, which is expendable: opened when first used, and whatever it refuses is counted and told here, never thrown. A damaged
 * file is set aside and a new one begun; one of a newer agent is left alone, and nothing is done with it.
 */
export class GuardedHistory {
  readonly #dataDir: string
  readonly #deps: { readonly clock: Clock; readonly log: Log }
  #file: HistoryFile | undefined
  #isOver = false
  readonly #failures = new Map<string, number>()

  constructor(dataDir: string, deps: { readonly clock: Clock; readonly log: Log }) {
    this.#dataDir = dataDir
    this.#deps = deps
  }

  /** Closed, or a newer agent's: nothing will be written any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** How often something failed, by StoreError's codes, and `unknown`. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures
  }

  /** What `work` does with the file, or `otherwise` when it cannot be done. */
  attempt<T>(work: (file: HistoryFile) => T, otherwise: T): T {
    if (this.#isOver) return otherwise
    try {
      this.#file ??= new HistoryFile(join(this.#dataDir, HISTORY_FILE))
      return work(this.#file)
    } catch (error) {
      this.#refused(error)
      return otherwise
    }
  }

  count(code: string): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
  }

  close(): void {
    this.#isOver = true
    this.#closeFile()
  }

  #refused(error: unknown): void {
    const code = error instanceof StoreError ? error.code : 'unknown'
    this.count(code)
    if (code === 'newer_schema') {
      this.close()
      this.#deps.log.warn('Cannot keep a history of series: a newer agent wrote it', { error, hint: NEWER_SCHEMA_HINT })
    } else if (code === 'corrupt') this.#setAside(error)
    else this.#deps.log.warn('Cannot use the history of series', { error })
  }

  #setAside(error: unknown): void {
    const { log, clock } = this.#deps
    this.#closeFile()
    try {
      const place = quarantine(this.#dataDir, HISTORY_FILE, clock.nowMs())
      log.warn('The history of series was damaged: it is set aside and a new one begun', { error, place })
    } catch (failure) {
      // The disk is full or read-only: the damage is met again at the next try.
      log.warn('Cannot set the damaged history of series aside', { error: failure })
    }
  }

  #closeFile(): void {
    try {
      this.#file?.close()
    } catch (error) {
      // Its WAL could not be copied back; whoever opens it next does that.
      this.#deps.log.warn('Cannot close the history of series', { error })
    }
    this.#file = undefined
  }
}
