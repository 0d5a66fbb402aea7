import type { FamilySamples } from '../metrics/exposition.ts'

/** Where the kernel shows itself: `/proc`, `/sys` and the root of what else is read; folders of recorded files in tests. */
export interface HostRoots {
  readonly proc: string
  readonly sys: string
  /** For `/etc/os-release` and the like: `/`. */
  readonly root: string
}

/** One subject of the host, under the name that node_exporter's collector for it has. */
export interface HostCollector {
  readonly name: string
  /** How often it is worth asking, when that is less often than a round. */
  readonly everyMs?: number
  /**
   * What the host says of it now; nothing when this host has no such thing. Families and labels are node_exporter's, without job and instance.
   * Small files of /proc are read at once (they cost less than a promise does); whatever can hang (statfs, a child process, a driver) is awaited,
   * and given up when `signal` aborts. Rejects or throws when the host has it and it cannot be read.
   */
  collect(signal: AbortSignal): readonly FamilySamples[] | Promise<readonly FamilySamples[]>
}

/** The host has no such thing (no such module, file or program): said once at debug level, and not a failure. */
export class NoData extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'NoData'
  }
}
