import t from 'tap'
import { createGate } from '../../src/api/gate.ts'
import { Secret } from '../../src/config/secret.ts'
import { runApi } from './harness.ts'

const local = { host: '127.0.0.1', port: 9610 }
const everywhere = { host: '0.0.0.0', port: 9610 }

t.test('Host decides whether a request is for us', (t) => {
  for (const [host, address, hosts, isOurs] of [
    ['127.0.0.1:9610', local, [], true],
    ['localhost:9610', local, [], true],
    ['LOCALHOST:9610', local, [], true],
    ['[::1]:9610', local, [], true],
    ['localhost', local, [], false],
    ['localhost:9611', local, [], false],
    ['evil.example:9610', local, [], false],
    ['localhost.evil.example:9610', local, [], false],
    ['127.0.0.1.nip.io:9610', local, [], false],
    ['localhost:9610@evil.example', local, [], false],
    ['localhost:9610,evil.example', local, [], false],
    ['192.168.1.5:9610', local, [], false],
    ['', local, [], false],
    ['__proto__', local, [], false],
    ['agent.example', local, ['Agent.example'], true],
    ['agent.example:9610', local, ['agent.example'], false],
    ['192.168.1.5:9610', everywhere, [], true],
    ['[2001:db8::1]:9610', everywhere, [], true],
    ['evil.example:9610', everywhere, [], false],
    ['192.168.1.5:80', everywhere, [], false],
    ['192.168.1.5.nip.io:9610', everywhere, [], false],
  ] as const) {
    const gate = createGate({ address, hosts })
    const refusal = gate({ headers: { host }, rawHeaders: ['Host', host], isOpen: false })
    t.equal(refusal?.status, isOurs ? undefined : 421, `${host} at ${address.host}`)
  }
  t.end()
})

t.test('a request that another site caused is refused', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const own = `http://127.0.0.1:${api.port}`
  for (const [headers, status] of [
    [{}, 200],
    [{ origin: own }, 200],
    [{ origin: `http://localhost:${api.port}` }, 200],
    [{ origin: 'null' }, 403],
    [{ origin: '' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: `https://127.0.0.1:${api.port}` }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ origin: [own, 'http://evil.example'] }, 403],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'garbage' }, 403],
    [{ host: `evil.example:${api.port}` }, 421],
  ] as [Record<string, string>, number][]) {
    for (const [method, path] of [
      ['GET', '/metrics'],
      ['POST', '/-/reload'],
      ['GET', '/-/healthy'],
    ] as const) {
      const answer = await api.ask(path, { method, headers })
      t.equal(answer.status, status, `${method} ${path} ${JSON.stringify(headers)}`)
      t.notOk(
        Object.keys(answer.headers).some((name) => name.startsWith('access-control-')),
        'no CORS header',
      )
    }
  }
})

t.test('a request with two Hosts or with none is refused', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const host = `Host: 127.0.0.1:${api.port}\r\n`
  t.match(await api.raw(`GET /health HTTP/1.1\r\n${host}Host: evil\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 421 /)
  t.match(await api.raw(`GET /health HTTP/1.1\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 400 /)
  t.match(await api.raw(`GET /health HTTP/1.0\r\n\r\n`), /^HTTP\/1.1 421 /)
})

t.test('the token opens every route, and only the token', async (t) => {
  const api = await runApi({ token: new Secret('s3cret-tok/en+=') })
  t.teardown(() => api.close())
  for (const [authorization, status] of [
    [undefined, 401],
    ['', 401],
    ['Bearer s3cret-tok/en+=', 200],
    ['bearer  s3cret-tok/en+=', 200],
    ['Bearer s3cret-tok/en+', 401],
    ['Bearer s3cret-tok/en+==', 401],
    ['Bearer ', 401],
    ['Bearer ***', 401],
    ['Basic czNjcmV0', 401],
    ['s3cret-tok/en+=', 401],
    [`Bearer ${'x'.repeat(10_000)}`, 401],
  ] as const) {
    for (const [method, path] of [
      ['GET', '/health'],
      ['GET', '/-/ready'],
      ['GET', '/metrics'],
      ['POST', '/-/reload'],
    ] as const) {
      const answer = await api.ask(path, { method, headers: authorization === undefined ? {} : { authorization } })
      t.equal(answer.status, status, `${path} ${String(authorization).slice(0, 40)}`)
      if (status === 401) t.equal(answer.headers['www-authenticate'], 'Bearer')
    }
  }
  t.equal((await api.ask('/-/healthy')).status, 200, 'liveness needs no token')
  t.equal((await api.ask('/nothing-here')).status, 401, 'which paths there are is not told either')
  const metrics = await api.ask('/metrics', { headers: { authorization: 'Bearer s3cret-tok/en+=' } })
  t.notMatch(metrics.text + JSON.stringify(api.records), /s3cret/)
})

t.test('a hundred headers pass, more are refused', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const flood = (count: number): Promise<string> => {
    const lines = Array.from({ length: count }, (_, index) => `a${index}: b\r\n`).join('')
    return api.raw(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: close\r\n${lines}\r\n`)
  }
  t.match(await flood(98), /^HTTP\/1.1 200 /)
  t.match(await flood(99), /^HTTP\/1.1 431 /)
  t.match(await flood(1500), /^HTTP\/1.1 431 /)
  t.match(await flood(3000), /^HTTP\/1.1 431 /, 'more than 16 KiB')
})
