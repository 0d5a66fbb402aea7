import type { NamedProbe } from '../config/probe-settings.ts'
import { unreachable } from '../errors.ts'
import { lookupHost } from '../net/lookup.ts'
import type { Clock } from '../run/clock.ts'
import type { Probe } from './probe.ts'
import type { PushInbox } from './push-inbox.ts'

/** What the kinds need of the agent, each a part of it. */
export interface KindDeps {
  readonly clock: Clock
  /** Where the kernel shows processes: `/proc`. */
  readonly proc: string
  /** Of the agent; what of it a program may see is for its kind to say. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly inbox: PushInbox
}

/** The probe that agent.yaml describes. A kind's code, and with it the client library it may need, is loaded when one of the kind is configured. */
export async function createProbe(config: NamedProbe, kindDeps: KindDeps): Promise<Probe> {
  const deps = { ...kindDeps, name: config.name, lookup: lookupHost }
  switch (config.type) {
    case 'http':
      return (await import('./kinds/http.ts')).createHttpProbe(config, deps)
    case 'tcp':
      return (await import('./kinds/tcp.ts')).createTcpProbe(config, deps)
    case 'tls':
      return (await import('./kinds/tls.ts')).createTlsProbe(config, deps)
    case 'dns':
      return (await import('./kinds/dns.ts')).createDnsProbe(config, deps)
    case 'icmp':
      return (await import('./kinds/icmp.ts')).createIcmpProbe(config, deps)
    case 'postgres':
      return (await import('./kinds/postgres.ts')).createPostgresProbe(config)
    case 'mysql':
      return (await import('./kinds/mysql.ts')).createMysqlProbe(config)
    case 'redis':
      return (await import('./kinds/redis.ts')).createRedisProbe(config)
    case 'memcached':
      return (await import('./kinds/memcached.ts')).createMemcachedProbe(config)
    case 'smtp':
      return (await import('./kinds/smtp.ts')).createSmtpProbe(config)
    case 'disk':
      return (await import('./kinds/disk.ts')).createDiskProbe(config, deps)
    case 'memory':
      return (await import('./kinds/memory.ts')).createMemoryProbe(config, deps)
    case 'process': {
      // Its `name` is that of the process.
      return (await import('./kinds/process.ts')).createProcessProbe(config, deps)
    }
    case 'systemd':
      return (await import('./kinds/systemd.ts')).createSystemdProbe(config, deps)
    case 'exec':
      return (await import('./kinds/exec.ts')).createExecProbe(config, deps)
    case 'file':
      return (await import('./kinds/file.ts')).createFileProbe(config, deps)
    case 'push':
      return (await import('./kinds/push.ts')).createPushProbe(config, deps)
    default:
      return unreachable(config)
  }
}
