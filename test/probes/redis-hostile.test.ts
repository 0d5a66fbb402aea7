import t from 'tap'
import { redisProbe } from '../../src/config/probes/redis.ts'
import { createRedisProbe } from '../../src/probes/kinds/redis.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { bearsHostilePeers, hostilePeer } from './hostile-peer.ts'
import { runProbe, SECRET } from './run-probe.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const probeOf = (port: number, settings: object = {}): Probe =>
  createRedisProbe(redisProbe.parse({ type: 'redis', address: `127.0.0.1:${port}`, password: SECRET, ...settings }))

bearsHostilePeers({
  name: 'redis',
  probe: probeOf,
  opening: Buffer.from('+O'),
  speaksFirst: false,
  hangs: /while signing in/,
  monsters: [
    Buffer.from('$2147483648\r\nx'),
    Buffer.from('*2147483647\r\n:1\r\n'),
    Buffer.from('*99999999999999999999\r\n'),
    Buffer.from('$-5\r\n'),
    Buffer.from('*1\r\n'.repeat(100_000)),
    Buffer.from(`+${'9'.repeat(500_000)}`),
    Buffer.from(`-ERR unknown command 'AUTH', with args beginning with: '${SECRET}'\r\n`),
    Buffer.from('+OK\r\n+NOT PONG\r\n'),
  ],
})

t.test('redis probe tells the first words of an error in plain ones', async (t) => {
  const cases = {
    '-LOADING Redis is loading the dataset in memory': 'is loading its data into memory',
    '-NOAUTH Authentication required.': 'asks for a password, and none is given',
    '-DENIED Redis is running in protected mode': 'is in protected mode, and takes connections of its own host only',
    '-ERR max number of clients reached': 'too many connections',
    '-ERR \u001b[31mred\u0007': 'the server says no: ERR [31mred',
  }
  for (const [line, message] of Object.entries(cases)) {
    const peer = await hostilePeer((socket) => socket.write(`${line}\r\n`))
    t.match(await runProbe(probeOf(peer.port)), { status: 'unhealthy', message })
    await peer.close()
  }
})
