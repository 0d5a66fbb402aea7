import type { z } from 'zod'
import { complain } from '../refine.ts'
import type { Secret } from '../secret.ts'
import { choice, count, duration, readableFile, secret, text, withFile } from '../settings.ts'
import { DATABASE_TLS, type DatabaseTls, type DatabaseUrl, databaseUrl } from './database-url.ts'
import type { HostPort } from './targets.ts'

/** What the probes of PostgreSQL and MySQL have in common: where, as whom, over which TLS, and what is asked. */

interface DatabaseKind {
  readonly schemes: readonly string[]
  readonly example: string
  readonly port: number
  /** How a socket is given: a folder for PostgreSQL, the file itself for MySQL. */
  readonly socket: string
}

export const databaseSettings = ({ schemes, example, port, socket }: DatabaseKind) => ({
  ...withFile(
    'url',
    databaseUrl(schemes, example)
      .optional()
      .describe(`${example}?sslmode=require; instead of host, port, user, password and database.`),
  ),
  host: text().optional().describe(`Name or address of the server; beginning with /, ${socket}.`),
  port: count(1, 65_535).optional().describe(`Port of the server; default: ${port}.`),
  user: text().optional().describe('Whom to sign in as.'),
  ...withFile('password', secret().optional().describe('Password of user.')),
  database: text().optional().describe('Database to sign in to; default: the one named like user, or none.'),
  query: text().prefault('SELECT 1').describe('One statement that reads; it is run in a read-only transaction.'),
  expect: text().optional().describe('What the first column of the first row must be, as text.'),
  max_latency: duration({ min: '1ms', max: '5m' })
    .optional()
    .describe('Degraded when connecting, signing in and asking took longer than this together.'),
  tls: choice(DATABASE_TLS)
    .optional()
    .describe(
      'prefer: when the server has it. require: always. verify-full: and check its certificate and name. Default: verify-full with tls_ca_file, else prefer.',
    ),
  tls_ca_file: readableFile().optional().describe('PEM of the authorities to trust instead of the usual ones.'),
})

interface DatabaseSettings {
  readonly url?: DatabaseUrl | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly password?: Secret | undefined
  readonly database?: string | undefined
  readonly query: string
  readonly expect?: string | undefined
  readonly max_latency?: number | undefined
  readonly tls?: DatabaseTls | undefined
  readonly tls_ca_file?: string | undefined
}

export function refineDatabase(s: DatabaseSettings, context: z.core.$RefinementCtx<DatabaseSettings>): void {
  const { url } = s
  if (!url && s.host === undefined) complain(context, [], 'expected url or host, got neither')
  if (url) {
    if (url.host === undefined && s.host === undefined) complain(context, 'url', 'expected a host in it, got none')
    for (const key of ['host', 'port', 'user', 'password', 'database', 'tls'] as const) {
      if (url[key] !== undefined && s[key] !== undefined) complain(context, key, 'is given twice: here and in url')
    }
  }
  const host = s.host ?? url?.host
  if (host !== undefined && !host.startsWith('/') && !/^[\w.:%-]{1,253}$/.test(host)) {
    complain(context, s.host === undefined ? 'url' : 'host', 'expected the name of a host, its address or a path')
  }
  if ((s.user ?? url?.user) === undefined) complain(context, url ? 'url' : [], 'expected a user, got none')
  const tls = s.tls ?? url?.tls
  if (s.tls_ca_file !== undefined && tls !== undefined && tls !== 'verify-full') {
    complain(context, 'tls_ca_file', `expected tls verify-full beside it, got ${tls}`)
  }
}

/** Where a server is: at a port, or behind a socket of this host. */
export type ServerAddress = HostPort | { readonly path: string }

export interface DatabaseTarget {
  readonly address: ServerAddress
  readonly user: string
  readonly password?: Secret
  readonly database?: string
  readonly query: string
  readonly expect?: string
  readonly maxLatencyMs?: number
  readonly tls: DatabaseTls
  readonly tlsCaFile?: string
}

/**
 * Of what has been refined. TLS is `prefer` when nothing is said, as libpq and the mysql client have it: it never breaks against a server that
 * is as it was installed, and whoever only listens learns nothing. An authority that is named is there to be checked against.
 */
export function databaseTarget(
  s: DatabaseSettings,
  { port, socket }: { port: number; socket: (folder: string, port: number) => string },
): DatabaseTarget {
  const host = s.host ?? s.url?.host ?? ''
  const at = { host, port: s.port ?? s.url?.port ?? port }
  const password = s.password ?? s.url?.password
  const database = s.database ?? s.url?.database
  const isSocket = host.startsWith('/')
  return {
    address: isSocket ? { path: socket(host, at.port) } : at,
    user: s.user ?? s.url?.user ?? '',
    ...(password && { password }),
    ...(database !== undefined && { database }),
    query: s.query,
    ...(s.expect !== undefined && { expect: s.expect }),
    ...(s.max_latency !== undefined && { maxLatencyMs: s.max_latency }),
    tls: isSocket ? 'disable' : (s.tls ?? s.url?.tls ?? (s.tls_ca_file === undefined ? 'prefer' : 'verify-full')),
    ...(s.tls_ca_file !== undefined && { tlsCaFile: s.tls_ca_file }),
  }
}
