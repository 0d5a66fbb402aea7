import type { HostRoots } from './collector.ts'
import { readOptional, readText, wholeLines } from './files.ts'

/** The mounts of the host, from mountinfo (proc_pid_mountinfo(5)), and which of them are worth measuring. */

export interface Mount {
  /** What is mounted: `/dev/sda1`, `tank/home`, `nas:/export`. */
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  /** Number of the device, `259:2`: the same for every mount of one file system. */
  readonly majorMinor: string
  readonly isReadOnly: boolean
}

export const EXCLUDED_MOUNTPOINTS =
  /^\/(?:dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)(?:$|\/)/s

/** File systems without a disk of their own, or that are full by nature. tmpfs is not among them: it takes memory. */
export const EXCLUDED_FSTYPES =
  /^(?:autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$/

/** File systems that another host serves: when it is gone, whoever asks them waits, for ever by default. */
export const NETWORK_FSTYPES =
  /^(?:9p|afs|beegfs|ceph|cifs|coda|glusterfs|gfs2?|gpfs|lustre|ncpfs|nfs4?|ocfs2|smb3|smbfs|fuse\.(?:ceph|cephfs|gcsfuse|glusterfs|juicefs|rclone|s3fs|sshfs))$/

/** The mounts as the first process sees them, else as the agent does. @throws {NoData} when neither file is there. */
export function readMounts({ proc }: HostRoots): readonly Mount[] {
  const ofHost = readOptional(`${proc}/1/mountinfo`)
  if (ofHost !== undefined) return parseMounts(ofHost, { isOwnNamespace: false })
  return parseMounts(readText(`${proc}/self/mountinfo`), { isOwnNamespace: true })
}

/**
 * In the order in which they were mounted; of several on one mount point the last, which hides the others. `isOwnNamespace`:
 * the text is the agent's own, and systemd's ProtectSystem= may have made every mount read-only for it alone, which says nothing
 * of the host. Then only the options of the file system count.
 */
export function parseMounts(text: string, { isOwnNamespace }: { isOwnNamespace: boolean }): readonly Mount[] {
  const mounts = new Map<string, Mount>()
  for (const line of wholeLines(text)) {
    const words = line.split(' ')
    const [, , majorMinor = '', , path = '', options = ''] = words
    // Any number of optional words stands before the dash.
    const dash = words.indexOf('-', 6)
    const [fstype, device, superOptions] = dash < 0 ? [] : words.slice(dash + 1)
    if (!path.startsWith('/') || !fstype || device === undefined || superOptions === undefined) continue
    const mountpoint = unescaped(path)
    const isReadOnly = hasOption(superOptions, 'ro') || (!isOwnNamespace && hasOption(options, 'ro'))
    mounts.delete(mountpoint)
    mounts.set(mountpoint, { device: unescaped(device), mountpoint, fstype: unescaped(fstype), majorMinor, isReadOnly })
  }
  return [...mounts.values()]
}

export function isMeasured(mount: Mount, { hasNetworkFilesystems }: { hasNetworkFilesystems: boolean }): boolean {
  if (EXCLUDED_MOUNTPOINTS.test(mount.mountpoint) || EXCLUDED_FSTYPES.test(mount.fstype)) return false
  return hasNetworkFilesystems || !isOfNetwork(mount)
}

export const isOfNetwork = ({ fstype }: Mount): boolean => NETWORK_FSTYPES.test(fstype)

const hasOption = (options: string, option: string): boolean => options.split(',').includes(option)

/** The kernel writes blank, tab, line break, backslash and # as `\040` and the like; all of them ASCII. */
function unescaped(word: string): string {
  return word.includes('\\') ? word.replace(/\\([01][0-7]{2})/g, (_, octal: string) => byteOf(octal)) : word
}

const byteOf = (octal: string): string => String.fromCharCode(Number.parseInt(octal, 8))
