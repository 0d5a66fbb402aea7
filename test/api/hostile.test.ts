import { once } from 'node:events'
import t from 'tap'
import { everything, runApi } from './harness.ts'

t.test('slow callers are cut off in seconds, and others are served then', { timeout: 30_000 }, async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const began = performance.now()
  const sockets = Array.from({ length: 120 }, () => api.connection())
  const ends = sockets.map((socket, index) => {
    // A third says nothing, a third stops in the headers, a third in the body.
    const host = `Host: 127.0.0.1:${api.port}\r\n`
    if (index % 3 === 1) socket.write(`GET /health HTTP/1.1\r\n${host}X: `)
    if (index % 3 === 2)
      socket.write(`POST /-/reload HTTP/1.1\r\n${host}Content-Type: a/b\r\nContent-Length: 9\r\n\r\nx`)
    return everything(socket)
  })
  const answers = await Promise.all(ends)
  t.ok(performance.now() - began < 12_000, 'all are gone')
  t.ok(answers.filter((answer) => answer === '').length >= 120 - 64, 'those beyond the limit were not let in')
  t.ok(
    answers.some((answer) => answer.startsWith('HTTP/1.1 408 ')),
    'the others were told',
  )
  const { text } = await api.ask('/metrics')
  t.match(text, /http_requests_total\{method="other",endpoint="unmatched",status_code="408"\} [1-9]/)
  t.match(text, /errors_total\{error_type="too_many_connections",service="api"\} 56/)
  t.match(text, /\nactive_connections 1\n/)
  const warnings = api.records.filter(
    ({ level, message }) => level === 'warn' && message.startsWith('Cannot take another'),
  )
  t.equal(warnings.length, 10, 'the rest is suppressed')
})

t.test('a path that leads elsewhere leads nowhere', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  for (const path of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/..%5c..%5cetc',
    '/..\\..\\etc',
    '//health',
    '//evil.example/health',
    '/health/',
    '/health//',
    '/./health',
    '/-/../health',
    '/health%00',
    '/health%00.json',
    '/HEALTH',
    '/health;x=1',
    '/%',
    '/%zz',
    '/%c0%ae%c0%ae/',
    '/__proto__',
    '/constructor',
    '/:id',
    '/*',
    '*',
    'health',
    'http://evil.example/health',
    'http://127.0.0.1/health',
    `/${'a/'.repeat(4000)}`,
  ]) {
    const answer = await api.raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1.1 (404|400) /, path.slice(0, 40))
    t.match(answer, /\r\nx-request-id: /i)
    t.match(answer, '"status":"error"')
  }
})

t.test('bytes that are no request are answered once and the connection ends', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const host = `Host: 127.0.0.1:${api.port}\r\n`
  for (const [bytes, status] of [
    ['\u0016\u0003\u0001\u0002\u0000', 400],
    ['hello\r\n\r\n', 400],
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['BREW /health HTTP/1.1\r\n\r\n', 400],
    [`GET /health HTTP/1.1\r\n${host}A\r\n: b\r\n\r\n`, 400],
    [`GET /health HTTP/1.1\r\n${host} folded: x\r\n\r\n`, 400],
    [`GET /health HTTP/1.1\r\n${host}X: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${'y'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
    [`POST /-/reload HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`POST /-/reload HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`, 400],
    [`POST /-/reload HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
  ] as const) {
    const answer = await api.raw(bytes)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), bytes.slice(0, 40))
    t.equal(answer.match(/HTTP\/1\.1 \d\d\d /g)?.length, 1, 'one answer')
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    t.match(JSON.parse(body), { status: 'error', errorType: 'bad_data' })
  }
  t.equal((await api.ask('/health')).status, 200)
})

t.test('garbage behind a good request does not touch its answer', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const good = `GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`
  const answer = await api.raw(`${good}${good}\u0000garbage\r\n\r\n`)
  const statuses = answer.match(/HTTP\/1\.1 \d\d\d /g) ?? []
  t.ok(statuses.length <= 3)
  t.ok(
    statuses.every((status, index) => status === 'HTTP/1.1 200 ' || index === 2),
    statuses.join(),
  )
  t.equal((await api.ask('/health')).status, 200)
})

t.test('garbage while a request is being worked on gives no second answer', async (t) => {
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
  const api = await runApi({}, { reload: () => new Promise(() => isAsked()) })
  t.teardown(() => api.close())
  const socket = api.connection()
  socket.write(`POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`)
  await asked
  socket.write('\u0000garbage\r\n\r\n')
  t.equal(await everything(socket), '')
})

t.test('many good requests in one piece are all answered, in order', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const ids = Array.from({ length: 200 }, (_, index) => `id-${index}`)
  const requests = ids.map((id, index) => {
    const end = index === ids.length - 1 ? 'Connection: close\r\n' : ''
    return `GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nX-Request-ID: ${id}\r\n${end}\r\n`
  })
  const answer = await api.raw(requests.join(''))
  t.strictSame(
    [...answer.matchAll(/x-request-id: (\S+)/gi)].map((match) => match[1]),
    ids,
  )
})

t.test('headers named after what objects have are only headers', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'then']
  const lines = names.map((name) => `${name}: x\r\n`).join('')
  const answer = await api.raw(
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: close\r\n${lines}\r\n`,
  )
  t.match(answer, /^HTTP\/1.1 200 /)
  t.equal(Object.getPrototypeOf({}), Object.prototype)
})

t.test('an upgrade is not one', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const host = `Host: 127.0.0.1:${api.port}\r\n`
  const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n'
  t.match(await api.raw(`GET /health HTTP/1.1\r\n${host}${upgrade}\r\n`), /^HTTP\/1.1 200 /)
  t.notMatch(await api.raw(`CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`), / 200 /)
})

t.test('a caller who leaves at once breaks nothing', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  for (let i = 0; i < 50; i++) {
    const socket = api.connection()
    await once(socket, 'connect')
    socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  t.equal((await api.ask('/health')).status, 200)
})
