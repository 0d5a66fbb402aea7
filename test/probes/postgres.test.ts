import { appendFileSync, chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postgresProbe } from '../../src/config/probes/postgres.ts'
import { createPostgresProbe } from '../../src/probes/kinds/postgres.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { missing } from '../systemd/missing.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { lintsClean, phasesOf, runProbe, SECRET, sampleOf, untilSome } from './run-probe.ts'
import { folderOf, freePort, isRoot, type RunningServer, runAs, start } from './servers.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const USER = isRoot() ? 'postgres' : ''

const probeOf = (port: number, settings: object = {}): Probe =>
  createPostgresProbe(
    postgresProbe.parse({
      type: 'postgres',
      host: '127.0.0.1',
      port: String(port),
      user: 'app',
      password: SECRET,
      ...settings,
    }),
  )

async function startPostgres(
  folder: string,
  { port, settings }: { port: number; settings: Record<string, string> },
): Promise<RunningServer> {
  const all = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: 10,
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = ['postgres', '-D', join(folder, 'data'), ...flags]
  return start({ user: USER, folder, port, command, ready: /ready to accept (read-only )?connections/ })
}

function initialise(folder: string, certificates?: Certificates): void {
  writeFileSync(join(folder, 'pw'), 'admin-pw')
  if (isRoot()) runAs('root', ['chown', USER, join(folder, 'pw')])
  runAs(USER, [
    'initdb',
    '-D',
    join(folder, 'data'),
    '-U',
    'admin',
    '--pwfile',
    join(folder, 'pw'),
    '-A',
    'scram-sha-256',
    '-N',
    '--locale=C',
    '-E',
    'UTF8',
  ])
  if (certificates) useCertificate(folder, certificates.good)
}

function useCertificate(folder: string, { key, cert }: { key: string; cert: string }): void {
  for (const [from, to] of [
    [key, 'server.key'],
    [cert, 'server.crt'],
  ] as const) {
    const file = join(folder, 'data', to)
    copyFileSync(from, file)
    chmodSync(file, 0o600)
    if (isRoot()) runAs('root', ['chown', USER, file])
  }
}

const psql = (folder: string, { port, sql }: { port: number; sql: string }): string =>
  runAs(
    USER,
    [
      'env',
      'PGPASSWORD=admin-pw',
      'psql',
      '-XAtq',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      folder,
      '-p',
      String(port),
      '-U',
      'admin',
      '-d',
      'postgres',
    ],
    sql,
  )

t.test('postgres probe finds a server', { skip: missing('initdb', 'postgres', 'psql', 'openssl') }, async (t) => {
  const folder = folderOf(USER)
  const port = await freePort()
  const certificates = makeCertificates(join(folder, 'tls'))
  initialise(folder, certificates)
  appendFileSync(join(folder, 'data', 'pg_hba.conf'), 'host replication all 127.0.0.1/32 scram-sha-256\n')
  const server = await startPostgres(folder, { port, settings: { ssl: 'on' } })
  t.teardown(() => server.stop())
  psql(folder, {
    port,
    sql: `CREATE ROLE app LOGIN PASSWORD '${SECRET}'; CREATE ROLE follower REPLICATION LOGIN PASSWORD 'follow';
      CREATE ROLE nobody_in LOGIN; CREATE TABLE t (n int); INSERT INTO t VALUES (7); GRANT ALL ON t TO app; CREATE DATABASE app;
      CREATE ROLE busy LOGIN PASSWORD '${SECRET}' CONNECTION LIMIT 0;`,
  })

  await t.test('that runs', async (t) => {
    const finding = await runProbe(probeOf(port))
    t.match(finding, { status: 'healthy', message: /^PostgreSQL 1\d\.\d+ answered in [\d.]+ ms$/ })
    lintsClean(finding)
    t.same(phasesOf(finding), ['connect', 'tls', 'auth', 'query'])
    t.equal(sampleOf(finding, 'probe_postgres_version_info'), 1)
    t.ok((sampleOf(finding, 'probe_ssl_earliest_cert_expiry') ?? 0) > Date.now() / 1000)
    t.equal(sampleOf(finding, 'probe_postgres_replication_lag_seconds'), undefined)
  })

  await t.test('and what it refuses, in words', async (t) => {
    const db = { database: 'postgres' }
    const cases: Record<string, { settings: object; status?: string; message: RegExp }> = {
      'the wrong password': { settings: { password: 'no' }, message: /^password authentication failed for user app$/ },
      'an unknown user': { settings: { user: 'nil' }, message: /^password authentication failed for user nil$/ },
      'no password': { settings: { password: undefined }, message: /^asks for a password, and none is given$/ },
      'a missing database': { settings: { database: 'shop' }, message: /^database shop does not exist$/ },
      'too many connections of a user': { settings: { user: 'busy', ...db }, message: /^too many connections$/ },
      'a broken query': { settings: { ...db, query: 'SELEC 1' }, message: /^the query failed: syntax error/ },
      'a write': {
        settings: { ...db, query: 'INSERT INTO t VALUES (8)' },
        message: /^the query writes, and probes only read$/,
      },
      'a way out of the transaction': {
        settings: { ...db, query: 'COMMIT; INSERT INTO t VALUES (8)' },
        message: /^the query failed: cannot insert multiple commands/,
      },
      'a slow query': {
        settings: { ...db, timeout: '300ms', query: 'SELECT pg_sleep(10)' },
        message: /^the query took too long$/,
      },
      'another value': {
        settings: { ...db, query: 'SELECT n FROM t', expect: '8' },
        message: /^the query gave 7, expected 8$/,
      },
      'no row': {
        settings: { ...db, query: 'SELECT n FROM t WHERE n > 7', expect: '8' },
        message: /^the query gave no row, expected 8$/,
      },
      'a huge answer': { settings: { ...db, query: "SELECT repeat('x', 3000000)" }, message: /larger than 1 MiB/ },
      'the value': {
        settings: { ...db, query: 'SELECT n FROM t', expect: '7' },
        status: 'healthy',
        message: /answered/,
      },
      'a latency': {
        settings: { ...db, query: 'SELECT pg_sleep(0.1)', max_latency: '50ms' },
        status: 'degraded',
        message: /took \d+ ms, more than 50 ms$/,
      },
      'its socket': { settings: { host: folder }, status: 'healthy', message: /answered/ },
      'no socket': {
        settings: { host: '/nonexistent' },
        message: /^there is no socket \/nonexistent\/\.s\.PGSQL\.\d+$/,
      },
      'a URL': {
        settings: {
          host: undefined,
          port: undefined,
          user: undefined,
          password: undefined,
          url: `postgres://app:${SECRET}@127.0.0.1:${port}/postgres?sslmode=disable`,
        },
        status: 'healthy',
        message: /answered/,
      },
    }
    for (const [what, { settings, status = 'unhealthy', message }] of Object.entries(cases)) {
      const finding = await runProbe(probeOf(port, settings))
      t.match(finding, { status, message }, what)
    }
    t.equal(psql(folder, { port, sql: 'SELECT count(*) FROM t' }).trim(), '1', 'nothing was written')
  })

  await t.test('and its certificate', async (t) => {
    const verify = { host: 'localhost', tls: 'verify-full' }
    const cases: Record<
      string,
      { pair: 'good' | 'expired' | 'elsewhere'; settings: object; status?: string; message: RegExp }
    > = {
      good: {
        pair: 'good',
        settings: { ...verify, tls_ca_file: certificates.ca },
        status: 'healthy',
        message: /answered/,
      },
      'of an unknown authority': {
        pair: 'good',
        settings: verify,
        message: /^the certificate is refused: .*certificate localhost, valid until/,
      },
      'of another authority': {
        pair: 'good',
        settings: { ...verify, tls_ca_file: certificates.otherCa },
        message: /^the certificate is refused/,
      },
      expired: {
        pair: 'expired',
        settings: { ...verify, tls_ca_file: certificates.ca },
        message: /^the certificate is refused: .*valid until Jan +2 00:00:00 2020/,
      },
      'of another name': {
        pair: 'elsewhere',
        settings: { ...verify, tls_ca_file: certificates.ca },
        message: /^the certificate is refused: .*elsewhere/,
      },
      'expired, unverified': { pair: 'expired', settings: { tls: 'require' }, status: 'healthy', message: /answered/ },
    }
    for (const [what, { pair, settings, status = 'unhealthy', message }] of Object.entries(cases)) {
      useCertificate(folder, certificates[pair])
      psql(folder, { port, sql: 'SELECT pg_reload_conf()' })
      // A reload is a signal: the next session that is begun after it has been taken has the new certificate.
      let finding = await runProbe(probeOf(port, settings))
      const isRenewed = (): boolean =>
        (sampleOf(finding, 'probe_ssl_earliest_cert_expiry') ?? 0) < 1.6e9 === (pair === 'expired')
      for (let i = 0; i < 200 && !(isRenewed() && message.test(finding.message)); i++)
        finding = await runProbe(probeOf(port, settings))
      t.match(finding, { status, message }, what)
    }
  })

  await t.test('that stands still, and one that goes on', async (t) => {
    server.signal('SIGSTOP')
    t.match(await runProbe(probeOf(port), { timeoutMs: 300 }), {
      status: 'unhealthy',
      message: /^no answer within the time allowed while/,
    })
    server.signal('SIGCONT')
    t.match(await runProbe(probeOf(port)), { status: 'healthy' })
  })

  await t.test('that is ended while it is asked', async (t) => {
    const sql =
      "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)' AND application_name = 'obs-agent'"
    const sleeping = (): Promise<string> => untilSome(() => psql(folder, { port, sql }).trim())
    const sleeper = probeOf(port, { database: 'postgres', query: 'SELECT pg_sleep(20)', timeout: '30s' })
    const running = runProbe(sleeper)
    const pid = await sleeping()
    psql(folder, { port, sql: `SELECT pg_terminate_backend(${pid})` })
    t.match(await running, { status: 'unhealthy', message: 'an administrator ended the session' })
    const second = runProbe(sleeper)
    process.kill(Number(await sleeping()), 'SIGKILL')
    t.match(await second, {
      status: 'unhealthy',
      message: /closed the connection while waiting for the answer|was reset/,
    })
    // The server begins anew after a crash, and says so to whoever asks meanwhile.
    let finding = await runProbe(probeOf(port))
    for (let i = 0; i < 2000 && finding.status !== 'healthy'; i++) {
      t.match(finding.message, /^the server is (recovering|starting up)$|closed the connection|was reset/)
      finding = await runProbe(probeOf(port))
    }
    t.match(finding, { status: 'healthy' })
  })

  await t.test('that is a standby', async (t) => {
    const standby = folderOf(USER)
    const standbyPort = await freePort()
    const source = `host=127.0.0.1 port=${port} user=follower password=follow`
    runAs(USER, [
      'pg_basebackup',
      '-D',
      join(standby, 'data'),
      '-d',
      source,
      '-R',
      '-c',
      'fast',
      '-X',
      'stream',
      '--no-sync',
    ])
    const follower = await startPostgres(standby, { port: standbyPort, settings: { ssl: 'off' } })
    t.teardown(() => follower.stop())
    const settings = { database: 'postgres', max_replication_lag: '2s' }
    psql(folder, { port, sql: 'INSERT INTO t VALUES (9)' })
    const inStep = await untilSome(async () => {
      const finding = await runProbe(probeOf(standbyPort, settings))
      return finding.status === 'healthy' && finding
    })
    lintsClean(inStep)
    t.equal(sampleOf(inStep, 'probe_postgres_replication_lag_seconds'), 0)
    t.match(await runProbe(probeOf(standbyPort, { ...settings, tls: 'require' })), {
      status: 'unhealthy',
      message: 'has no TLS, and it is required',
    })

    // Without its primary it falls behind, however little there is to replay.
    await server.stop()
    const behind = await untilSome(async () => {
      const finding = await runProbe(probeOf(standbyPort, settings))
      return finding.status === 'degraded' && finding
    })
    t.match(behind.message, /^PostgreSQL \S+: replication is 2\.\d s behind, more than 2 s$/)
    t.ok((sampleOf(behind, 'probe_postgres_replication_lag_seconds') ?? 0) > 2)
  })

  await t.test('that was killed', async (t) => {
    t.match(await runProbe(probeOf(port)), { status: 'unhealthy', message: 'refused the connection' })
  })
})
