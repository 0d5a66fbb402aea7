import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, TLSSocket, type TlsOptions } from 'node:tls'
import t from 'tap'
import { type Starttls, tlsProbe } from '../../src/config/probes/tls.ts'
import { createTlsProbe } from '../../src/probes/kinds/tls.ts'
import { Authority, type Certificate } from './network/certificates.ts'
import { labelsOf, realDeps, runProbe, sampleOf, timeoutFor } from './network/run-probe.ts'
import { drip, refusingPort, tcpServer } from './network/tcp-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'obs-tls-probe-'))
t.after(() => rmSync(folder, { recursive: true }))
const authority = new Authority(join(folder, 'authority'))
const middle = new Authority(join(folder, 'middle'), authority)
const client = authority.issue('client', { cn: 'agent' })
const good = authority.issue('good', {})

const probeOf = (address: string, settings: object = {}) =>
  createTlsProbe(tlsProbe.parse({ type: 'tls', address, ...settings }), realDeps)

const pems = ({ cert, key }: Certificate): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
})

async function tlsServer(options: TlsOptions) {
  const server = createServer(options, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    address: `localhost:${typeof address === 'object' && address ? address.port : 0}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

const ca = { tls_ca_file: authority.caFile }
const judged: readonly [what: string, certificate: Certificate, settings: object, status: string, message: RegExp][] = [
  ['a good certificate', good, ca, 'healthy', /^TLS 1\.3, the certificate is good until \d{4}-\d\d-\d\d$/],
  ['an unknown authority', good, {}, 'unhealthy', /comes from an authority that is not trusted.*until/],
  [
    'one that signs itself',
    authority.issue('self', { isSelfSigned: true }),
    ca,
    'unhealthy',
    /CN=localhost.* is self-signed/,
  ],
  [
    'one that has expired',
    authority.issue('old', { from: -20, until: -10 }),
    ca,
    'unhealthy',
    /CN=localhost.* has expired/,
  ],
  [
    'one that is not valid yet',
    authority.issue('new', { from: 3 }),
    ca,
    'unhealthy',
    /CN=localhost.* is not valid yet/,
  ],
  [
    'another name',
    authority.issue('other', { cn: 'b.example' }),
    ca,
    'unhealthy',
    /for another name, expected localhost, got b\.example/,
  ],
  ['one that ends soon', authority.issue('soon', { until: 3 }), ca, 'degraded', /ends in (3\.0|2\.9) days, on \d{4}/],
  [
    'one that ends too soon',
    authority.issue('sooner', { until: 3 }),
    { ...ca, expiry_unhealthy: '4d' },
    'unhealthy',
    /ends in/,
  ],
  [
    'any, when all are taken',
    authority.issue('older', { from: -9, until: -8 }),
    { insecure_skip_verify: true },
    'healthy',
    /TLS 1\.3/,
  ],
  [
    'a name of its own',
    authority.issue('vhost', { cn: 'v.example' }),
    { ...ca, server_name: 'v.example' },
    'healthy',
    /TLS 1\.3/,
  ],
]

for (const [what, certificate, settings, status, message] of judged) {
  t.test(`tls probe given ${what} is ${status}`, async (t) => {
    const server = await tlsServer(pems(certificate))
    const { finding } = await runProbe(probeOf(server.address, settings))
    t.match(finding, { status, message })
    t.ok(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'))
    t.match(labelsOf(finding, 'probe_tls_version_info'), { version: 'TLS 1.3' })
    await server.close()
  })
}

t.test('tls probe tells the presented chain from the verified one', async (t) => {
  // The one in the middle ends after 20 days, its certificate after 30, the root after 60.
  const { cert, key } = middle.issue('leaf', {})
  const chain = join(folder, 'chain.pem')
  writeFileSync(chain, Buffer.concat([readFileSync(cert), readFileSync(middle.caFile)]))
  const whole = await tlsServer(pems({ cert: chain, key }))
  const leafOnly = await tlsServer(pems({ cert, key }))
  const days = (seconds: number | undefined): number => Math.round((Number(seconds) * 1000 - Date.now()) / 86_400_000)
  const good = await runProbe(probeOf(whole.address, ca))
  t.match(good.finding, { status: 'healthy' })
  t.equal(days(sampleOf(good.finding, 'probe_ssl_earliest_cert_expiry')), 20)
  t.equal(days(sampleOf(good.finding, 'probe_ssl_last_chain_expiry_timestamp_seconds')), 20)
  const bad = await runProbe(probeOf(leafOnly.address, ca))
  t.match(bad.finding, { status: 'unhealthy', message: /leaves out a part of the chain/ })
  t.equal(days(sampleOf(bad.finding, 'probe_ssl_earliest_cert_expiry')), 30)
  t.equal(sampleOf(bad.finding, 'probe_ssl_last_chain_expiry_timestamp_seconds'), undefined)
  await whole.close()
  await leafOnly.close()
})

t.test('tls probe shows its certificate to a server that asks for it', async (t) => {
  const shown = Promise.withResolvers<string>()
  const server = createServer({ ...pems(good), ca: readFileSync(authority.caFile), requestCert: true }, (socket) => {
    socket.on('error', () => {})
    shown.resolve(String(socket.getPeerCertificate().subject?.CN))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const settings = { ...ca, tls_cert_file: client.cert, tls_key_file: client.key }
  const port = typeof address === 'object' && address ? address.port : 0
  const { finding } = await runProbe(probeOf(`localhost:${port}`, settings))
  t.match(finding, { status: 'healthy' })
  t.equal(await shown.promise, 'agent')
  await new Promise((resolve) => server.close(resolve))
})

const broken: Record<string, { serve: (socket: Socket) => void; settings?: object; message: RegExp }> = {
  'no answer ever': { serve: () => {}, message: /while in the TLS handshake$/ },
  'half a handshake': {
    serve: (s) => s.write(Buffer.from('160303004a02000046', 'hex')),
    message: /while in the TLS handshake$/,
  },
  'a handshake that drips': {
    serve: (s) => drip(s, `\x16\x03\x03\x40\0\x02${'\0'.repeat(50)}`),
    message: /while in the TLS handshake$/,
  },
  'plain text': { serve: (s) => s.write('HTTP/1.1 400 Bad\r\n\r\n'), message: /the TLS handshake failed \(ERR_SSL_/ },
  'a closed connection': { serve: (s) => s.end(), message: /closed by the other side in the TLS handshake/ },
  'a reset': {
    serve: (s) => s.once('data', () => s.resetAndDestroy()),
    message: /closed by the other side in the TLS handshake/,
  },
  'no greeting': { serve: () => {}, settings: { starttls: 'smtp' }, message: /while asking for STARTTLS$/ },
  'a greeting that drips': {
    serve: (s) => drip(s, '220-mx'),
    settings: { starttls: 'smtp' },
    message: /while asking for STARTTLS$/,
  },
  'a server without STARTTLS': {
    serve: (s) => s.write('220 mx\r\n250 mx\r\n502 no such command\r\n'),
    settings: { starttls: 'smtp' },
    message: /does not go on to TLS, it answers: 502 no such command/,
  },
  'more in the clear': {
    serve: (s) => s.write('+OK\r\n+OK\r\n+OK injected\r\n'),
    settings: { starttls: 'pop3' },
    message: /goes on in the clear after it agreed to TLS/,
  },
  'a database without TLS': {
    serve: (s) => s.write('N'),
    settings: { starttls: 'postgres' },
    message: /does not offer TLS/,
  },
  'greetings without end': {
    serve: (s) => s.write('220-more\r\n'.repeat(10_000)),
    settings: { starttls: 'smtp' },
    message: /more came than such an answer has/,
  },
}

for (const [what, { serve, settings, message }] of Object.entries(broken)) {
  t.test(`tls probe given ${what} is unhealthy`, async (t) => {
    const server = await tcpServer(serve)
    const { finding, tookMs } = await runProbe(probeOf(`127.0.0.1:${server.port}`, settings), timeoutFor(message, 300))
    t.match(finding, { status: 'unhealthy', message })
    t.ok(tookMs < 2000, `${tookMs} ms`)
    t.equal(sampleOf(finding, 'probe_ip_protocol'), 4)
    await server.allGone()
    await server.close()
  })
}

t.test('tls probe given a port that refuses is unhealthy', async (t) => {
  const { finding } = await runProbe(probeOf(`127.0.0.1:${await refusingPort()}`))
  t.match(finding, { status: 'unhealthy', message: /connection refused/ })
})

/** What each protocol says before it goes on with TLS. */
const scripts: Record<Starttls, readonly [greeting: string, ...steps: [ask: string, answer: string][]]> = {
  smtp: [
    '220-mx\r\n220 mx ESMTP\r\n',
    ['EHLO localhost\r\n', '250-mx\r\n250 STARTTLS\r\n'],
    ['STARTTLS\r\n', '220 go on\r\n'],
  ],
  imap: ['* OK here\r\n', ['a STARTTLS\r\n', '* OK by the way\r\na OK go on\r\n']],
  pop3: ['+OK here\r\n', ['STLS\r\n', '+OK go on\r\n']],
  postgres: ['', ['\0\0\0\x08\x04\xd2\x16\x2f', 'S']],
}

for (const [starttls, [greeting, ...steps]] of Object.entries(scripts)) {
  t.test(`tls probe asks for TLS by ${starttls}`, async (t) => {
    const asked: string[] = []
    const server = createPlainServer((socket) => {
      if (greeting !== '') socket.write(greeting)
      let at = 0
      const onData = (data: Buffer): void => {
        asked.push(data.toString('latin1'))
        const answer = steps[at++]?.[1] ?? ''
        if (at < steps.length) return void socket.write(answer)
        socket.off('data', onData)
        const secured = new TLSSocket(socket, { isServer: true, ...pems(good) })
        secured.on('error', () => {})
        socket.write(answer)
      }
      socket.on('data', onData)
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { finding } = await runProbe(probeOf(`localhost:${port}`, { ...ca, starttls }), 3000)
    t.match(finding, { status: 'healthy', message: /^TLS 1\.3/ })
    t.same(
      asked,
      steps.map(([ask]) => ask),
    )
    await new Promise((resolve) => server.close(resolve))
  })
}
