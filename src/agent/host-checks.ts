import type { HostConfig } from '../config/host-settings.ts'
import type { HealthStatus, JudgedCheck } from '../model/health.ts'

/** What the host's last sample says of space and memory; empty before the first. */
export interface HostUsage {
  /** When it was sampled, ms since 1970. */
  readonly sampledMs: number | undefined
  /** Mounted file systems, each device once. */
  readonly disks: readonly { readonly mountpoint: string; readonly usedRatio: number; readonly isReadOnly: boolean }[]
  /** Mounts that did not answer, and why. */
  readonly stuck: readonly { readonly mountpoint: string; readonly reason: string }[]
  readonly memoryUsedRatio: number | undefined
}

type Thresholds = HostConfig['disk']

/** A check for the memory and for each mounted file system that can be written to. */
export function hostChecks(usage: HostUsage, config: HostConfig, nowMs: number): JudgedCheck[] {
  const { sampledMs, disks, stuck, memoryUsedRatio } = usage
  if (sampledMs === undefined) return []
  const last_check = new Date(sampledMs).toISOString()
  const stale = staleness({ lastMs: sampledMs, intervalMs: config.intervalMs, nowMs })
  const check = (name: string, status: HealthStatus, said: string, isCritical: boolean): JudgedCheck => {
    const message = stale === undefined ? said : `${said}; ${stale}`
    const told = stale !== undefined && status === 'healthy' ? 'degraded' : status
    return { name, status: told, message, last_check, isCritical, ...(told !== 'healthy' && { error: message }) }
  }
  const used = (name: string, ratio: number, thresholds: Thresholds): JudgedCheck => {
    const { status, limitRatio } = judge(ratio, thresholds)
    const beyond = limitRatio === undefined ? '' : `, more than ${percent(limitRatio)}`
    return check(name, status, `${percent(ratio)} in use${beyond}`, thresholds.isCritical)
  }
  return [
    ...(memoryUsedRatio === undefined ? [] : [used('memory', memoryUsedRatio, config.memory)]),
    // What nobody can write to is as full as it was made.
    ...disks
      .filter(({ isReadOnly }) => !isReadOnly)
      .map(({ mountpoint, usedRatio }) => used(`disk:${mountpoint}`, usedRatio, config.disk)),
    ...stuck.map(({ mountpoint, reason }) =>
      check(`disk:${mountpoint}`, 'degraded', `cannot be measured: ${reason}`, false),
    ),
  ]
}

function judge(
  ratio: number,
  { degradedRatio, unhealthyRatio }: Thresholds,
): { status: HealthStatus; limitRatio?: number } {
  if (ratio > unhealthyRatio) return { status: 'unhealthy', limitRatio: unhealthyRatio }
  if (ratio > degradedRatio) return { status: 'degraded', limitRatio: degradedRatio }
  return { status: 'healthy' }
}

/** A check older than this many of its intervals says so. */
const STALE_INTERVALS = 3
/** Not a word of staleness before this: a busy moment delays any round. */
const MIN_STALE_MS = 5000

interface Freshness {
  /** When it was renewed last, ms since 1970. */
  readonly lastMs: number
  readonly intervalMs: number
  /** What finding out may take. */
  readonly graceMs?: number
  readonly nowMs: number
}

/** What is to be said of a check that should have been renewed since, or nothing. */
export function staleness({ lastMs, intervalMs, graceMs = 0, nowMs }: Freshness): string | undefined {
  const ageMs = nowMs - lastMs
  if (ageMs <= Math.max(STALE_INTERVALS * intervalMs, MIN_STALE_MS) + graceMs) return undefined
  return `stale: last checked ${(ageMs / 1000).toFixed(0)} s ago, expected every ${intervalMs / 1000} s`
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1).replace(/\.0$/, '')} %`
