import type { HostConfig } from '../config/host-settings.ts'
import type { Clock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import type { HostCollector, HostRoots } from './collector.ts'
import type { TextfileDeps } from './collectors/textfile.ts'
import { linuxCollectors } from './linux.ts'
import { moreLinuxCollectors } from './linux-more.ts'
import { portableCollectors } from './portable.ts'

export interface HostCollectorsDeps {
  /** `linux`, `darwin` … */
  readonly platform: string
  readonly clock: Clock
  readonly log: Log
  /** Whether somebody else shows a family, or a sample of one, of this name. */
  readonly isTaken: (name: string) => boolean
  readonly roots?: HostRoots
}

const ROOTS: HostRoots = { proc: '/proc', sys: '/sys', root: '/' }

/** What this host is sampled with. On Linux from the kernel's own files; elsewhere from what a library can tell. */
export function hostCollectors(config: HostConfig, deps: HostCollectorsDeps): readonly HostCollector[] {
  const { platform, clock, log, isTaken, roots = ROOTS } = deps
  if (platform !== 'linux') return portableCollectors({ clock })
  const { hasNetworkFilesystems, textfileDir } = config
  const textfile = textfileDir === undefined ? {} : { textfile: { folder: textfileDir, isTaken } }
  return [
    ...linuxCollectors(roots, { hasNetworkFilesystems }, { clock }),
    ...moreLinuxCollectors(roots, textfile, problemsOnce(log)),
  ]
}

/** Says each problem of a file once, until it is another one. */
function problemsOnce(log: Log): TextfileDeps {
  const said = new Map<string, string>()
  return {
    onProblem: (file, reason) => {
      if (said.get(file) === reason) return
      said.set(file, reason)
      log.warn('Cannot show the metrics of a file', { file, reason })
    },
  }
}
