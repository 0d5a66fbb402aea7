import type { Socket } from 'node:net'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { httpProbe } from '../../src/config/probes/http.ts'
import { createHttpProbe } from '../../src/probes/kinds/http.ts'
import { addressesOf, type NetworkDeps, newRoute } from '../../src/probes/network/dial.ts'
import { Phases } from '../../src/probes/phases.ts'
import { systemClock } from '../../src/run/clock.ts'
import { depsWith, realDeps, runProbe, sampleOf, timeoutFor } from './network/run-probe.ts'
import { drip, refusingPort, type TcpServer, tcpServer } from './network/tcp-server.ts'

/** What a server may do to the http probe. */

const probeOf = (url: string, settings: object = {}, deps: NetworkDeps = realDeps) =>
  createHttpProbe(httpProbe.parse({ type: 'http', url, ...settings }), deps)

/** Does `serve` when a request has come. */
const onRequest =
  (serve: (socket: Socket, head: string) => void) =>
  (socket: Socket): void => {
    let head = ''
    socket.on('data', (data: Buffer) => {
      const hadCome = head.includes('\r\n\r\n')
      head += data.toString('latin1')
      if (!hadCome && head.includes('\r\n\r\n')) serve(socket, head)
    })
  }

const OK = 'HTTP/1.1 200 OK\r\n'
const packed = (encoding: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`), body])

/** Writes `chunk` again and again, as fast as it is taken. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', more)
  more()
}

interface Case {
  readonly serve: (socket: Socket, head: string) => void
  readonly settings?: object
  readonly status?: 'healthy' | 'unhealthy'
  readonly message: RegExp
}

const ZEROS = Buffer.alloc(64 * 1024 * 1024)
const BOMBS = {
  gzip: gzipSync(ZEROS),
  br: brotliCompressSync(ZEROS, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: zstdCompressSync(ZEROS),
}

const cases: Record<string, Case> = {
  'no answer ever': { serve: () => {}, message: /within the time allowed while waiting for the answer$/ },
  'half a status line': { serve: (s) => s.write('HTTP/1.1 2'), message: /while waiting for the answer$/ },
  'half a body': {
    serve: (s) => s.write(`${OK}content-length: 100\r\n\r\nhalf`),
    message: /while reading the answer$/,
  },
  'headers that drip': { serve: (s) => drip(s, `${OK}x-slow: y`), message: /while waiting for the answer$/ },
  'a body that drips': { serve: (s) => drip(s, `${OK}\r\nz`, 5), message: /while reading the answer$/ },
  'hints without end': {
    serve: (s) => drip(s, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000), 1),
    message: /while waiting for the answer$/,
  },
  'a closed connection': { serve: (s) => s.destroy(), message: /reset by|closed by/ },
  'a reset connection': { serve: (s) => s.resetAndDestroy(), message: /connection reset by the other side/ },
  'a reset in the middle of the body': {
    serve: (s) => s.write(`${OK}content-length: 100\r\n\r\nhalf`, () => setTimeout(() => s.resetAndDestroy(), 20)),
    message: /ended in the middle of the body/,
  },
  'a body that ends early': {
    serve: (s) => s.end(`${OK}content-length: 100\r\n\r\nhalf`),
    message: /ended in the middle of the body/,
  },
  'a body of many gigabytes': {
    serve: (s) => {
      s.write(`${OK}content-length: 100000000000\r\n\r\n`)
      flood(s, Buffer.alloc(65_536, 'x'))
    },
    settings: { body_matches: ['y'] },
    message: /longer than the 1048576 bytes of body_limit/,
  },
  'headers without end': {
    serve: (s) => {
      s.write(OK)
      flood(s, Buffer.from('x-more: of the same\r\n'.repeat(1000)))
    },
    message: /headers of the answer are longer than 64 KiB/,
  },
  'one header without end': {
    serve: (s) => {
      s.write(`${OK}x-long: `)
      flood(s, Buffer.alloc(65_536, 'x'))
    },
    message: /headers of the answer are longer than 64 KiB/,
  },
  'a header with a line break inside': {
    serve: (s) => s.end(`${OK}x-a: b\rset-cookie: c\r\ncontent-length: 0\r\n\r\n`),
    message: /is not an HTTP answer/,
  },
  'two lengths': {
    serve: (s) => s.end(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
    message: /is not an HTTP answer/,
  },
  garbage: { serve: (s) => s.end('SSH-2.0-OpenSSH_9.2\r\n'), message: /is not an HTTP answer/ },
  'another protocol': {
    serve: (s) => s.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    message: /answered 101/,
  },
  'invalid UTF-8': {
    serve: (s) => s.end(Buffer.concat([Buffer.from(`${OK}\r\n`), Buffer.from([0xff, 0xfe, 0x6f, 0x6b, 0xc3])])),
    settings: { body_matches: ['ok'] },
    status: 'healthy',
    message: /200/,
  },
  'a gzip bomb': {
    serve: (s) => s.end(packed('gzip', BOMBS.gzip)),
    settings: { body_matches: ['y'] },
    message: /longer than the 1048576 bytes/,
  },
  'a brotli bomb': {
    serve: (s) => s.end(packed('br', BOMBS.br)),
    settings: { body_matches: ['y'] },
    message: /longer than the 1048576 bytes/,
  },
  'a zstd bomb': {
    serve: (s) => s.end(packed('zstd', BOMBS.zstd)),
    settings: { body_matches: ['y'] },
    message: /longer than the 1048576 bytes/,
  },
  'a bomb that nothing looks into': {
    serve: (s) => s.end(packed('gzip', BOMBS.gzip)),
    status: 'healthy',
    message: /200/,
  },
  'a zstd frame with a window of 2 GiB': {
    serve: (s) => s.end(packed('zstd', Buffer.from('28b52ffd00a801000061', 'hex'))),
    message: /cannot be unpacked/,
  },
  'gzip that breaks off': {
    serve: (s) => s.end(packed('gzip', gzipSync(Buffer.from('all is well')).subarray(0, 15))),
    settings: { body_matches: ['well'] },
    message: /cannot be unpacked/,
  },
  'a packing nobody knows': { serve: (s) => s.end(packed('rot13', Buffer.from('x'))), message: /packed as rot13/ },
  'a redirect to a file': {
    serve: (s) => s.end('HTTP/1.1 302 F\r\nlocation: file:///etc/passwd\r\n\r\n'),
    message: /redirects to file:, which is not followed/,
  },
  'a redirect to nowhere': {
    serve: (s) => s.end('HTTP/1.1 302 F\r\nlocation: http://[bad\r\n\r\n'),
    message: /redirects to what is no address/,
  },
  'a redirect to the metadata of the cloud': {
    serve: (s) => s.end('HTTP/1.1 302 F\r\nlocation: http://169.254.169.254/latest/meta-data/\r\n\r\n'),
    message: /169\.254\.169\.254 is link-local/,
  },
  'a redirect to it as one number': {
    serve: (s) => s.end('HTTP/1.1 302 F\r\nlocation: http://2852039166/\r\n\r\n'),
    message: /169\.254\.169\.254 is link-local/,
  },
  'a redirect to it inside IPv6': {
    serve: (s) => s.end('HTTP/1.1 302 F\r\nlocation: http://[::ffff:169.254.169.254]/\r\n\r\n'),
    message: /::ffff:a9fe:a9fe is link-local/,
  },
  'JSON a million deep': {
    serve: (s) => s.end(`${OK}\r\n${'['.repeat(1_000_000)}`),
    settings: { json: [{ path: 'a', exists: 'true' }] },
    message: /expected JSON in the body/,
  },
  'JSON with a key of every object': {
    serve: (s) => s.end(`${OK}\r\n{"__proto__":{"status":"ok"}}`),
    settings: { json: [{ path: 'constructor.name', exists: 'true' }] },
    message: /constructor\.name in the JSON: expected something, got nothing/,
  },
}

for (const [what, { serve, settings, status = 'unhealthy', message }] of Object.entries(cases)) {
  t.test(`http probe given ${what} is ${status}`, async (t) => {
    const server = await tcpServer(onRequest(serve))
    const before = process.memoryUsage().rss
    const { finding, tookMs } = await runProbe(
      probeOf(`http://127.0.0.1:${server.port}/`, settings),
      timeoutFor(message, 500),
    )
    t.match(finding, { status, message })
    t.ok(tookMs < 3000, `${tookMs} ms`)
    t.ok(process.memoryUsage().rss - before < 400_000_000)
    t.equal(sampleOf(finding, 'probe_ip_protocol') === undefined, false)
    await server.allGone()
    await server.close()
  })
}

t.test('http probe given a pattern that would take for ever ends in its time', async (t) => {
  const server = await tcpServer(onRequest((s) => s.end(`${OK}\r\n${'a'.repeat(1_000_000)}`)))
  const { finding, tookMs } = await runProbe(
    probeOf(`http://127.0.0.1:${server.port}/`, { body_matches: ['(a+)+b'] }),
    500,
  )
  t.equal(finding.status, 'unhealthy')
  t.ok(tookMs < 3000, `${tookMs} ms`)
  await server.close()
})

t.test('http probe given a port that refuses says so, with all families', async (t) => {
  const { finding } = await runProbe(probeOf(`http://127.0.0.1:${await refusingPort()}/`))
  t.match(finding, { status: 'unhealthy', message: /^connection refused at 127\.0\.0\.1:\d+$/ })
  t.equal(sampleOf(finding, 'probe_http_status_code'), 0)
  t.equal(sampleOf(finding, 'probe_http_duration_seconds', { phase: 'transfer' }), 0)
})

t.test('http probe names a name that does not exist', async (t) => {
  const { finding } = await runProbe(probeOf('http://shop.invalid/'), 5000)
  t.match(finding, { status: 'unhealthy', message: /shop\.invalid/ })
})

t.test('http probe refuses a name that leads to a link-local address, and takes it when allowed', async (t) => {
  const deps = depsWith('169.254.169.254')
  const refused = await runProbe(probeOf('http://shop.example/', {}, deps))
  t.match(refused.finding, { status: 'unhealthy', message: /shop\.example \(169\.254\.169\.254\) is link-local/ })
  // Only as far as choosing the address: nothing is to be sent there.
  const run = { signal: new AbortController().signal, phases: new Phases(systemClock) }
  const addressing = { ipProtocol: 'auto', allowsLinkLocal: true } as const
  const allowed = await addressesOf('shop.example', { run, addressing, lookup: deps.lookup, route: newRoute() })
  t.same(allowed, [{ address: '169.254.169.254', family: 4 }])
})

t.test('http probe falls back to the other family', async (t) => {
  const server = await tcpServer(onRequest((s) => s.end(`${OK}content-length: 0\r\n\r\n`)))
  const lookup: NetworkDeps['lookup'] = async () => [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]
  const { finding } = await runProbe(probeOf(`http://shop.example:${server.port}/`, {}, { ...realDeps, lookup }))
  t.match(finding, { status: 'healthy' })
  t.equal(sampleOf(finding, 'probe_ip_protocol'), 4)
  await server.close()
})

const SECRETS = /s3cret|t0ken|h3ader|b0dy|authorization|x-key/i

/** A server that sends every request on to `to`. */
const redirecting = (to: () => string, status = 302): Promise<TcpServer> =>
  tcpServer(onRequest((s) => s.end(`HTTP/1.1 ${status} F\r\nlocation: ${to()}\r\ncontent-length: 0\r\n\r\n`)))

t.test('http probe takes nothing secret to another origin, and not back again', async (t) => {
  let asked = 0
  const other = await redirecting(() => `http://127.0.0.1:${first.port}/back`)
  const first: TcpServer = await tcpServer(
    onRequest((s) => {
      asked += 1
      if (asked === 1) s.end(`HTTP/1.1 302 F\r\nlocation: //127.0.0.1:${other.port}/x\r\n\r\n`)
      else s.end(`${OK}content-length: 0\r\n\r\n`)
    }),
  )
  const settings = { headers: { 'X-Key': 'h3ader' }, method: 'POST', body: 'b0dy' }
  const { finding } = await runProbe(probeOf(`http://ada:s3cret@127.0.0.1:${first.port}/`, settings))
  t.match(finding, { status: 'healthy' })
  t.match(first.received(), /^POST \/ HTTP\/1\.1[\s\S]*x-key: h3ader[\s\S]*b0dy/)
  t.match(first.received(), /authorization: Basic YWRhOnMzY3JldA==/)
  t.match(other.received(), /^GET \/x HTTP/)
  t.notMatch(other.received(), SECRETS)
  t.notMatch(first.received().slice(first.received().indexOf('/back')), SECRETS)
  await first.close()
  await other.close()
})

t.test('http probe does not follow with the body of a request to another origin', async (t) => {
  const other = await tcpServer(() => {})
  const first = await redirecting(() => `http://127.0.0.1:${other.port}/`, 307)
  const { finding } = await runProbe(
    probeOf(`http://127.0.0.1:${first.port}/`, { method: 'POST', body: 'b0dy', token: 't0ken' }),
  )
  t.match(finding, { status: 'unhealthy', message: /redirects the body of the request to http:\/\/127/ })
  t.equal(other.connectionCount(), 0)
  await first.close()
  await other.close()
})

t.test('http probe keeps what is secret within its origin', async (t) => {
  let asked = 0
  const server = await tcpServer(
    onRequest((s) =>
      s.end(++asked === 1 ? 'HTTP/1.1 308 F\r\nlocation: /b\r\n\r\n' : `${OK}content-length: 0\r\n\r\n`),
    ),
  )
  await runProbe(probeOf(`http://127.0.0.1:${server.port}/a`, { method: 'PUT', body: 'b0dy', token: 't0ken' }))
  t.match(server.received(), /PUT \/a [\s\S]*Bearer t0ken[\s\S]*b0dyPUT \/b [\s\S]*Bearer t0ken[\s\S]*b0dy/)
  await server.close()
})

t.test('http probe goes through a proxy, which sees what is for it', async (t) => {
  const proxy = await tcpServer(onRequest((s) => s.end(`${OK}content-length: 0\r\n\r\n`)))
  const settings = { proxy_url: `http://pat:pr0xy@127.0.0.1:${proxy.port}` }
  const { finding } = await runProbe(probeOf('http://shop.example/health?a=b', settings))
  t.match(finding, { status: 'healthy' })
  t.match(proxy.received(), /^GET http:\/\/shop\.example\/health\?a=b HTTP\/1\.1/)
  t.match(proxy.received(), /proxy-authorization: Basic cGF0OnByMHh5/)
  const refused = await runProbe(probeOf('http://169.254.169.254/', settings))
  t.match(refused.finding, { message: /link-local/ })
  await proxy.close()
})

const tunnels: Record<string, { answer: string; message: RegExp }> = {
  'a refusal': { answer: 'HTTP/1.1 407 Sign in\r\ncontent-length: 0\r\n\r\n', message: /proxy answers 407 to CONNECT/ },
  'data too early': {
    answer: 'HTTP/1.1 200 OK\r\n\r\nhello',
    message: /proxy sends something before the TLS handshake/,
  },
  garbage: { answer: 'hello\r\n\r\n', message: /is not an HTTP answer/ },
  'no TLS behind it': { answer: 'HTTP/1.1 200 OK\r\n\r\n', message: /while in the TLS handshake$/ },
}

for (const [what, { answer, message }] of Object.entries(tunnels)) {
  t.test(`http probe given a proxy with ${what} is unhealthy`, async (t) => {
    const proxy = await tcpServer(onRequest((s) => s.write(answer)))
    const settings = { proxy_url: `http://127.0.0.1:${proxy.port}`, token: 't0ken' }
    const { finding } = await runProbe(probeOf('https://shop.example/', settings), timeoutFor(message, 300))
    t.match(finding, { status: 'unhealthy', message })
    t.match(proxy.received(), /^CONNECT shop\.example:443 HTTP\/1\.1/)
    t.notMatch(proxy.received(), /t0ken/)
    await proxy.close()
  })
}

t.test('http probe closes everything in the tick of the abort', async (t) => {
  const server = await tcpServer(() => {})
  const controller = new AbortController()
  const running = probeOf(`http://127.0.0.1:${server.port}/`).run({
    signal: controller.signal,
    phases: new Phases(systemClock),
  })
  while (server.connectionCount() === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  controller.abort()
  await running
  await server.allGone()
  const open = (): string[] => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap')
  for (let tries = 0; tries < 100 && open().length > 0; tries++) await systemClock.sleep(20)
  t.same(open(), [])
  const aborted = await probeOf(`http://127.0.0.1:${server.port}/`).run({
    signal: AbortSignal.abort(),
    phases: new Phases(systemClock),
  })
  t.match(aborted, { status: 'unhealthy', message: 'no answer within the time allowed' })
  t.equal(server.connectionCount(), 1)
  await server.close()
})
