import { constants, type StatsFs } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import type { DiskProbeConfig } from '../../config/probes/disk.ts'
import { codeOf } from '../../errors.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { Clock } from '../../run/clock.ts'
import { fileFailure } from '../file-failure.ts'
import { LoneCall } from '../lone-call.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'
import { findingOf, judged, type Remark } from '../remark.ts'
import { percentText, sizeText } from '../words.ts'

interface Room {
  readonly isReadOnly: boolean
  /** Undefined: the file system has no size, such as /proc. */
  readonly usedRatio: number | undefined
  readonly freeBytes: number
  /** Undefined: it has no number of inodes (btrfs, vfat). */
  readonly inodesUsedRatio: number | undefined
}

/** The room on the file system of a path: statfs(2), asked in such a way that a dead file server holds one thread at most. */
export function createDiskProbe(config: DiskProbeConfig, { clock }: { readonly clock: Clock }): Probe {
  const lone = new LoneCall(clock)
  const { path } = config
  return {
    target: path,
    async run({ signal, phases }: ProbeRun): Promise<Finding> {
      phases.enter('statfs')
      const waiting = lone.stillWaiting
      if (waiting !== undefined) return { status: 'unhealthy', message: waiting }
      try {
        return judge(config, await lone.ask(`the file system of ${path}`, () => roomAt(path), signal))
      } catch (error) {
        signal.throwIfAborted()
        return fileFailure(path, error)
      }
    },
  }
}

function judge(config: DiskProbeConfig, room: Room): Finding {
  const { usedRatio, freeBytes, inodesUsedRatio } = room
  if (usedRatio === undefined) return { status: 'unknown', message: `${config.path}: its file system has no size` }
  const set = new FamilySet()
  set.gauge('probe_disk_used_ratio', 'Share of the space in use, as df shows it.', usedRatio)
  set.gauge('probe_disk_free_bytes', 'Space that ordinary users may still fill.', freeBytes)
  const remarks: Remark[] = []
  if (config.mustBeWritable && room.isReadOnly) {
    remarks.push({ status: 'unhealthy', text: 'the file system is read-only' })
  }
  remarks.push(judged(usedRatio, config, `${percentText(usedRatio)} used, ${sizeText(freeBytes)} free`))
  if (config.minFreeBytes !== undefined && freeBytes < config.minFreeBytes) {
    const text = `${sizeText(freeBytes)} free, expected at least ${sizeText(config.minFreeBytes)}`
    remarks.push({ status: 'unhealthy', text })
  }
  if (inodesUsedRatio !== undefined) {
    set.gauge('probe_disk_inodes_used_ratio', 'Share of the inodes in use.', inodesUsedRatio)
    const levels = { degradedRatio: config.inodesDegradedRatio, unhealthyRatio: config.inodesUnhealthyRatio }
    remarks.push(judged(inodesUsedRatio, levels, `${percentText(inodesUsedRatio)} of inodes used`))
  }
  return findingOf(remarks, set.families())
}

async function roomAt(path: string): Promise<Room> {
  return roomOf(await statfs(path), await isReadOnly(path))
}

/** As df(1) has it: what is kept back for root is neither used nor free. */
function roomOf(stats: StatsFs, isReadOnly: boolean): Room {
  const { blocks, bfree, bavail, files, ffree } = stats
  const used = blocks - bfree
  return {
    isReadOnly,
    usedRatio: used + bavail > 0 ? used / (used + bavail) : undefined,
    freeBytes: bavail * blockBytes(stats),
    inodesUsedRatio: files > 0 ? (files - ffree) / files : undefined,
  }
}

/** Blocks are counted in fragments (statvfs(3)), which Node shows since 24; only FUSE has them differ from `bsize`. */
function blockBytes(stats: StatsFs): number {
  const { frsize } = stats as { readonly frsize?: number }
  return frsize || stats.bsize
}

/** access(2) says EROFS for a file system that is mounted read-only, or that the kernel made so after an error, to root too. */
async function isReadOnly(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return false
  } catch (error) {
    return codeOf(error) === 'EROFS'
  }
}
