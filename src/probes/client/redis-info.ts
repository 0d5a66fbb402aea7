import type { RedisProbeConfig } from '../../config/probes/redis.ts'
import type { Remarks } from './conversation.ts'
import { Refusal } from './failure-text.ts'

const VERSION_HELP = 'Version of the Redis server.'
const REPLICAS_HELP = 'Replicas that are connected to it.'
const MEMORY_HELP = 'Share of maxmemory that is in use.'

/** Lines `name:value` of INFO by name: https://redis.io/docs/latest/commands/info/ */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : []
    }),
  )
}

/** Holds what the server says of itself against what it should be. @throws {Refusal} when it has the wrong role. */
export function judgeRedis(
  text: string | undefined,
  { config, remarks }: { config: RedisProbeConfig; remarks: Remarks },
): void {
  remarks.server = 'Redis'
  if (text === undefined) {
    const { expectRole, minReplicaCount, maxMemoryRatio } = config
    const isAsked = expectRole !== undefined || minReplicaCount !== undefined || maxMemoryRatio !== undefined
    if (isAsked) throw new Refusal('the user may not ask for INFO, which the checks need')
    return
  }
  const info = parseInfo(text)
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? ''
  if (version !== '') {
    remarks.server = `${info.has('valkey_version') ? 'Valkey' : 'Redis'} ${version.slice(0, 64)}`
    remarks.families.gauge('probe_redis_version_info', VERSION_HELP, 1, { version: version.slice(0, 64) })
  }
  judgeReplication(info, { config, remarks })
  judgeMemory(info, { config, remarks })
}

function judgeReplication(
  info: ReadonlyMap<string, string>,
  { config, remarks }: { config: RedisProbeConfig; remarks: Remarks },
): void {
  const role = info.get('role') === 'slave' ? 'replica' : (info.get('role') ?? 'server without a role')
  if (config.expectRole !== undefined && role !== config.expectRole) {
    throw new Refusal(`is a ${role.slice(0, 64)}, expected a ${config.expectRole}`)
  }
  if (role === 'replica' && info.get('master_link_status') !== 'up') {
    remarks.shortcomings.push('is a replica whose link to its master is down')
  }
  const replicaCount = Number(info.get('connected_slaves') ?? Number.NaN)
  if (Number.isFinite(replicaCount))
    remarks.families.gauge('probe_redis_connected_replicas', REPLICAS_HELP, replicaCount)
  if (config.minReplicaCount !== undefined && !(replicaCount >= config.minReplicaCount)) {
    remarks.shortcomings.push(`${replicaCount} replicas are connected, expected at least ${config.minReplicaCount}`)
  }
}

function judgeMemory(
  info: ReadonlyMap<string, string>,
  { config, remarks }: { config: RedisProbeConfig; remarks: Remarks },
): void {
  const usedRatio = Number(info.get('used_memory')) / Number(info.get('maxmemory'))
  // maxmemory 0: there is no limit.
  if (!Number.isFinite(usedRatio)) return
  remarks.families.gauge('probe_redis_memory_used_ratio', MEMORY_HELP, usedRatio)
  if (config.maxMemoryRatio !== undefined && usedRatio > config.maxMemoryRatio) {
    const [used, most] = [usedRatio, config.maxMemoryRatio].map((share) => `${(share * 100).toFixed(1)} %`)
    remarks.shortcomings.push(`${used} of maxmemory is in use, more than ${most}`)
  }
}
