import t from 'tap'
import { memcachedProbe } from '../../src/config/probes/memcached.ts'
import { createMemcachedProbe } from '../../src/probes/kinds/memcached.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { missing } from '../systemd/missing.ts'
import { bearsHostilePeers } from './hostile-peer.ts'
import { lintsClean, phasesOf, runProbe, sampleOf } from './run-probe.ts'
import { folderOf, freePort, isRoot, start } from './servers.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const probeOf = (port: number, settings: object = {}): Probe =>
  createMemcachedProbe(memcachedProbe.parse({ type: 'memcached', address: `127.0.0.1:${port}`, ...settings }))

bearsHostilePeers({
  name: 'memcached',
  probe: probeOf,
  opening: Buffer.from('VERS'),
  speaksFirst: false,
  hangs: /while waiting for the answer/,
  monsters: [
    Buffer.from('VERSION \r\n'),
    Buffer.from(`VERSION ${'9'.repeat(5000)}`),
    Buffer.from('SERVER_ERROR out of memory\r\n'),
  ],
})

t.test('memcached probe finds a server', { skip: missing('memcached') }, async (t) => {
  const port = await freePort()
  const user = isRoot() ? 'memcache' : ''
  const command = ['memcached', '-vv', '-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '8']
  const server = await start({ user, folder: folderOf(user), port, command, ready: /server listening/ })
  t.teardown(() => server.stop())

  await t.test('that runs', async (t) => {
    const finding = await runProbe(probeOf(port))
    t.match(finding, { status: 'healthy', message: /^memcached 1\.\S+ answered in [\d.]+ ms$/ })
    lintsClean(finding)
    t.same(phasesOf(finding), ['connect', 'query'])
    t.equal(sampleOf(finding, 'probe_memcached_version_info'), 1)
  })

  await t.test('that stands still, and one that goes on', async (t) => {
    server.signal('SIGSTOP')
    t.match(await runProbe(probeOf(port), { timeoutMs: 300 }), {
      status: 'unhealthy',
      message: 'no answer within the time allowed while waiting for the answer',
    })
    server.signal('SIGCONT')
    t.match(await runProbe(probeOf(port)), { status: 'healthy' })
  })

  await t.test('that was killed', async (t) => {
    await server.stop()
    t.match(await runProbe(probeOf(port)), { status: 'unhealthy', message: 'refused the connection' })
  })
})
