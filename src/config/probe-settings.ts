import { z } from 'zod'
import { diskProbe } from './probes/disk.ts'
import { dnsProbe } from './probes/dns.ts'
import { execProbe } from './probes/exec.ts'
import { fileProbe } from './probes/file.ts'
import { httpProbe } from './probes/http.ts'
import { icmpProbe } from './probes/icmp.ts'
import { memcachedProbe } from './probes/memcached.ts'
import { memoryProbe } from './probes/memory.ts'
import { mysqlProbe } from './probes/mysql.ts'
import { postgresProbe } from './probes/postgres.ts'
import { processProbe } from './probes/process.ts'
import { pushProbe } from './probes/push.ts'
import { redisProbe } from './probes/redis.ts'
import { smtpProbe } from './probes/smtp.ts'
import { systemdProbe } from './probes/systemd.ts'
import { hostPort } from './probes/targets.ts'
import { tcpProbe } from './probes/tcp.ts'
import { tlsProbe } from './probes/tls.ts'
import { count, duration, name } from './settings.ts'

/** `probes`: what this host depends on, each under a name of its own. A kind is a file in `config/probes/` and a line here. */
export const probesSetting = () =>
  z
    .record(
      name(),
      z.discriminatedUnion('type', [
        httpProbe,
        tcpProbe,
        tlsProbe,
        dnsProbe,
        icmpProbe,
        postgresProbe,
        mysqlProbe,
        redisProbe,
        memcachedProbe,
        smtpProbe,
        diskProbe,
        memoryProbe,
        processProbe,
        systemdProbe,
        execProbe,
        fileProbe,
        pushProbe,
      ]),
    )
    .prefault({})
    .describe('What this host depends on, each under a name of its own; shown by /health, and as probe_* metrics.')

export type ProbeConfig = z.output<ReturnType<typeof probesSetting>>[string]
export type ProbeConfigOf<T extends ProbeConfig['type']> = Extract<ProbeConfig, { type: T }>
export type NamedProbe = ProbeConfig & { readonly name: string }

/** `probing`: what all probes share. */
export const probingSetting = () =>
  z
    .strictObject({
      concurrency: count(1, 256).prefault(16).describe('Most runs of probes under way at once.'),
      keep: count(1, 1000).prefault(100).describe('Results of each probe that are kept, across restarts.'),
      connectivity: z
        .array(hostPort())
        .prefault([])
        .describe(
          'While none of these takes a connection, this host is offline and remote probes are unknown, not failed; without any, while it has no address.',
        ),
      connectivity_timeout: duration({ min: '100ms', max: '1m' })
        .prefault('3s')
        .describe('Longest that finding that out may take.'),
    })
    .transform((s) => ({
      concurrencyCount: s.concurrency,
      keepCount: s.keep,
      connectivity: { targets: s.connectivity, timeoutMs: s.connectivity_timeout },
    }))
    .prefault({})
    .describe('What all probes share.')

export type ProbingConfig = z.output<ReturnType<typeof probingSetting>>
