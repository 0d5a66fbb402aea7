import t from 'tap'
import type { JudgedCheck } from '../../src/model/health.ts'
import { runApi } from './harness.ts'

const check = (name: string, status: JudgedCheck['status'], isCritical?: boolean): JudgedCheck => ({
  ...{ name, status, last_check: '2026-01-01T00:00:00.000Z' },
  ...(isCritical !== undefined && { isCritical }),
})

t.test('a check that is not critical makes the whole degraded, and no worse', async (t) => {
  const cases: [checks: JudgedCheck[], status: string, code: number][] = [
    [[check('a', 'unhealthy', false)], 'degraded', 200],
    [[check('a', 'degraded', false)], 'degraded', 200],
    [[check('a', 'unhealthy', false), check('b', 'unhealthy', true)], 'unhealthy', 503],
    [[check('a', 'unhealthy')], 'unhealthy', 503],
  ]
  for (const [checks, status, code] of cases) {
    const api = await runApi({}, { checks: () => checks })
    const answer = await api.ask('/health')
    await api.close()
    t.same([answer.status, JSON.parse(answer.text).status], [code, status])
    t.notMatch(answer.text, /isCritical/, 'a check has the fields it has')
  }
})

t.test('?check=name gives that check alone, and its status', async (t) => {
  const checks = [check('database', 'unhealthy'), check('disk:/var', 'healthy')]
  const api = await runApi({}, { checks: () => checks })
  t.teardown(() => api.close())
  const one = await api.ask('/health?check=disk:/var')
  t.equal(one.status, 200)
  t.match(JSON.parse(one.text), { status: 'healthy', checks: [{ name: 'disk:/var' }] })
  t.equal(JSON.parse(one.text).checks.length, 1)
  t.equal((await api.ask('/health?check=database')).status, 503)
  const none = await api.ask('/health?check=cache')
  t.equal(none.status, 404)
  t.match(JSON.parse(none.text), { errorType: 'not_found', field: 'check', error: /there are database, disk:\/var$/ })
  for (const odd of ['?check=database&check=x', '?check[]=x', '?__proto__=x', '?verbose=0&x=%ff']) {
    t.ok([200, 404, 503].includes((await api.ask(`/health${odd}`)).status), odd)
  }
})

t.test('?verbose shows what it is made of', async (t) => {
  const api = await runApi({}, { details: () => ({ inventory: { kernel: '6.1' } }) })
  t.teardown(() => api.close())
  for (const [query, isVerbose] of [
    ['?verbose', true],
    ['?verbose=true', true],
    ['?verbose=1', true],
    ['?verbose=false', false],
    ['?verbose=0', false],
    ['', false],
  ] as const) {
    const { details } = JSON.parse((await api.ask(`/health${query}`)).text)
    t.same(details, isVerbose ? { inventory: { kernel: '6.1' } } : undefined, query)
  }
})

t.test('a request is known by its ids: the caller’s where they are harmless, else new ones', async (t) => {
  const api = await runApi()
  t.teardown(() => api.close())
  const given = await api.ask('/health', { headers: { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' } })
  t.match(given.headers, { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' })
  const none = await api.ask('/health')
  t.match(none.headers['x-request-id'], /^[\da-f-]{36}$/)
  t.equal(none.headers['x-correlation-id'], none.headers['x-request-id'])
  const odd = await api.ask('/health', { headers: { 'x-correlation-id': 'a b"\\' } })
  t.equal(odd.headers['x-correlation-id'], odd.headers['x-request-id'])
  const logged = api.records.filter(({ message }) => message === 'Request answered')
  t.match(logged[0]?.fields, { request_id: 'r-1', correlation_id: 'c-1' })
})
