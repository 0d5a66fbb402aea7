import type { Line } from '../parse/line.ts'
import type { DropReason } from '../store/ledger.ts'

/** What is counted of a source since the agent started; the ledger, which survives, is kept in the store. */
export interface SourceStats {
  readBytes: number
  readLines: number
  /** Entries made of them, before any step. */
  records: number
  truncatedLines: number
  partialLines: number
  invalidUtf8Lines: number
  nulBytes: number
  parseErrors: number
  timeFallbacks: number
  readonly rotations: Record<'rename' | 'copytruncate' | 'recreate' | 'intermediate' | 'gzip', number>
  readonly truncations: Record<'size' | 'overlap', number>
}

export function createSourceStats(): SourceStats {
  return {
    readBytes: 0,
    readLines: 0,
    records: 0,
    truncatedLines: 0,
    partialLines: 0,
    invalidUtf8Lines: 0,
    nulBytes: 0,
    parseErrors: 0,
    timeFallbacks: 0,
    rotations: { rename: 0, copytruncate: 0, recreate: 0, intermediate: 0, gzip: 0 },
    truncations: { size: 0, overlap: 0 },
  }
}

/** Where the lines of one file go. */
export interface LineSink {
  /**
   * Takes a line; `consumedBytes` is what it took in the file, its end included. False: no room for more now. The line was
   * taken all the same.
   */
  accept(line: Line, consumedBytes: number): boolean
  /** Books what is read and not kept. `entries` is 0 when only some bytes of a line (or between lines) are dropped. */
  drop(reason: DropReason, entries: number, bytes: number): void
  /** The bytes of the lines taken so far are about to be overwritten: what is still needed of them is copied now. */
  settle(): void
  /** Offset of the first byte of a record whose end is not known yet; undefined when there is none. What is before is done with. */
  readonly heldOffset: number | undefined
  /** No line follows the last one: a record that is held is complete. */
  finish(): void
  /** What the lines were found to be: `nginx`. */
  readonly format: string
}
