import { join } from 'node:path'
import t from 'tap'
import type { ProbeStatus } from '../../src/model/probe-result.ts'
import type { SavedResult } from '../../src/store/probe-records.ts'
import { StateStore } from '../../src/store/state-store.ts'

const result = (
  probe: string,
  atMs: number,
  { isChange = false, status = 'healthy' as ProbeStatus } = {},
): SavedResult => ({
  ...{ probe, atMs, status, message: `at ${atMs}`, seconds: 0.5, isChange },
})

t.test('the last results of each probe are kept, and changes for longer, across a restart', async (t) => {
  const path = join(t.testdir(), 'state.db')
  const store = new StateStore(path)
  store.probes.save([result('other', 1)], 3)
  for (let atMs = 1; atMs <= 20; atMs++) {
    store.probes.save([result('database', atMs, { isChange: atMs === 2 || atMs === 7 })], 3)
  }
  store.close()
  const again = new StateStore(path)
  t.teardown(() => again.close())
  t.same(
    again.probes.results('database', 100).map(({ atMs }) => atMs),
    [2, 7, 18, 19, 20],
  )
  t.same(again.probes.results('database', 1), [{ atMs: 20, status: 'healthy', message: 'at 20', seconds: 0.5 }])
  t.equal(again.probes.results('other', 10).length, 1)
  t.same(again.probes.results('nobody', 10), [])
})

t.test('a probe that flaps without end fills no disk', async (t) => {
  const store = new StateStore(join(t.testdir(), 'state.db'))
  t.teardown(() => store.close())
  const results = Array.from({ length: 5000 }, (_, index) => result('flapping', index, { isChange: true }))
  store.probes.save(results, 10)
  t.equal(store.probes.results('flapping', 10_000).length, 1000)
})

t.test('a result of the same moment is the newer one, and the last call of a name is kept', async (t) => {
  const store = new StateStore(join(t.testdir(), 'state.db'))
  t.teardown(() => store.close())
  store.probes.save([result('a', 1), result('a', 1, { status: 'unhealthy' })], 10)
  t.match(store.probes.results('a', 10), [{ status: 'unhealthy' }])
  store.probes.saveCall('backup', { atMs: 5, status: 'healthy', message: '' })
  store.probes.saveCall('backup', { atMs: 9, status: 'degraded', message: 'slow' })
  t.match(store.probes.calls(), { backup: { atMs: 9, status: 'degraded', message: 'slow' } })
})
