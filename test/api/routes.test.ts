import { once } from 'node:events'
import t from 'tap'
import type { ApiDeps } from '../../src/api/server.ts'
import type { HealthCheck } from '../../src/model/health.ts'
import { problemsOf } from './exposition-checker.ts'
import { runApi } from './harness.ts'

const check = (status: HealthCheck['status']): HealthCheck => ({
  name: status,
  status,
  last_check: '2026-01-01T00:00:00.000Z',
})

t.test('/health tells the worst of the checks, and is 503 only when one is unhealthy', async (t) => {
  for (const [checks, status, code] of [
    [[], 'healthy', 200],
    [[check('healthy')], 'healthy', 200],
    [[check('healthy'), check('degraded')], 'degraded', 200],
    [[check('degraded'), check('unhealthy'), check('healthy')], 'unhealthy', 503],
  ] as [HealthCheck[], string, number][]) {
    const api = await runApi({}, { checks: () => checks })
    const answer = await api.ask('/health')
    await api.close()
    t.equal(answer.status, code)
    const body = JSON.parse(answer.text)
    t.match(body, { status, version: '1.2.3', service: 'obs-agent', environment: 'test', checks })
    t.strictSame(Object.keys(body), [
      'status',
      'timestamp',
      'version',
      'uptime',
      'response_time',
      'checks',
      'service',
      'environment',
    ])
    t.match(body.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.ok(body.uptime >= 0 && body.uptime < 60 && body.response_time >= 0 && body.response_time < 1)
  }
})

t.test('a check that throws, rejects or never comes back is an unhealthy check', async (t) => {
  for (const [checks, error] of [
    [
      () => {
        throw new Error('no snapshot')
      },
      'no snapshot',
    ],
    [() => Promise.reject(new Error('no answer')), 'no answer'],
    [() => new Promise<HealthCheck[]>(() => {}), 'no answer within 1000 ms'],
  ] as [ApiDeps['checks'], string][]) {
    const api = await runApi({}, { checks })
    const answer = await api.ask('/health')
    await api.close()
    t.equal(answer.status, 503)
    t.match(JSON.parse(answer.text), { status: 'unhealthy', checks: [{ name: 'checks', status: 'unhealthy', error }] })
  }
})

t.test('/-/ready gives its reason when it is not', async (t) => {
  let isReady = false
  const api = await runApi(
    {},
    { readiness: () => (isReady ? { kind: 'ready' } : { kind: 'not_ready', reason: 'the buffer is not open' }) },
  )
  t.teardown(() => api.close())
  const before = await api.ask('/-/ready')
  t.equal(before.status, 503)
  t.strictSame(JSON.parse(before.text), {
    status: 'error',
    errorType: 'unavailable',
    error: 'Not ready: the buffer is not open',
  })
  isReady = true
  t.equal((await api.ask('/-/ready')).status, 200)
  t.equal((await api.ask('/-/healthy')).status, 200)
})

t.test('/-/reload says what is wrong with a configuration', async (t) => {
  const problems = ['agent.yaml:3:1: unknown key', 'agent.yaml:9:4: expected a size']
  let calls = 0
  const outcomes = [{ kind: 'ok' }, { kind: 'bad', problems }] as const
  const api = await runApi({}, { reload: async () => outcomes[calls++] ?? Promise.reject(new Error('secret /etc/x')) })
  t.teardown(() => api.close())
  t.equal((await api.ask('/-/reload', { method: 'POST' })).status, 200)
  const bad = await api.ask('/-/reload', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{not json',
  })
  t.equal(bad.status, 400)
  t.match(JSON.parse(bad.text), { status: 'error', errorType: 'bad_config', problems })
  t.equal((await api.ask('/-/reload')).status, 405)
  t.equal(calls, 2, 'GET changes nothing')
  const broken = await api.ask('/-/reload', { method: 'POST' })
  t.equal(broken.status, 500)
  t.notMatch(broken.text, /secret/)
  const logged = api.records.find(({ level }) => level === 'error')
  t.match(logged?.fields, { error: { message: 'secret /etc/x' }, request_id: broken.headers['x-request-id'] })
})

t.test('a body of any type is taken for a reload, up to 1 MB', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  for (const [type, body, status] of [
    ['application/x-www-form-urlencoded', '', 200],
    ['application/json', '', 200],
    ['application/json', '{"__proto__":{"x":1}}', 200],
    ['text/plain', 'x'.repeat(1_000_000), 200],
    ['text/plain', 'x'.repeat(1_000_001), 413],
    ['no type at all', 'x', 415],
  ] as const) {
    const answer = await api.ask('/-/reload', { method: 'POST', headers: { 'content-type': type }, body })
    t.equal(answer.status, status, `${type} ${body.length}`)
  }
  const chunked = ['fffff', 'x'.repeat(0xfffff), '0', '', ''].join('\r\n')
  const head = `POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n`
  t.match(await api.raw(head + chunked), /^HTTP\/1.1 413 /)
})

t.test('/metrics answers in the format that is asked for', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  await api.ask('/health')
  const plain = await api.ask('/metrics')
  t.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  t.strictSame(problemsOf(plain.text, 'prometheus'), [])
  const open = await api.ask('/metrics', { headers: { accept: 'application/openmetrics-text;version=1.0.0' } })
  t.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.strictSame(problemsOf(open.text, 'openmetrics'), [])
  t.match(open.text, 'http_requests_total{method="GET",endpoint="/health",status_code="200"} 1')
  t.match(open.text, 'http_requests_total{method="POST",endpoint="/-/reload",status_code="200"} 0')
})

t.test('HEAD answers like GET, without the body', async (t) => {
  const api = await runApi({}, { checks: () => [check('unhealthy')] })
  t.teardown(() => api.close())
  for (const path of ['/health', '/-/healthy', '/-/ready', '/metrics', '/nothing']) {
    const [head, get] = [await api.ask(path, { method: 'HEAD' }), await api.ask(path)]
    t.equal(head.status, get.status, path)
    t.equal(head.headers['content-type'], get.headers['content-type'], path)
    t.equal(head.text, '')
  }
})

t.test('a method that a path does not have is refused with those it has', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  for (const [method, path, allow] of [
    ['POST', '/health', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['DELETE', '/-/ready', 'GET, HEAD'],
    ['OPTIONS', '/-/reload', 'POST'],
    ['TRACE', '/-/reload', 'POST'],
    ['PATCH', '/-/reload', 'POST'],
    ['PROPFIND', '/health', 'GET, HEAD, POST'],
    ['PURGE', '/nothing', 'GET, HEAD, POST'],
  ] as const) {
    const answer = await api.ask(path, { method })
    t.equal(answer.status, 405, `${method} ${path}`)
    t.equal(answer.headers.allow, allow)
    t.match(JSON.parse(answer.text), { status: 'error', errorType: 'method_not_allowed' })
  }
})

t.test('a request id is kept when it is harmless and replaced when not', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const generated = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/
  for (const [id, isKept] of [
    ['abc-123_X.y:z', true],
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['', false],
    ['a b', false],
    ['a"b', false],
    ['$(id)', false],
    ['\u001b[31m', false],
    ['<script>', false],
    [['one', 'two'], false],
  ] as [string | string[], boolean][]) {
    // Node's client refuses control characters in a header, so these bytes go by hand.
    const lines = [id]
      .flat()
      .map((each) => `X-Request-ID: ${each}\r\n`)
      .join('')
    const answer = await api.raw(
      `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n${lines}Connection: close\r\n\r\n`,
    )
    const returned = /x-request-id: (.*)\r\n/i.exec(answer)?.[1] ?? ''
    if (isKept) t.equal(returned, id)
    else t.match(returned, generated, JSON.stringify(id))
  }
})

t.test('a request is counted and logged by its route, never by its URL', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  await api.ask('/health?token=canary')
  await api.ask('/canary/../x?canary', { headers: { 'x-request-id': 'mine' } })
  for (let i = 0; i < 50; i++) await api.ask(`/canary-${i}`)
  const { text } = await api.ask('/metrics')
  t.match(text, 'http_requests_total{method="GET",endpoint="unmatched",status_code="404"} 51')
  t.match(text, 'http_request_duration_seconds_count{method="GET",endpoint="/health",status_code="200"} 1')
  t.notMatch(text + JSON.stringify(api.records), /canary/)
  t.ok(api.records.some(({ level, fields }) => level === 'debug' && fields.request_id === 'mine'))
})

t.test('stopping answers what was asked and then ends', async (t) => {
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
  const { promise: outcome, resolve: answer } = Promise.withResolvers<{ kind: 'ok' }>()
  const reload = (): Promise<{ kind: 'ok' }> => {
    isAsked()
    return outcome
  }
  const api = await runApi({}, { reload })
  await once(api.connection(), 'connect')
  const pending = api.ask('/-/reload', { method: 'POST' })
  await asked
  const closed = api.close()
  answer({ kind: 'ok' })
  t.equal((await pending).status, 200)
  await closed
  await t.rejects(api.ask('/health'), { code: 'ECONNREFUSED' })
  await api.close()
})

t.test('stopping does not wait for a caller who never finishes', async (t) => {
  const api = await runApi()
  const slow = api.connection()
  slow.write(
    `POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nContent-Type: a/b\r\nContent-Length: 10\r\n\r\nx`,
  )
  await new Promise<void>((resolve) => slow.write('y', () => resolve()))
  const before = performance.now()
  await api.close()
  t.ok(performance.now() - before < 3000)
})
