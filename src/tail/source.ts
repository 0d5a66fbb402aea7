import { compileGlobs } from '../config/glob.ts'
import type { WorkingSource } from '../config/working-source.ts'
import { DirectoryIndex } from './directory-index.ts'
import { createSourceStats, type LineSink, type SourceStats } from './line-sink.ts'

/** One entry of `sources:` at work: what it matches, and what was counted for it. */
export interface Source {
  readonly config: WorkingSource
  readonly index: DirectoryIndex
  readonly stats: SourceStats
  /** Where the lines of a file go. */
  readonly sinkFor: (path: string) => LineSink
  /** Not on its first look round: files that come up now are new. */
  isSeen: boolean
  /** Wall time of the last line, ms; 0 before the first. */
  lastReadMs: number
  lastError: string | undefined
}

export function createSource(
  config: WorkingSource,
  deps: {
    isLeftOut: (folder: string) => boolean
    isSeen: boolean
    sinkFor: (source: Source, path: string) => LineSink
    /** What was counted before a reload. */
    stats?: SourceStats
  },
): Source {
  const source: Source = {
    config,
    index: new DirectoryIndex(compileGlobs(config.include, config.exclude), deps.isLeftOut),
    stats: deps.stats ?? createSourceStats(),
    sinkFor: (path) => deps.sinkFor(source, path),
    isSeen: deps.isSeen,
    lastReadMs: 0,
    lastError: undefined,
  }
  return source
}
