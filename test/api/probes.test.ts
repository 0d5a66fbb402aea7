import t from 'tap'
import type { ProbesDeps, ProbeView } from '../../src/api/probes.ts'
import { Secret } from '../../src/config/secret.ts'
import { runApi } from './harness.ts'

const VIEW: ProbeView = {
  ...{ name: 'database', type: 'postgres', target: 'db:5432', status: 'unhealthy', sinceMs: 2000 },
  ...{ isCritical: true, intervalMs: 15_000 },
  results: [
    { atMs: 1000, status: 'healthy', message: 'answered', seconds: 0.01 },
    { atMs: 2000, status: 'unhealthy', message: 'refused', seconds: 0.5 },
  ],
}

t.test('the probes are listed with their last results, newest first', async (t) => {
  const api = await runApi({}, { probes: () => [VIEW] })
  t.teardown(() => api.close())
  t.same(JSON.parse((await api.ask('/api/v1/probes')).text), {
    probes: [
      {
        ...{ name: 'database', type: 'postgres', target: 'db:5432', status: 'unhealthy' },
        ...{ since: '1970-01-01T00:00:02.000Z', critical: true, interval: 15 },
        results: [
          { time: '1970-01-01T00:00:02.000Z', status: 'unhealthy', duration: 0.5, message: 'refused' },
          { time: '1970-01-01T00:00:01.000Z', status: 'healthy', duration: 0.01, message: 'answered' },
        ],
      },
    ],
  })
})

t.test('whoever reports itself says how it is, and who it is', async (t) => {
  const calls: Parameters<ProbesDeps['push']>[] = []
  const push: ProbesDeps['push'] = (...call) => {
    calls.push(call)
    if (call[0] === 'full') throw new Error('disk full')
    return call[0] === 'backup' ? 'taken' : call[0] === 'other' ? 'unauthorized' : 'no_such_probe'
  }
  const api = await runApi({ token: new Secret('api-token') }, { push })
  t.teardown(() => api.close())
  const call = (path: string, authorization?: string) =>
    api.ask(`/api/v1/probes/${path}`, { method: 'POST', headers: authorization ? { authorization } : {} })
  t.equal((await call('backup/push')).status, 200)
  t.equal((await call('backup/push?status=degraded&message=slow%0Aday', 'Bearer own')).status, 200)
  t.equal((await call('backup/push', 'Bearer api-token')).status, 200)
  t.same(calls, [
    ['backup', { status: 'healthy', message: '' }, { bearer: undefined, holdsApiToken: false }],
    ['backup', { status: 'degraded', message: 'slow\nday' }, { bearer: 'own', holdsApiToken: false }],
    ['backup', { status: 'healthy', message: '' }, { bearer: 'api-token', holdsApiToken: true }],
  ])
  const bad = await call('backup/push?status=good')
  t.equal(bad.status, 400)
  t.match(JSON.parse(bad.text), { field: 'status', error: /expected one of healthy, degraded, unhealthy, unknown/ })
  const other = await call('other/push')
  t.equal(other.status, 401)
  t.equal(other.headers['www-authenticate'], 'Bearer')
  t.equal((await call('nobody/push')).status, 404)
  t.equal((await call('full/push')).status, 503)
  t.equal((await api.ask('/api/v1/probes')).status, 401, 'the list needs the token')
})
