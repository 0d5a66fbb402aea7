import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { listenFailure } from '../../src/api/listen.ts'
import { Secret } from '../../src/config/secret.ts'
import { runApi } from './harness.ts'

t.test('a port in use ends the start, and says how to find who has it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await t.rejects(runApi({ listen: { host: '127.0.0.1', port } }), {
    name: 'FatalError',
    exitCode: 1,
    message: `Cannot listen on 127.0.0.1:${port}: another program has the port`,
    hint: new RegExp(`ss -ltnp 'sport = :${port}'`),
  })
})

t.test('an address that cannot be had ends the start with what to do', async (t) => {
  const token = new Secret('x')
  await t.rejects(runApi({ listen: { host: '192.0.2.1', port: 9610 }, token }), {
    name: 'FatalError',
    exitCode: 1,
    message: /no address 192.0.2.1/,
  })
  await t.rejects(runApi({ listen: { host: '0.0.0.0', port: 0 } }), { name: 'FatalError', exitCode: 78, hint: /token/ })
  const refused = listenFailure(Object.assign(new Error('listen EACCES'), { code: 'EACCES' }), {
    host: '::1',
    port: 80,
  })
  t.match(refused, { exitCode: 77, message: 'Cannot listen on [::1]:80: permission denied' })
})

t.test('localhost is one address with the same limits', async (t) => {
  const api = await runApi({ listen: { host: 'localhost', port: 0 } })
  t.teardown(() => api.close())
  t.equal((await api.ask('/-/healthy')).status, 200)
})
