import type { Line } from '../parse/line.ts'
import type { DropReason } from '../store/ledger.ts'

/** What is counted of a source since the agent started; the ledger, which survives, is kept in the store. */
export interface SourceStats {
  readBytes: number
  readLines: number
  truncatedLines: number
  partialLines: number
  invalidUtf8Lines: number
  nulBytes: number
  parseErrors: number
  readonly rotations: Record<'rename' | 'copytruncate' | 'recreate' | 'intermediate' | 'gzip', number>
  readonly truncations: Record<'size' | 'overlap', number>
}

export function createSourceStats(): SourceStats {
  return {
    readBytes: 0,
    readLines: 0,
    truncatedLines: 0,
    partialLines: 0,
    invalidUtf8Lines: 0,
    nulBytes: 0,
    parseErrors: 0,
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
}
