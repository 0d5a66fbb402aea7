import t from 'tap'
import { postgresProbe } from '../../src/config/probes/postgres.ts'
import { createPostgresProbe } from '../../src/probes/kinds/postgres.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { bearsHostilePeers, hostilePeer } from './hostile-peer.ts'
import { phasesOf, runProbe, SECRET } from './run-probe.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const probeOf = (port: number, settings: object = {}): Probe =>
  createPostgresProbe(
    postgresProbe.parse({
      type: 'postgres',
      host: '127.0.0.1',
      port: String(port),
      user: 'app',
      password: SECRET,
      ...settings,
    }),
  )

const message = (code: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5, code)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

for (const tls of ['disable', 'prefer']) {
  bearsHostilePeers({
    name: `postgres (tls ${tls})`,
    probe: (port) => probeOf(port, { tls }),
    opening:
      tls === 'prefer'
        ? Buffer.from('S')
        : message('R', Buffer.from([0, 0, 0, 10, ...Buffer.from('SCRAM-SHA-256\0\0')])),
    speaksFirst: false,
    hangs: tls === 'prefer' ? /while TLS was set up/ : /while signing in/,
    monsters: [
      Buffer.from('52ffffffff00000000', 'hex'),
      Buffer.from('527fffffff00000000', 'hex'),
      Buffer.from('5200000000', 'hex'),
      Buffer.from('440000000affff', 'hex'),
      message('T', Buffer.from('7fff', 'hex')),
      message('D', Buffer.from('7fff7fffffff', 'hex')),
      message('R', Buffer.from([0, 0, 0, 10])),
      message('R', Buffer.from([0, 0, 0, 3])),
      message('E', Buffer.from('SFATAL\0C57P03\0Mnot\x1b[31m yet\0\0')),
      Buffer.from('Sand more'),
      Buffer.from('Efailed\0'),
    ],
  })
}

t.test('postgres probe keeps its password from who asks for it in clear text over the network', async (t) => {
  let got = ''
  const peer = await hostilePeer((socket) => {
    socket.on('data', (data: Buffer) => (got += data.toString('latin1')))
    socket.once('data', () => socket.write(message('R', Buffer.from([0, 0, 0, 3]))))
  })
  // In capitals it is no name that is known to be this host.
  const finding = await runProbe(probeOf(peer.port, { host: 'LOCALHOST', tls: 'disable' }))
  t.match(finding, { status: 'unhealthy', message: 'asks for the password in clear text, and there is no TLS' })
  t.same(phasesOf(finding), ['resolve', 'connect', 'auth'])
  await runProbe(probeOf(peer.port, { tls: 'disable' }), { timeoutMs: 200 })
  t.equal(got.split(SECRET).length, 2, 'on this host it is given')
  await peer.close()
})

t.test('postgres probe is told of a name that is not known', async (t) => {
  const finding = await runProbe(probeOf(1, { host: 'nowhere.invalid' }), { timeoutMs: 5000 })
  t.match(finding, {
    status: 'unhealthy',
    message:
      /^its name (is not known|cannot be looked up at the moment)$|^no answer within the time allowed while the name/,
  })
  t.same(phasesOf(finding), ['resolve'])
})
