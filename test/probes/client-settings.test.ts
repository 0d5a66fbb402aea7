import { inspect } from 'node:util'
import t from 'tap'
import type { z } from 'zod'
import { mysqlProbe } from '../../src/config/probes/mysql.ts'
import { postgresProbe } from '../../src/config/probes/postgres.ts'
import { redisProbe } from '../../src/config/probes/redis.ts'
import { smtpProbe } from '../../src/config/probes/smtp.ts'
import { createMysqlProbe } from '../../src/probes/kinds/mysql.ts'
import { createPostgresProbe } from '../../src/probes/kinds/postgres.ts'
import { createRedisProbe } from '../../src/probes/kinds/redis.ts'

const SECRET = 'canary p4ss'
const IN_URL = encodeURIComponent(SECRET)
const at = { host: 'db.example', user: 'app' }

t.test('settings of clients decode to where, as whom and over what', async (t) => {
  const cases: { schema: z.ZodType; settings: object; found: object }[] = [
    {
      schema: postgresProbe,
      settings: { type: 'postgres', ...at },
      found: { address: { host: 'db.example', port: 5432 }, tls: 'prefer', query: 'SELECT 1' },
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', ...at, host: '/run/postgresql', port: '5433' },
      found: { address: { path: '/run/postgresql/.s.PGSQL.5433' }, tls: 'disable' },
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: `postgresql://app:${IN_URL}@[::1]:6432/shop?sslmode=verify-full` },
      found: { address: { host: '::1', port: 6432 }, user: 'app', database: 'shop', tls: 'verify-full' },
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: 'postgres://app@%2Frun%2Fpg/shop' },
      found: { address: { path: '/run/pg/.s.PGSQL.5432' } },
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: 'postgres:///shop?host=/run/pg', user: 'app' },
      found: { address: { path: '/run/pg/.s.PGSQL.5432' } },
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', ...at, tls_ca_file: '/ca.pem' },
      found: { tls: 'verify-full', tlsCaFile: '/ca.pem' },
    },
    {
      schema: mysqlProbe,
      settings: { type: 'mysql', url: `mysql://app:${IN_URL}@db.example/shop?ssl-mode=VERIFY_IDENTITY` },
      found: { address: { host: 'db.example', port: 3306 }, tls: 'verify-full' },
    },
    {
      schema: mysqlProbe,
      settings: { type: 'mysql', ...at, host: '/run/mysqld/mysqld.sock' },
      found: { address: { path: '/run/mysqld/mysqld.sock' } },
    },
    {
      schema: redisProbe,
      settings: { type: 'redis', url: `rediss://:${IN_URL}@cache.example/3` },
      found: { address: { host: 'cache.example', port: 6379 }, db: 3, usesTls: true },
    },
    {
      schema: redisProbe,
      settings: { type: 'redis', address: 'cache.example:6380', max_memory_ratio: '90%' },
      found: { usesTls: false, maxMemoryRatio: 0.9 },
    },
    {
      schema: smtpProbe,
      settings: { type: 'smtp', address: 'mail.example:25' },
      found: { startTls: 'auto', usesTls: false },
    },
  ]
  for (const { schema, settings, found } of cases) {
    const config = schema.parse(settings)
    t.match(config, found)
    const secret = (config as { password?: { reveal(): string } }).password
    if (JSON.stringify(settings).includes(IN_URL)) t.equal(secret?.reveal(), SECRET)
    t.notMatch(inspect(config, { depth: 9 }) + JSON.stringify(config), /canary/)
  }
})

t.test('settings of clients that cannot work are refused, without showing secrets', async (t) => {
  const url = `postgres://app:${IN_URL}@db.example/shop`
  const cases: { schema: z.ZodType; settings: object; message: RegExp }[] = [
    {
      schema: postgresProbe,
      settings: { type: 'postgres', user: 'app' },
      message: /expected url or host, got neither/,
    },
    { schema: postgresProbe, settings: { type: 'postgres', host: 'db.example' }, message: /expected a user, got none/ },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url, user: 'other' },
      message: /is given twice: here and in url/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: `${url}?options=-c` },
      message: /expected an address such as postgres:/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: `${url}?sslmode=sometimes` },
      message: /expected an address such as postgres:/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: `mysql://app:${IN_URL}@db.example` },
      message: /expected an address such as postgres:/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', url: `postgres://app:${IN_URL}@one,two/shop` },
      message: /expected an address such as postgres:/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', ...at, tls: 'require', tls_ca_file: '/ca.pem' },
      message: /expected tls verify-full beside it, got require/,
    },
    {
      schema: postgresProbe,
      settings: { type: 'postgres', ...at, host: 'no host' },
      message: /expected the name of a host, its address or a path/,
    },
    { schema: redisProbe, settings: { type: 'redis' }, message: /expected url or address, got neither/ },
    {
      schema: redisProbe,
      settings: { type: 'redis', url: `redis://:${IN_URL}@cache.example/x` },
      message: /expected an address such as redis:/,
    },
    {
      schema: redisProbe,
      settings: { type: 'redis', address: 'cache.example:6379', username: 'app' },
      message: /expected a password beside it, got none/,
    },
    {
      schema: redisProbe,
      settings: { type: 'redis', address: 'cache.example:6379', server_name: 'x' },
      message: /expected tls: true beside it/,
    },
    {
      schema: smtpProbe,
      settings: { type: 'smtp', address: 'mail.example:25', password: SECRET },
      message: /expected a username beside it, got none/,
    },
    {
      schema: smtpProbe,
      settings: { type: 'smtp', address: 'mail.example:25', starttls: 'never', server_name: 'x' },
      message: /expected TLS beside it/,
    },
    {
      schema: smtpProbe,
      settings: { type: 'smtp', address: 'mail.example:25', ehlo: 'a\r\nMAIL FROM:<x>' },
      message: /Invalid string/,
    },
  ]
  for (const { schema, settings, message } of cases) {
    const decoded = schema.safeParse(settings)
    const told = decoded.success ? 'nothing' : decoded.error.issues.map((issue) => issue.message).join('; ')
    t.match(told, message)
    t.notMatch(told, /canary/)
  }
})

t.test('targets of clients name the server and never the user', async (t) => {
  const postgres = createPostgresProbe(
    postgresProbe.parse({ type: 'postgres', url: `postgres://app:${IN_URL}@db.example/shop` }),
  )
  t.match(postgres, { target: 'db.example:5432/shop', remoteHost: 'db.example' })
  const local = createPostgresProbe(postgresProbe.parse({ type: 'postgres', ...at, host: '/run/postgresql' }))
  t.match(local, { target: '/run/postgresql/.s.PGSQL.5432' })
  t.notOk('remoteHost' in local)
  t.notOk('remoteHost' in createMysqlProbe(mysqlProbe.parse({ type: 'mysql', ...at, host: '127.0.0.1' })))
  const redis = createRedisProbe(redisProbe.parse({ type: 'redis', url: `redis://:${IN_URL}@[::1]:6379/2` }))
  t.match(redis, { target: '[::1]:6379/2' })
  t.notOk('remoteHost' in redis)
})
