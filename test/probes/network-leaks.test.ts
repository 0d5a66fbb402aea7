import { createSocket } from 'node:dgram'
import { getEventListeners } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import t from 'tap'
import { dnsProbe } from '../../src/config/probes/dns.ts'
import { httpProbe } from '../../src/config/probes/http.ts'
import { icmpProbe } from '../../src/config/probes/icmp.ts'
import { tcpProbe } from '../../src/config/probes/tcp.ts'
import { tlsProbe } from '../../src/config/probes/tls.ts'
import { createDnsProbe } from '../../src/probes/kinds/dns.ts'
import { createHttpProbe } from '../../src/probes/kinds/http.ts'
import { createIcmpProbe } from '../../src/probes/kinds/icmp.ts'
import { createTcpProbe } from '../../src/probes/kinds/tcp.ts'
import { createTlsProbe } from '../../src/probes/kinds/tls.ts'
import { Phases } from '../../src/probes/phases.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { systemClock } from '../../src/run/clock.ts'
import { Authority } from './network/certificates.ts'
import { has } from './network/program.ts'
import { realDeps } from './network/run-probe.ts'
import { refusingPort, tcpServer } from './network/tcp-server.ts'

/** Many runs of each kind against a target that is sometimes up and mostly not: nothing stays open, and nothing stays on the signal. */

const RUNS = 300
const TIMEOUT_MS = 25
const TOGETHER = 10

const folder = mkdtempSync(join(tmpdir(), 'obs-leaks-'))
t.after(() => rmSync(folder, { recursive: true }))
const authority = new Authority(join(folder, 'authority'))
const { cert, key } = authority.issue('good', {})
const pems = { cert: readFileSync(cert), key: readFileSync(key) }

const http = createHttpServer((request, response) => {
  if (request.url === '/loop') response.writeHead(302, { location: '/loop' })
  response.end('ok')
})

/** What a flapping server does to one connection after the other. */
const moods: readonly ((socket: Socket) => void)[] = [
  (socket) => http.emit('connection', socket),
  () => {},
  (socket) => socket.end(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.once('data', () => socket.resetAndDestroy()),
  (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  (socket) => socket.write(Buffer.from('160303004a02000046', 'hex')),
  (socket) => {
    const secured = new TLSSocket(socket, { isServer: true, ...pems })
    secured.on('error', () => {})
    http.emit('connection', secured)
  },
  (socket) => {
    const secured = new TLSSocket(socket, { isServer: true, ...pems })
    secured.on('error', () => {})
    secured.on('secure', () => socket.destroy())
  },
]
let turn = 0
const server = await tcpServer((socket) => moods[turn++ % moods.length]?.(socket))
const refusing = await refusingPort()
/** Silent, or answers with what is no answer. */
const nameServer = createSocket('udp4', (query, from) => {
  if (turn++ % 2 === 0) nameServer.send(turn % 3 === 0 ? query : query.subarray(0, 20), from.port, from.address)
})
await new Promise<void>((resolve) => nameServer.bind(0, '127.0.0.1', resolve))
nameServer.unref()
t.after(() => nameServer.close())
t.after(() => server.close())

const port = (i: number): number => (i % 10 === 9 ? refusing : server.port)
const ca = { tls_ca_file: authority.caFile }
const kinds: Record<string, (i: number) => Probe> = {
  http: (i) =>
    createHttpProbe(
      httpProbe.parse({ type: 'http', url: `http://localhost:${port(i)}/${i % 2 ? 'loop' : ''}` }),
      realDeps,
    ),
  https: (i) =>
    createHttpProbe(
      httpProbe.parse({ type: 'http', url: `https://localhost:${port(i)}/`, ...(i % 2 && ca) }),
      realDeps,
    ),
  'http by proxy': (i) =>
    createHttpProbe(
      httpProbe.parse({ type: 'http', url: 'https://a.example/', proxy_url: `http://127.0.0.1:${port(i)}` }),
      realDeps,
    ),
  tcp: (i) =>
    createTcpProbe(
      tcpProbe.parse({ type: 'tcp', address: `localhost:${port(i)}`, steps: [{ send: 'x' }, { expect: 'y' }] }),
      realDeps,
    ),
  'tcp with TLS': (i) =>
    createTcpProbe(tcpProbe.parse({ type: 'tcp', address: `localhost:${port(i)}`, tls: true, ...ca }), realDeps),
  tls: (i) =>
    createTlsProbe(tlsProbe.parse({ type: 'tls', address: `localhost:${port(i)}`, ...(i % 2 && ca) }), realDeps),
  'tls by smtp': (i) =>
    createTlsProbe(tlsProbe.parse({ type: 'tls', address: `localhost:${port(i)}`, starttls: 'smtp' }), realDeps),
  'dns by udp': (i) =>
    createDnsProbe(
      dnsProbe.parse({
        type: 'dns',
        server: `127.0.0.1:${i % 10 === 9 ? refusing : nameServer.address().port}`,
        name: 'a.example',
      }),
      realDeps,
    ),
  'dns by tcp': (i) =>
    createDnsProbe(
      dnsProbe.parse({ type: 'dns', server: `127.0.0.1:${port(i)}`, name: 'a.example', transport: 'tcp' }),
      realDeps,
    ),
  ...(has('ping') && {
    icmp: (i) =>
      createIcmpProbe(
        icmpProbe.parse({ type: 'icmp', host: ['127.0.0.1', '255.255.255.255', '::1'][i % 3] }),
        realDeps,
      ),
  }),
}

async function runOnce(probe: Probe, timeoutMs: number): Promise<number> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  await probe.run({ signal: controller.signal, phases: new Phases(systemClock) })
  clearTimeout(timer)
  return getEventListeners(controller.signal, 'abort').length
}

/** Handles of this process but for timers, which come and go. */
const openNow = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => !/Timeout|Immediate/.test(name))
    .sort()

for (const [kind, probeAt] of Object.entries(kinds)) {
  t.test(`${kind} probe leaves nothing open after ${RUNS} runs`, async (t) => {
    await server.allGone()
    const before = openNow()
    let listeners = 0
    for (let i = 0; i < RUNS; i += TOGETHER) {
      const some = Array.from({ length: TOGETHER }, (_, j) =>
        runOnce(probeAt(i + j), 1 + ((i * 7 + j * 3) % TIMEOUT_MS)),
      )
      for (const count of await Promise.all(some)) listeners += count
    }
    await server.allGone()
    t.equal(listeners, 0, 'listeners on the signals of the runs')
    for (let tries = 0; tries < 100 && openNow().length > before.length; tries++) await systemClock.sleep(20)
    // Fewer is no leak: something may have been ending when it was counted before.
    t.ok(openNow().length <= before.length, `${before}, then ${openNow()}`)
  })
}
