import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { redisProbe } from '../../src/config/probes/redis.ts'
import { createRedisProbe } from '../../src/probes/kinds/redis.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { missing } from '../systemd/missing.ts'
import { makeCertificates } from './certificates.ts'
import { lintsClean, phasesOf, runProbe, SECRET, sampleOf, untilSome } from './run-probe.ts'
import { folderOf, freePort, isRoot, type RunningServer, runAs, start } from './servers.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const USER = isRoot() ? 'redis' : ''

const probeOf = (port: number, settings: object = {}): Probe =>
  createRedisProbe(redisProbe.parse({ type: 'redis', address: `127.0.0.1:${port}`, password: SECRET, ...settings }))

async function startRedis(port: number, flags: readonly string[] = []): Promise<RunningServer> {
  const folder = folderOf(USER)
  const command = [
    'redis-server',
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--enable-debug-command',
    'local',
    ...flags,
  ]
  return start({ user: USER, folder, port, command, ready: /Ready to accept connections/ })
}

const cli = (port: number, ...args: string[]): string =>
  runAs(USER, ['redis-cli', '--no-auth-warning', '-p', String(port), '-a', SECRET, ...args]).trim()

/** Goes on in the background; resolves when it has ended. */
const runAsync = (port: number, ...args: string[]): Promise<unknown> =>
  once(
    spawn('redis-cli', ['--no-auth-warning', '-p', String(port), '-a', SECRET, ...args], { stdio: 'ignore' }),
    'exit',
  )

t.test('redis probe finds a server', { skip: missing('redis-server', 'redis-cli', 'openssl') }, async (t) => {
  const port = await freePort()
  const server = await startRedis(port, ['--requirepass', SECRET, '--maxmemory', '100mb', '--databases', '4'])
  t.teardown(() => server.stop())
  cli(port, 'ACL', 'SETUSER', 'app', 'on', `>${SECRET}`, '+ping', '+info', '+select')
  cli(port, 'ACL', 'SETUSER', 'bare', 'on', `>${SECRET}`, '+ping')
  cli(port, 'ACL', 'SETUSER', 'mute', 'on', `>${SECRET}`)

  await t.test('that runs', async (t) => {
    const finding = await runProbe(probeOf(port))
    t.match(finding, { status: 'healthy', message: /^Redis \d+\.\d+\.\d+ answered in [\d.]+ ms$/ })
    lintsClean(finding)
    t.same(phasesOf(finding), ['connect', 'auth', 'query'])
    t.equal(sampleOf(finding, 'probe_redis_version_info'), 1)
    t.equal(sampleOf(finding, 'probe_redis_connected_replicas'), 0)
    t.match(sampleOf(finding, 'probe_redis_memory_used_ratio'), Number)
    t.equal(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'), undefined)
  })

  await t.test('and what it refuses, in words', async (t) => {
    const cases: Record<string, { settings: object; status?: string; message: RegExp }> = {
      'the wrong password': { settings: { password: 'no' }, message: /^user or password is wrong$/ },
      'no password': { settings: { password: undefined }, message: /^asks for a password, and none is given$/ },
      'an unknown user': { settings: { username: 'nil' }, message: /^user or password is wrong$/ },
      'a user': { settings: { username: 'app', db: '3' }, status: 'healthy', message: /answered/ },
      'a user without INFO': { settings: { username: 'bare' }, status: 'healthy', message: /^Redis answered/ },
      'a user without INFO, where it is needed': {
        settings: { username: 'bare', expect_role: 'master' },
        message: /^the user may not ask for INFO/,
      },
      'a user who may nothing': {
        settings: { username: 'mute' },
        message: /^the user may not do what the probe asks: NOPERM/,
      },
      'a missing database': { settings: { db: '4' }, message: /^the server says no: ERR DB index is out of range$/ },
      'the other role': { settings: { expect_role: 'replica' }, message: /^is a master, expected a replica$/ },
      'too few replicas': {
        settings: { min_replicas: '1' },
        status: 'degraded',
        message: /0 replicas are connected, expected at least 1$/,
      },
      'too much memory': {
        settings: { max_memory_ratio: '0.1%' },
        status: 'degraded',
        message: /% of maxmemory is in use, more than 0\.1 %$/,
      },
      'a latency': { settings: { max_latency: '1ms' }, status: 'degraded', message: /took \d+ ms, more than 1 ms$/ },
      'a URL': {
        settings: { address: undefined, password: undefined, url: `redis://app:${SECRET}@127.0.0.1:${port}/1` },
        status: 'healthy',
        message: /answered/,
      },
      'TLS where there is none': {
        settings: { tls: true },
        message: /closed the connection while TLS|was reset while TLS|no answer|TLS cannot be set up/,
      },
    }
    for (const [what, { settings, status = 'unhealthy', message }] of Object.entries(cases)) {
      if (what === 'a latency') cli(port, 'CLIENT', 'PAUSE', '50', 'ALL')
      t.match(await runProbe(probeOf(port, settings), { timeoutMs: 1500 }), { status, message }, what)
    }
  })

  await t.test('that is full, or busy', async (t) => {
    cli(port, 'CONFIG', 'SET', 'busy-reply-threshold', '1')
    const script = runAsync(port, 'EVAL', 'while true do end', '0')
    const busy = await untilSome(async () => {
      const finding = await runProbe(probeOf(port))
      return finding.status === 'unhealthy' && finding
    })
    t.equal(busy.message, 'is busy with a script')
    cli(port, 'SCRIPT', 'KILL')
    await script
    cli(port, 'CONFIG', 'SET', 'maxclients', '1')
    const holder = connect(port, '127.0.0.1')
    const full = await untilSome(async () => {
      const finding = await runProbe(probeOf(port))
      return finding.status === 'unhealthy' && finding
    })
    t.match(full.message, /^too many connections$|was reset/)
    holder.destroy()
  })

  await t.test('that is a replica', async (t) => {
    const [replicaPort, master] = [await freePort(), await freePort()]
    const primary = await startRedis(master, ['--requirepass', SECRET, '--repl-diskless-sync-delay', '0'])
    t.teardown(() => primary.stop())
    const replica = await startRedis(replicaPort, [
      '--requirepass',
      SECRET,
      '--masterauth',
      SECRET,
      '--replicaof',
      '127.0.0.1',
      String(master),
    ])
    t.teardown(() => replica.stop())
    await untilSome(async () => (await runProbe(probeOf(replicaPort, { expect_role: 'replica' }))).status === 'healthy')
    const finding = await runProbe(probeOf(master, { expect_role: 'master', min_replicas: '1' }))
    t.equal(finding.status, 'healthy', finding.message)
    t.equal(sampleOf(finding, 'probe_redis_connected_replicas'), 1)
    await primary.stop()
    const alone = await untilSome(async () => {
      const finding = await runProbe(probeOf(replicaPort))
      return finding.status === 'degraded' && finding
    })
    t.match(alone.message, /^Redis \S+: is a replica whose link to its master is down$/)
  })

  await t.test('and its certificate', async (t) => {
    const folder = folderOf(USER)
    t.teardown(() => rmSync(folder, { recursive: true }))
    const certificates = makeCertificates(join(folder, 'tls'))
    if (isRoot()) runAs('root', ['chown', '-R', USER, folder])
    const verify = { address: undefined, tls_ca_file: certificates.ca }
    const cases: Record<
      string,
      { pair: 'good' | 'expired' | 'elsewhere'; settings: object; status?: string; message: RegExp }
    > = {
      good: { pair: 'good', settings: verify, status: 'healthy', message: /answered/ },
      'of an unknown authority': {
        pair: 'good',
        settings: { address: undefined },
        message: /^the certificate is refused: .*certificate localhost, valid until/,
      },
      'of another authority': {
        pair: 'good',
        settings: { ...verify, tls_ca_file: certificates.otherCa },
        message: /^the certificate is refused/,
      },
      expired: {
        pair: 'expired',
        settings: verify,
        message: /^the certificate is refused: .*valid until Jan +2 00:00:00 2020/,
      },
      'of another name': { pair: 'elsewhere', settings: verify, message: /^the certificate is refused: .*elsewhere/ },
      'of another name that is expected': {
        pair: 'elsewhere',
        settings: { ...verify, server_name: 'elsewhere.example' },
        status: 'healthy',
        message: /answered/,
      },
    }
    for (const pair of ['good', 'expired', 'elsewhere'] as const) {
      const tlsPort = await freePort()
      const { key, cert } = certificates[pair]
      const command = [
        'redis-server',
        '--port',
        '0',
        '--tls-port',
        String(tlsPort),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--requirepass',
        SECRET,
      ]
      const tls = [
        '--tls-cert-file',
        cert,
        '--tls-key-file',
        key,
        '--tls-ca-cert-file',
        certificates.ca,
        '--tls-auth-clients',
        'no',
      ]
      const secured = await start({
        user: USER,
        folder: folderOf(USER),
        port: tlsPort,
        command: [...command, ...tls],
        ready: /Ready to accept/,
      })
      for (const [what, { settings, status = 'unhealthy', message }] of Object.entries(cases).filter(
        ([, one]) => one.pair === pair,
      )) {
        const finding = await runProbe(probeOf(tlsPort, { ...settings, url: `rediss://localhost:${tlsPort}` }))
        t.match(finding, { status, message }, what)
        t.ok(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'), `${what}: tells when it ends`)
      }
      await secured.stop()
    }
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

  await t.test('that was killed', async (t) => {
    cli(port, 'CLIENT', 'PAUSE', '10000', 'ALL')
    const waiting = runProbe(probeOf(port))
    await server.stop()
    t.match(await waiting, { status: 'unhealthy', message: /closed the connection|was reset|refused/ })
    t.match(await runProbe(probeOf(port)), { status: 'unhealthy', message: 'refused the connection' })
  })
})
