import { z } from 'zod'
import { ratio } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import type { Secret } from '../secret.ts'
import { choice, count, duration, flag, mark, readableFile, secret, text, withFile } from '../settings.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { type HostPort, hostPort } from './targets.ts'

interface RedisUrl {
  readonly address: HostPort
  readonly username?: string
  readonly password?: Secret
  readonly db?: number
  readonly usesTls: boolean
}

const EXPECTED_URL = 'an address such as redis://app:password@cache.example:6379/0'

/** https://www.iana.org/assignments/uri-schemes/prov/redis and rediss: user and password, host, port, number of the database. */
const redisUrl = () =>
  mark(z.string(), { role: 'secret', expected: EXPECTED_URL }).transform((value, context): RedisUrl => {
    const url = parseDatabaseUrl(value, ['redis:', 'rediss:'])
    const db = url?.database ?? '0'
    if (url?.host && /^[\w.:-]+$/.test(url.host) && /^\d{1,4}$/.test(db) && url.tls === undefined) {
      const { host, port = 6379, user, password } = url
      return {
        address: { host, port },
        ...(user !== undefined && { username: user }),
        ...(password && { password }),
        ...(url.database !== undefined && { db: Number(db) }),
        usesTls: /^rediss:/i.test(value),
      }
    }
    context.addIssue({ code: 'custom', message: `expected ${EXPECTED_URL}` })
    return z.NEVER
  })

export const redisProbe = z
  .strictObject({
    type: z.literal('redis').describe('Redis or Valkey answers PING.'),
    ...SCHEDULE,
    ...withFile(
      'url',
      redisUrl()
        .optional()
        .describe(
          'redis://app:password@cache.example:6379/0, or rediss: over TLS; instead of address and the next four.',
        ),
    ),
    address: hostPort().optional().describe('host:port of the server.'),
    username: text().optional().describe('User of the access list; default: the one named default.'),
    ...withFile('password', secret().optional().describe('Password of the user.')),
    db: count(0, 9999).optional().describe('Number of the database; default: 0.'),
    tls: flag().optional().describe('Whether to connect over TLS; its certificate and name are checked.'),
    tls_ca_file: readableFile().optional().describe('PEM of the authorities to trust instead of the usual ones.'),
    server_name: text().optional().describe('Name that the certificate must have; default: the host.'),
    expect_role: choice(['master', 'replica']).optional().describe('Unhealthy when it is the other.'),
    min_replicas: count(0, 1000).optional().describe('Degraded when fewer replicas are connected to it.'),
    max_memory_ratio: ratio()
      .optional()
      .describe('Degraded when a larger share of maxmemory is in use; nothing where no maxmemory is set.'),
    max_latency: duration({ min: '1ms', max: '5m' })
      .optional()
      .describe('Degraded when connecting, signing in and asking took longer than this together.'),
  })
  .superRefine((s, context) => {
    if (!s.url && !s.address) complain(context, [], 'expected url or address, got neither')
    for (const key of ['address', 'username', 'password', 'db'] as const) {
      if (s.url?.[key] !== undefined && s[key] !== undefined) complain(context, key, 'is given twice: here and in url')
    }
    if (s.username !== undefined && !s.password && !s.url?.password) {
      complain(context, 'username', 'expected a password beside it, got none')
    }
    const usesTls = s.tls ?? s.url?.usesTls ?? false
    if (s.url?.usesTls && s.tls === false) complain(context, 'tls', 'expected true beside a rediss: url, got false')
    for (const key of ['tls_ca_file', 'server_name'] as const) {
      if (s[key] !== undefined && !usesTls) complain(context, key, 'expected tls: true beside it, or a rediss: url')
    }
  })
  .transform((s) => {
    const [username, password, db] = [s.username ?? s.url?.username, s.password ?? s.url?.password, s.db ?? s.url?.db]
    return {
      type: s.type,
      ...schedule(s),
      address: s.address ?? s.url?.address ?? { host: '', port: 0 },
      ...(username !== undefined && { username }),
      ...(password && { password }),
      ...(db !== undefined && { db }),
      usesTls: s.tls ?? s.url?.usesTls ?? false,
      ...(s.tls_ca_file !== undefined && { tlsCaFile: s.tls_ca_file }),
      ...(s.server_name !== undefined && { serverName: s.server_name }),
      ...(s.expect_role !== undefined && { expectRole: s.expect_role }),
      ...(s.min_replicas !== undefined && { minReplicaCount: s.min_replicas }),
      ...(s.max_memory_ratio !== undefined && { maxMemoryRatio: s.max_memory_ratio }),
      ...(s.max_latency !== undefined && { maxLatencyMs: s.max_latency }),
    }
  })

export type RedisProbeConfig = z.output<typeof redisProbe>
