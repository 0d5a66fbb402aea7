import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mysqlProbe } from '../../src/config/probes/mysql.ts'
import { createMysqlProbe } from '../../src/probes/kinds/mysql.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { missing } from '../systemd/missing.ts'
import { makeCertificates } from './certificates.ts'
import { lintsClean, phasesOf, runProbe, SECRET, sampleOf, untilSome } from './run-probe.ts'
import { folderOf, freePort, isRoot, type RunningServer, runAs, start } from './servers.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const USER = isRoot() ? 'mysql' : ''

const probeOf = (port: number, settings: object = {}): Probe =>
  createMysqlProbe(
    mysqlProbe.parse({
      type: 'mysql',
      host: '127.0.0.1',
      port: String(port),
      user: 'app',
      password: SECRET,
      ...settings,
    }),
  )

interface Options {
  readonly port: number
  readonly flags?: readonly string[]
}

async function startMaria(folder: string, { port, flags = [] }: Options): Promise<RunningServer> {
  const paths = [
    `--datadir=${join(folder, 'data')}`,
    `--socket=${join(folder, 'my.sock')}`,
    `--pid-file=${join(folder, 'my.pid')}`,
  ]
  const own = [
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=16M',
    '--innodb-flush-log-at-trx-commit=0',
    '--max-connections=10',
  ]
  const command = ['mariadbd', '--no-defaults', ...paths, ...own, ...flags]
  return start({ user: USER, folder, port, command, ready: /ready for connections/ })
}

const sql = (folder: string, text: string): string =>
  runAs(USER, ['mariadb', '--no-defaults', '-S', join(folder, 'my.sock'), '-u', 'root', '-N', '-B'], text).trim()

t.test(
  'mysql probe finds a server',
  { skip: missing('mariadbd', 'mariadb', 'mariadb-install-db', 'openssl') },
  async (t) => {
    const folder = folderOf(USER)
    const port = await freePort()
    const certificates = makeCertificates(join(folder, 'tls'))
    const serving = { key: join(folder, 'server.key'), cert: join(folder, 'server.pem') }
    const use = (pair: 'good' | 'expired' | 'elsewhere'): void => {
      copyFileSync(certificates[pair].key, serving.key)
      copyFileSync(certificates[pair].cert, serving.cert)
      if (isRoot()) runAs('root', ['chown', USER, serving.key, serving.cert])
    }
    use('good')
    runAs(USER, [
      'mariadb-install-db',
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ])
    const server = await startMaria(folder, { port, flags: [`--ssl-key=${serving.key}`, `--ssl-cert=${serving.cert}`] })
    t.teardown(() => server.stop())
    sql(
      folder,
      `CREATE DATABASE shop; CREATE DATABASE secrets; CREATE TABLE shop.t (n int); INSERT INTO shop.t VALUES (7);
     CREATE USER app@'%' IDENTIFIED BY '${SECRET}'; GRANT ALL ON shop.* TO app@'%';
     CREATE USER bare@'%'; CREATE USER locked@'%' IDENTIFIED BY '${SECRET}' ACCOUNT LOCK;
     CREATE USER one@'%' IDENTIFIED BY '${SECRET}' WITH MAX_QUERIES_PER_HOUR 1;`,
    )

    await t.test('that runs', async (t) => {
      const finding = await runProbe(probeOf(port))
      t.match(finding, { status: 'healthy', message: /^MariaDB 1\d\.\d+\.\d+ answered in [\d.]+ ms$/ })
      lintsClean(finding)
      t.same(phasesOf(finding), ['connect', 'auth', 'tls', 'query'])
      t.equal(sampleOf(finding, 'probe_mysql_version_info'), 1)
      t.ok((sampleOf(finding, 'probe_ssl_earliest_cert_expiry') ?? 0) > Date.now() / 1000)
    })

    await t.test('and what it refuses, in words', async (t) => {
      const db = { database: 'shop' }
      const cases: Record<string, { settings: object; status?: string; message: RegExp }> = {
        'the wrong password': {
          settings: { password: 'no' },
          message: /^password authentication failed for user app$/,
        },
        'no password': { settings: { password: undefined }, message: /^password authentication failed for user app$/ },
        'a user without one': {
          settings: { user: 'bare', password: undefined },
          status: 'healthy',
          message: /answered/,
        },
        'a locked user': { settings: { user: 'locked' }, message: /^the account of user locked is locked$/ },
        'a user who has had enough': { settings: { user: 'one' }, message: /^user one has used up what it may$/ },
        'a missing database': {
          settings: { user: 'root', password: undefined, host: join(folder, 'my.sock'), database: 'none' },
          message: /^database none does not exist$/,
        },
        'a database of others': {
          settings: { database: 'secrets' },
          message: /^user app may not use database secrets$/,
        },
        'a broken query': {
          settings: { query: 'SELEC 1' },
          message: /^the server says no \(1064\): You have an error in your SQL syntax/,
        },
        'a write': {
          settings: { ...db, query: 'INSERT INTO t VALUES (8)' },
          message: /^the query writes, and probes only read$/,
        },
        'a change of tables': {
          settings: { ...db, query: 'CREATE TABLE u (n int)' },
          message: /^the query writes, and probes only read$/,
        },
        'a second statement': {
          settings: { ...db, query: 'SELECT 1; DROP TABLE t' },
          message: /^the server says no \(1064\)/,
        },
        'a slow query': {
          settings: { timeout: '300ms', query: 'SELECT 1 FROM (SELECT SLEEP(10)) s' },
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
        NULL: { settings: { query: 'SELECT NULL', expect: '8' }, message: /^the query gave NULL, expected 8$/ },
        'a huge answer': { settings: { query: "SELECT repeat('x', 3000000)" }, message: /larger than 1 MiB/ },
        'the value': {
          settings: { ...db, query: 'SELECT n FROM t', expect: '7' },
          status: 'healthy',
          message: /answered/,
        },
        'a latency': {
          settings: { query: 'SELECT SLEEP(0.1)', max_latency: '50ms' },
          status: 'degraded',
          message: /took \d+ ms, more than 50 ms$/,
        },
        'its socket': { settings: { host: join(folder, 'my.sock') }, status: 'healthy', message: /answered/ },
        'no socket': { settings: { host: '/nonexistent' }, message: /^there is no socket \/nonexistent$/ },
        'a URL': {
          settings: {
            host: undefined,
            port: undefined,
            user: undefined,
            password: undefined,
            url: `mysql://app:${SECRET}@127.0.0.1:${port}/shop?ssl-mode=DISABLED`,
          },
          status: 'healthy',
          message: /answered/,
        },
      }
      for (const [what, { settings, status = 'unhealthy', message }] of Object.entries(cases)) {
        t.match(await runProbe(probeOf(port, settings)), { status, message }, what)
      }
      t.equal(
        sql(
          folder,
          'SELECT count(*) FROM shop.t; SELECT count(*) FROM information_schema.tables WHERE table_schema = "shop"',
        ),
        '1\n1',
        'nothing was written',
      )
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
        'expired, unverified': {
          pair: 'expired',
          settings: { tls: 'require' },
          status: 'healthy',
          message: /answered/,
        },
      }
      for (const [what, { pair, settings, status = 'unhealthy', message }] of Object.entries(cases)) {
        use(pair)
        sql(folder, 'FLUSH SSL')
        const finding = await runProbe(probeOf(port, settings))
        t.match(finding, { status, message }, what)
        t.ok(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'), `${what}: tells when it ends`)
      }
    })

    await t.test('that has no TLS', async (t) => {
      const plain = folderOf(USER)
      const plainPort = await freePort()
      runAs(USER, [
        'mariadb-install-db',
        '--no-defaults',
        `--datadir=${join(plain, 'data')}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ])
      const without = await startMaria(plain, { port: plainPort, flags: ['--skip-ssl'] })
      t.teardown(() => without.stop())
      sql(plain, `CREATE USER app@'%' IDENTIFIED BY '${SECRET}'`)
      t.match(await runProbe(probeOf(plainPort)), { status: 'healthy' })
      t.match(await runProbe(probeOf(plainPort, { tls: 'require' })), {
        status: 'unhealthy',
        message: 'has no TLS, and it is required',
      })
    })

    await t.test('that stands still, and one that goes on', async (t) => {
      server.signal('SIGSTOP')
      t.match(await runProbe(probeOf(port), { timeoutMs: 300 }), {
        status: 'unhealthy',
        message: 'no answer within the time allowed while signing in',
      })
      server.signal('SIGCONT')
      await untilSome(async () => (await runProbe(probeOf(port))).status === 'healthy')
      t.pass('goes on')
    })

    await t.test('that has too many connections', async (t) => {
      const sleepers = Array.from({ length: 12 }, () =>
        runProbe(probeOf(port, { query: 'SELECT SLEEP(20)', timeout: '30s' })),
      )
      const refused = new Set<unknown>()
      for (const one of sleepers) one.then(({ message }) => message === 'too many connections' && refused.add(one))
      await untilSome(() => refused.size === 2)
      // One more than is allowed may be root, once those who were refused have left.
      const asleep = "SELECT id FROM information_schema.processlist WHERE user = 'app' AND info LIKE '%SLEEP%'"
      const ids = await untilSome(() => {
        try {
          return sql(folder, asleep)
        } catch {
          return false
        }
      })
      sql(folder, `KILL ${ids.split('\n')[0]}`)
      const killed = await Promise.race(sleepers.filter((one) => !refused.has(one)))
      t.match(killed, {
        status: 'unhealthy',
        message: /^an administrator ended the session$|^closed the connection|^the query was interrupted$/,
      })
      await server.stop()
      const ends = await Promise.all(sleepers)
      t.ok(ends.every(({ status }) => status === 'unhealthy'))
      t.match(
        ends.map(({ message }) => message).sort()[2],
        /closed the connection while waiting for the answer|was reset/,
      )
      t.match(await runProbe(probeOf(port)), { status: 'unhealthy', message: 'refused the connection' })
    })
  },
)
