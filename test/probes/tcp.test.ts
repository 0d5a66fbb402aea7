import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t from 'tap'
import { tcpProbe } from '../../src/config/probes/tcp.ts'
import { createTcpProbe } from '../../src/probes/kinds/tcp.ts'
import { Authority } from './network/certificates.ts'
import { depsWith, realDeps, runProbe, sampleOf, timeoutFor } from './network/run-probe.ts'
import { drip, refusingPort, tcpServer } from './network/tcp-server.ts'

const probeOf = (address: string, settings: object = {}, deps = realDeps) =>
  createTcpProbe(tcpProbe.parse({ type: 'tcp', address, ...settings }), deps)

interface Case {
  readonly serve: (socket: Socket) => void
  readonly settings?: object
  readonly status?: 'healthy' | 'unhealthy'
  readonly message: RegExp
  readonly failedByRegex?: number
}

const greeting = { steps: [{ expect: '^220 (\\S+) ESMTP' }] }
const redis = { steps: [{ send: 'PING\\r\\n' }, { expect: '^\\+PONG$' }] }

const cases: Record<string, Case> = {
  'a connection': { serve: () => {}, status: 'healthy', message: /^takes connections$/ },
  'a connection that is closed at once': { serve: (s) => s.end(), status: 'healthy', message: /takes connections/ },
  'a greeting': {
    serve: (s) => s.write('220 mx.example ESMTP\r\n'),
    settings: greeting,
    status: 'healthy',
    message: /^answered as expected$/,
  },
  'a greeting without a line break': {
    serve: (s) => s.write('220 mx.example ESMTP'),
    settings: greeting,
    status: 'healthy',
    message: /answered/,
  },
  'a greeting after other lines': {
    serve: (s) => s.write('hello\r\nthere\r\n220 mx.example ESMTP\r\n'),
    settings: greeting,
    status: 'healthy',
    message: /answered/,
  },
  'an answer to what is sent': {
    serve: (s) =>
      s.once('data', (data: Buffer) => s.write(data.equals(Buffer.from('PING\r\n')) ? '+PONG\r\n' : '-ERR\r\n')),
    settings: redis,
    status: 'healthy',
    message: /answered/,
  },
  'the wrong answer': {
    serve: (s) => s.once('data', () => s.end('-ERR\r\n')),
    settings: redis,
    message: /connection closed before anything matched \^\\\+PONG\$/,
    failedByRegex: 1,
  },
  silence: {
    serve: () => {},
    settings: greeting,
    message: /within the time allowed while waiting for the expected answer$/,
  },
  'half an answer': {
    serve: (s) => s.write('220 mx.ex'),
    settings: greeting,
    message: /while waiting for the expected answer$/,
  },
  'an answer that drips': {
    serve: (s) => drip(s, '220 mx.example and so on'),
    settings: greeting,
    message: /while waiting for/,
  },
  'a reset in the middle': {
    serve: (s) => s.write('220 mx', () => setTimeout(() => s.resetAndDestroy(), 20)),
    settings: greeting,
    message: /connection reset by the other side/,
  },
  'text without end': {
    serve: (s) => {
      const more = (): void => {
        while (!s.destroyed && s.write('x'.repeat(10_000)));
      }
      s.on('drain', more)
      more()
    },
    settings: greeting,
    message: /more came than such an answer has/,
  },
  'invalid UTF-8': {
    serve: (s) => s.end(Buffer.from([0xff, 0xfe, 0x0a])),
    settings: greeting,
    message: /closed before/,
    failedByRegex: 1,
  },
  'no TLS': { serve: (s) => s.end('220 mx\r\n'), settings: { tls: true }, message: /TLS handshake/ },
  'a handshake that is never answered': {
    serve: () => {},
    settings: { tls: true },
    message: /while in the TLS handshake$/,
  },
}

for (const [what, { serve, settings, status = 'unhealthy', message, failedByRegex = 0 }] of Object.entries(cases)) {
  t.test(`tcp probe given ${what} is ${status}`, async (t) => {
    const server = await tcpServer(serve)
    const { finding, tookMs } = await runProbe(probeOf(`127.0.0.1:${server.port}`, settings), timeoutFor(message, 400))
    t.match(finding, { status, message })
    t.equal(sampleOf(finding, 'probe_failed_due_to_regex'), failedByRegex)
    t.equal(sampleOf(finding, 'probe_ip_protocol'), 4)
    t.ok(tookMs < 2000, `${tookMs} ms`)
    await server.allGone()
    await server.close()
  })
}

t.test('tcp probe given a port that refuses is unhealthy', async (t) => {
  const { finding } = await runProbe(probeOf(`127.0.0.1:${await refusingPort()}`))
  t.match(finding, { status: 'unhealthy', message: /^connection refused at 127\.0\.0\.1:\d+$/ })
})

t.test('tcp probe goes over IPv6', async (t) => {
  const server = await tcpServer(() => {}, '::1')
  const { finding } = await runProbe(probeOf(`[::1]:${server.port}`))
  t.match(finding, { status: 'healthy' })
  t.equal(sampleOf(finding, 'probe_ip_protocol'), 6)
  const four = await runProbe(probeOf(`[::1]:${server.port}`, { ip_protocol: '4' }))
  t.match(four.finding, { status: 'unhealthy', message: /::1 is not an address of IPv4/ })
  await server.close()
})

t.test('tcp probe names the phase when a name takes too long', async (t) => {
  const deps = { ...realDeps, lookup: () => new Promise<never>(() => {}) }
  const { finding, tookMs } = await runProbe(probeOf('db.example:5432', {}, deps), 100)
  t.match(finding, { status: 'unhealthy', message: 'no answer within the time allowed while resolving the name' })
  t.ok(tookMs < 1000)
})

for (const address of ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '::ffff:169.254.1.1']) {
  t.test(`tcp probe refuses ${address}`, async (t) => {
    const { finding } = await runProbe(probeOf('db.example:5432', {}, depsWith(address)), 300)
    t.match(finding, { status: 'unhealthy', message: /is link-local, which is not probed/ })
  })
}

t.test('tcp probe sends bytes as they are written', async (t) => {
  const server = await tcpServer((s) => s.once('data', () => s.end('ok')))
  const steps = [{ send: '\\x00\\xff\\\\n\\t' }, { expect: 'ok' }]
  t.match((await runProbe(probeOf(`127.0.0.1:${server.port}`, { steps }))).finding, { status: 'healthy' })
  t.equal(server.received(), '\0\xff\\n\t')
  await server.close()
})

t.test('tcp probe talks over TLS only to the one it knows', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'obs-tcp-'))
  const authority = new Authority(join(folder, 'authority'))
  const { cert, key } = authority.issue('good', {})
  let received = ''
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (s) => {
    s.on('error', () => {})
    s.on('data', (data: Buffer) => {
      received += data.toString()
      s.end('+PONG\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const target = `localhost:${typeof address === 'object' && address ? address.port : 0}`
  const unknown = await runProbe(probeOf(target, { ...redis, tls: true }))
  t.match(unknown.finding, { status: 'unhealthy', message: /authority that is not trusted/ })
  t.equal(received, '')
  const known = await runProbe(probeOf(target, { ...redis, tls: true, tls_ca_file: authority.caFile }))
  t.match(known.finding, { status: 'healthy', message: 'answered as expected' })
  t.equal(received, 'PING\r\n')
  t.ok((sampleOf(known.finding, 'probe_ssl_earliest_cert_expiry') ?? 0) > Date.now() / 1000)
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})
