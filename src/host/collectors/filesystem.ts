import { statfs as realStatfs } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import { messageOf } from '../../errors.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { withDeadline } from '../../run/deadline.ts'
import type { HostCollector, HostRoots } from '../collector.ts'
import { isMeasured, isOfNetwork, type Mount, readMounts } from '../mounts.ts'

/**
 * `filesystem`: how full each mount is, by statfs(2). The call cannot be called off: on a network file system whose server is gone
 * it keeps one of the four threads of libuv's pool, which the whole agent shares. So a mount is never asked again before the call
 * of a former round has settled, and of mounts of the network at most two are being asked at any time, hanging ones included.
 */

/** What statfs(2) tells, in blocks of `bsize` bytes. `bavail`: without what is kept for root. */
export interface StatFs {
  readonly bsize: number
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

export interface FilesystemOptions {
  readonly hasNetworkFilesystems: boolean
}

export interface FilesystemDeps {
  /** Default: that of node:fs. */
  readonly statfs?: (path: string) => Promise<StatFs>
}

/** A disk that is this slow is as good as gone. */
const MOUNT_TIMEOUT_MS = 5000
/** Half of libuv's pool. */
const NETWORK_CALL_COUNT = 2

/** The words of node_exporter. */
const TIMED_OUT = 'mountpoint timeout'
const NOT_ASKED = 'not asked: other network mounts hang'

type Outcome = { readonly kind: 'ok'; readonly stat: StatFs } | { readonly kind: 'failed'; readonly reason: string }

export function createFilesystemCollector(
  roots: HostRoots,
  { statfs = realStatfs, ...options }: FilesystemOptions & FilesystemDeps,
): HostCollector {
  /** The mounts whose call has not settled yet; those of the network are counted. */
  const asked = new Map<string, Mount>()
  const prefix = roots.root === '/' ? '' : roots.root

  const ask = async (mount: Mount): Promise<StatFs> => {
    asked.set(mount.mountpoint, mount)
    try {
      return await statfs(prefix + mount.mountpoint)
    } finally {
      asked.delete(mount.mountpoint)
    }
  }

  const measure = async (mount: Mount, signal: AbortSignal): Promise<Outcome> => {
    try {
      return { kind: 'ok', stat: await withDeadline(MOUNT_TIMEOUT_MS, signal, () => ask(mount)) }
    } catch (error) {
      return { kind: 'failed', reason: asked.has(mount.mountpoint) ? TIMED_OUT : reasonOf(error) }
    }
  }

  return {
    name: 'filesystem',
    collect: async (signal) => {
      const mounts = readMounts(roots).filter((mount) => isMeasured(mount, options))
      const outcomes = new Map<Mount, Outcome>()
      const inTurn = async (turn: Iterable<Mount>): Promise<void> => {
        for (const mount of turn) {
          outcomes.set(mount, await measure(mount, signal))
          // It hangs, and so does a thread: this turn is over.
          if (asked.has(mount.mountpoint)) return
        }
      }
      const free = mounts.filter(({ mountpoint }) => !asked.has(mountpoint))
      for (const mount of mounts) {
        if (asked.has(mount.mountpoint)) outcomes.set(mount, { kind: 'failed', reason: TIMED_OUT })
      }
      const hangingCount = [...asked.values()].filter(isOfNetwork).length
      // All turns of the network take from one iterator: the next mount goes to whoever is free.
      const ofNetwork = free.filter(isOfNetwork).values()
      await Promise.all([
        ...free.filter((mount) => !isOfNetwork(mount)).map((mount) => inTurn([mount])),
        ...Array.from({ length: Math.max(0, NETWORK_CALL_COUNT - hangingCount) }, () => inTurn(ofNetwork)),
      ])
      const set = new FamilySet()
      for (const mount of mounts) {
        add(set, mount, outcomes.get(mount) ?? { kind: 'failed', reason: NOT_ASKED })
      }
      return set.families()
    },
  }
}

/** `permission denied`, as the C library says it; never the path, which the label mountpoint has. */
function reasonOf(error: unknown): string {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined
  return typeof errno === 'number' ? getSystemErrorMessage(errno) : messageOf(error)
}

function add(set: FamilySet, { device, mountpoint, fstype, majorMinor, isReadOnly }: Mount, outcome: Outcome): void {
  const labels = { device, fstype, mountpoint }
  const errorHelp = 'Whether the file system could not be measured; device_error says why.'
  if (outcome.kind === 'failed') {
    set.gauge('node_filesystem_device_error', errorHelp, 1, { ...labels, device_error: outcome.reason })
    return
  }
  const { bsize, blocks, bfree, bavail, files, ffree } = outcome.stat
  const [major = '', minor = ''] = majorMinor.split(':')
  set.gauge('node_filesystem_avail_bytes', 'Space that users other than root can fill.', bavail * bsize, labels)
  // An empty label is the same as none.
  set.gauge('node_filesystem_device_error', errorHelp, 0, labels)
  set.gauge('node_filesystem_files', 'Inodes there are.', files, labels)
  set.gauge('node_filesystem_files_free', 'Inodes that are free.', ffree, labels)
  set.gauge('node_filesystem_free_bytes', 'Space that is free, with what is kept for root.', bfree * bsize, labels)
  const numbers = { device, major, minor, mountpoint }
  set.gauge('node_filesystem_mount_info', 'Number of the device that is mounted; always 1.', 1, numbers)
  set.gauge('node_filesystem_readonly', 'Whether nothing can be written to it.', isReadOnly ? 1 : 0, labels)
  set.gauge('node_filesystem_size_bytes', 'Size of the file system.', blocks * bsize, labels)
}
