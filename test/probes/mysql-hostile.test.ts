import { constants, createHash, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import t from 'tap'
import { mysqlProbe } from '../../src/config/probes/mysql.ts'
import { createMysqlProbe } from '../../src/probes/kinds/mysql.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { bearsHostilePeers, hostilePeer } from './hostile-peer.ts'
import { runProbe, SECRET } from './run-probe.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const probeOf = (port: number, settings: object = {}): Probe =>
  createMysqlProbe(
    mysqlProbe.parse({
      type: 'mysql',
      host: '127.0.0.1',
      port: String(port),
      user: 'app',
      password: SECRET,
      ...settings,
    }),
  )

const packet = (sequence: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([body.length & 255, (body.length >> 8) & 255, body.length >> 16, sequence]), body])

/** A greeting of protocol 10, with PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH; TLS is left out. */
const GREETING = packet(
  0,
  Buffer.concat([
    Buffer.from('\n8.0.99\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('saltsalt\0'),
    Buffer.from('01a2', 'hex'),
    Buffer.from([45, 2, 0, 8, 0, 21]),
    Buffer.alloc(10),
    Buffer.from('saltsaltsalt\0mysql_native_password\0'),
  ]),
)

bearsHostilePeers({
  name: 'mysql',
  probe: probeOf,
  opening: GREETING,
  speaksFirst: true,
  hangs: /while signing in/,
  monsters: [
    Buffer.from('ffffff000a', 'hex'),
    Buffer.from('ffffff00ffffff01ffffff02', 'hex'),
    Buffer.from('00000000', 'hex'),
    Buffer.from('0100000a0a', 'hex'),
    packet(0, Buffer.from([10, ...Buffer.alloc(3)])),
    packet(200, Buffer.from('\xff\x15\x04#08004Too many connections', 'latin1')),
    packet(0, Buffer.from('\xff\x10\x04Too many connections', 'latin1')),
    Buffer.concat([GREETING, packet(2, Buffer.from('\xfe__proto__\0x', 'latin1'))]),
    Buffer.concat([
      GREETING,
      packet(2, Buffer.from('\xfecaching_sha2_password\0saltsaltsaltsaltsalt\0', 'latin1')),
      packet(4, Buffer.from([1, 4])),
      packet(6, Buffer.from('\x01no key')),
    ]),
    Buffer.concat([GREETING, packet(2, Buffer.from('\xfemysql_clear_password\0', 'latin1'))]),
    Buffer.concat([
      GREETING,
      packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0])),
      packet(1, Buffer.from('\xfb/etc/passwd', 'latin1')),
    ]),
    Buffer.concat([
      GREETING,
      packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0])),
      packet(1, Buffer.from([0xfd, 0xff, 0xff, 0xff])),
    ]),
  ],
})

t.test('mysql probe prints nothing, whatever the numbers of packets are', async (t) => {
  const printed = t.capture(console, 'error')
  const peer = await hostilePeer((socket) =>
    socket.write(
      Buffer.concat([packet(77, GREETING.subarray(4)), packet(3, Buffer.from('\xff\x15\x04#28000no', 'latin1'))]),
    ),
  )
  t.match(await runProbe(probeOf(peer.port)), {
    status: 'unhealthy',
    message: 'password authentication failed for user app',
  })
  t.same(printed(), [])
  await peer.close()
})

t.test('mysql probe hands out no file of this host', async (t) => {
  let isUp = false
  let got = ''
  const peer = await hostilePeer((socket) => {
    socket.write(GREETING)
    socket.on('data', (data: Buffer) => {
      got += data.toString('latin1')
      if (!isUp) {
        t.equal(data.readUInt32LE(4) & 0x80, 0, 'CLIENT_LOCAL_FILES is not offered')
        socket.write(packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0])))
      } else socket.write(packet(1, Buffer.from('\xfb/etc/hostname', 'latin1')))
      isUp = true
    })
  })
  const finding = await runProbe(probeOf(peer.port), { timeoutMs: 500 })
  t.match(finding, { status: 'unhealthy', message: 'asks for a file of this host' })
  t.notMatch(got, /localhost|\n/)
  await peer.close()
})

t.test('mysql probe signs in with caching_sha2_password', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  const xor = (one: Buffer, other: Buffer): Buffer =>
    Buffer.from(one.map((byte, i) => byte ^ (other[i % other.length] ?? 0)))
  const salt = Buffer.from('saltsaltsaltsaltsalt')
  const greeting = Buffer.from(
    GREETING.toString('latin1').replace('mysql_native_password', 'caching_sha2_password'),
    'latin1',
  )
  const ok = (sequence: number): Buffer => packet(sequence, Buffer.from([0, 0, 0, 2, 0, 0, 0]))
  for (const isKnown of [true, false]) {
    let password = ''
    const peer = await hostilePeer((socket) => {
      const steps: ((data: Buffer) => Buffer)[] = [
        (data) => {
          const stage = sha(Buffer.from(SECRET))
          t.ok(data.includes(xor(stage, sha(sha(stage), salt))), 'sends the token of the password')
          return isKnown ? Buffer.concat([packet(2, Buffer.from([1, 3])), ok(3)]) : packet(2, Buffer.from([1, 4]))
        },
        () =>
          packet(4, Buffer.concat([Buffer.from([1]), Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))])),
        (data) => {
          const padding = constants.RSA_PKCS1_OAEP_PADDING
          password = xor(
            privateDecrypt({ key: privateKey, padding, oaepHash: 'sha1' }, data.subarray(4)),
            salt,
          ).toString()
          return ok(6)
        },
      ]
      if (isKnown) steps.length = 1
      socket.write(greeting)
      socket.on('data', (data: Buffer) => socket.write(steps.shift()?.(data) ?? ok(1)))
    })
    const finding = await runProbe(probeOf(peer.port))
    t.match(finding, { status: 'healthy', message: /^MySQL 8\.0\.99 answered/ }, finding.message)
    if (!isKnown) t.equal(password, `${SECRET}\0`)
    await peer.close()
  }
})
