import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { Poster } from '../../src/net/post.ts'
import { rawServer } from './raw-server.ts'

const never = new AbortController().signal
const BODY = Buffer.alloc(100_000, 'x')

const posterFor = (url: URL, timeoutMs = 5000) => new Poster({ url, timeoutMs, connectionCount: 1, tls: {} })

/** What a server may do to a client, and what the client makes of it. */
const hostile: Record<string, { serve: (socket: Socket) => void; reason?: string; status?: number; message?: RegExp }> =
  {
    'no answer ever': { serve: () => {}, reason: 'timeout' },
    'a socket that is not read from': { serve: (s) => s.pause(), reason: 'timeout' },
    'headers that drip': {
      serve: (s) => {
        const timer = setInterval(() => s.write('x'), 20)
        s.write('HTTP/1.1 200 OK\r\nx-slow: ')
        s.on('close', () => clearInterval(timer))
      },
      reason: 'timeout',
    },
    'a body that drips': {
      serve: (s) => {
        s.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        const timer = setInterval(() => s.write('1\r\nx\r\n'), 20)
        s.on('close', () => clearInterval(timer))
      },
      reason: 'timeout',
    },
    'a body without end': {
      serve: (s) => {
        s.write('HTTP/1.1 200 OK\r\n\r\n')
        const more = (): void => {
          while (!s.destroyed && s.write(Buffer.alloc(65_536)));
        }
        s.on('drain', more)
        more()
      },
      reason: 'protocol',
      message: /1 MiB/,
    },
    'a closed connection': { serve: (s) => s.destroy(), reason: 'reset' },
    'a reset connection': { serve: (s) => s.resetAndDestroy(), reason: 'reset' },
    'a cut 200': { serve: (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'), reason: 'reset' },
    'a cut 503': { serve: (s) => s.end('HTTP/1.1 503 No\r\ncontent-length: 10\r\n\r\nhalf'), status: 503 },
    garbage: { serve: (s) => s.end('SSH-2.0-OpenSSH_9.2\r\n'), reason: 'protocol' },
    '1 MB of headers': {
      serve: (s) => s.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}\r\n\r\n`),
      reason: 'protocol',
      message: /HEADERS_OVERFLOW/,
    },
    'early hints before the answer': {
      serve: (s) => s.end('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
      status: 204,
    },
  }

for (const [what, { serve, reason, status, message }] of Object.entries(hostile)) {
  t.test(`post given ${what} ${reason ? `fails with ${reason}` : `reports ${status}`}`, async (t) => {
    const server = await rawServer(serve)
    const poster = posterFor(server.url, 400)
    const result = await poster.post([], BODY, never)
    await poster.close()
    await server.close()
    if (reason) t.match(result, { kind: 'failed', reason, ...(message && { message }) })
    else t.match(result, { kind: 'response', status })
  })
}

t.test('post reports a 413 that comes before the body is read, and the reset after it', async (t) => {
  const server = await rawServer((socket) => {
    socket.pause()
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig', () =>
      socket.resetAndDestroy(),
    )
  })
  const poster = posterFor(server.url)
  const result = await poster.post([], Buffer.alloc(20_000_000), never)
  t.match(result, { kind: 'response', status: 413 })
  await poster.close()
  await server.close()
})

t.test('post sends method, path, headers and body, and reads status, date and text', async (t) => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      seen.push({
        method,
        url,
        key: headers['idempotency-key'],
        length: headers['content-length'],
        same: Buffer.concat(chunks).equals(BODY),
      })
      response.writeHead(503, { 'retry-after': '7', date: 'Sun, 06 Nov 1994 08:49:37 GMT' }).end('busy')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const poster = posterFor(new URL(`http://127.0.0.1:${port}/in?a=b`))
  const result = await poster.post(['idempotency-key', 'k/1'], BODY, never)
  t.same(seen, [{ method: 'POST', url: '/in?a=b', key: 'k/1', length: '100000', same: true }])
  t.match(result, { status: 503, retryAfter: '7', date: 'Sun, 06 Nov 1994 08:49:37 GMT' })
  t.equal(result.kind === 'response' && result.body.toString(), 'busy')
  await poster.close()
  server.close()
})

t.test('post keeps at most 64 KiB of an answer and does not unpack it', async (t) => {
  const server = await rawServer((s) =>
    s.end(
      Buffer.concat([
        Buffer.from('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 200000\r\n\r\n'),
        Buffer.alloc(200_000, 'z'),
      ]),
    ),
  )
  const poster = posterFor(server.url)
  const result = await poster.post([], BODY, never)
  t.equal(result.kind === 'response' && result.body.toString(), 'z'.repeat(65_536))
  await poster.close()
  await server.close()
})

t.test('post does not follow a redirect', async (t) => {
  const elsewhere = await rawServer((s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  const server = await rawServer((s) =>
    s.end(`HTTP/1.1 307 Moved\r\nlocation: ${elsewhere.url}\r\ncontent-length: 0\r\n\r\n`),
  )
  const poster = posterFor(server.url)
  t.match(await poster.post([], BODY, never), { kind: 'response', status: 307 })
  t.equal(elsewhere.connectionCount(), 0)
  await poster.close()
  await server.close()
  await elsewhere.close()
})

t.test('post keeps its connection after an answer, and takes a new one after a failure', async (t) => {
  let requests = 0
  const server = await rawServer(function serve(socket) {
    const answer = (): void => {
      if (++requests === 3) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }
    answer()
    socket.on('data', (data: Buffer) => data.includes('POST') && answer())
  })
  const poster = posterFor(server.url)
  const kinds: string[] = []
  const connections: number[] = []
  for (let i = 0; i < 4; i++) {
    kinds.push((await poster.post([], Buffer.from('x'), never)).kind)
    connections.push(server.connectionCount())
  }
  t.same(kinds, ['response', 'response', 'failed', 'response'])
  t.same(connections, [1, 1, 1, 2])
  await poster.close()
  await server.close()
})

t.test('post tells a refused connection from a name that does not resolve', async (t) => {
  const gone = await rawServer(() => {})
  await gone.close()
  const cases: [string, string][] = [
    [`http://127.0.0.1:${gone.port}/`, 'connect'],
    ['http://collector.invalid/', 'dns'],
  ]
  for (const [url, reason] of cases) {
    const poster = posterFor(new URL(url))
    t.match(await poster.post([], BODY, never), { kind: 'failed', reason }, url)
    await poster.close()
  }
})

t.test('post rejects when its signal aborts, before and while it waits', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const server = await rawServer(() => arrived.resolve())
  const poster = posterFor(server.url)
  await t.rejects(poster.post([], BODY, AbortSignal.abort(new Error('stop'))), { message: 'stop' })
  const controller = new AbortController()
  const waiting = poster.post([], BODY, controller.signal)
  await arrived.promise
  controller.abort(new Error('stop now'))
  await t.rejects(waiting, { message: 'stop now' })
  await poster.close()
  await server.close()
})
