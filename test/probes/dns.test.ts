import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dnsProbe } from '../../src/config/probes/dns.ts'
import { createDnsProbe } from '../../src/probes/kinds/dns.ts'
import { type Dnsmasq, startDnsmasq } from './network/dnsmasq.ts'
import { has } from './network/program.ts'
import { depsWith, realDeps, runProbe, sampleOf, timeoutFor } from './network/run-probe.ts'
import { drip, refusingPort, tcpServer } from './network/tcp-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'obs-dns-'))
const skip = has('dnsmasq') ? false : 'dnsmasq is not installed'
let dnsmasq: Dnsmasq | undefined
if (!skip) dnsmasq = await startDnsmasq(folder)
t.after(async () => {
  await dnsmasq?.stop()
  rmSync(folder, { recursive: true })
})

const probeOf = (settings: object, deps = realDeps) =>
  createDnsProbe(dnsProbe.parse({ type: 'dns', ...settings }), deps)

const zone: readonly [what: string, settings: object, status: string, message: RegExp][] = [
  [
    'an address',
    { name: 'www.shop.example', expected_answers: ['192.0.2.1'] },
    'healthy',
    /^answered NOERROR with 1 answers$/,
  ],
  ['a name in capitals', { name: 'WWW.Shop.Example.' }, 'healthy', /with 1 answers/],
  [
    'an IPv6 address',
    { name: 'www.shop.example', query_type: 'AAAA', expected_answers: ['2001:DB8:0:0:0:0:0:1'] },
    'healthy',
    /1 answers/,
  ],
  [
    'a CNAME and its address',
    { name: 'alias.shop.example', expected_answers: ['www.shop.example', '192.0.2.1'] },
    'healthy',
    /2 answers/,
  ],
  ['MX', { name: 'shop.example', query_type: 'MX', expected_answers: ['10 mx.shop.example.'] }, 'healthy', /1 answers/],
  [
    'SRV',
    { name: '_http._tcp.shop.example', query_type: 'SRV', expected_answers: ['5 7 8080 www.shop.example'] },
    'healthy',
    /1 answers/,
  ],
  ['TXT', { name: 'shop.example', query_type: 'TXT', expected_answers: ['v=spf1 -all'] }, 'healthy', /1 answers/],
  [
    'PTR of an address',
    { name: '192.0.2.7', query_type: 'PTR', expected_answers: ['seven.shop.example'] },
    'healthy',
    /1 answers/,
  ],
  [
    'CAA',
    { name: 'shop.example', query_type: 'CAA', expected_answers: ['0 issue "ca.example"'] },
    'healthy',
    /1 answers/,
  ],
  ['a name that does not exist', { name: 'gone.shop.example' }, 'unhealthy', /^answered NXDOMAIN, expected NOERROR$/],
  ['a name that is not to exist', { name: 'gone.shop.example', expected_rcode: 'NXDOMAIN' }, 'healthy', /NXDOMAIN/],
  ['a name that it does not serve', { name: 'www.other.test' }, 'unhealthy', /answered REFUSED/],
  [
    'another address',
    { name: 'www.shop.example', expected_answers: ['192.0.2.9'] },
    'unhealthy',
    /expected 192\.0\.2\.9 among the answers, got 192\.0\.2\.1/,
  ],
  ['an answer that matches', { name: 'www.shop.example', answers_match: '^192\\.0\\.2\\.' }, 'healthy', /1 answers/],
  [
    'no answer that matches',
    { name: 'www.shop.example', answers_match: '^10\\.' },
    'unhealthy',
    /matches \^10\\\., got 192\.0\.2\.1/,
  ],
  ['an answer over TCP', { name: 'www.shop.example', transport: 'tcp' }, 'healthy', /1 answers/],
  ['an answer too long for UDP', { name: 'big.shop.example', query_type: 'TXT' }, 'healthy', /with 30 answers/],
]

for (const [what, settings, status, message] of zone) {
  t.test(`dns probe given ${what} is ${status}`, { skip }, async (t) => {
    const { finding } = await runProbe(probeOf({ server: `127.0.0.1:${dnsmasq?.port}`, ...settings }))
    t.match(finding, { status, message })
    t.equal(sampleOf(finding, 'probe_dns_query_succeeded'), 1)
  })
}

t.test('dns probe counts records, and tells the serial of a zone', { skip }, async (t) => {
  const settings = { server: `127.0.0.2:${dnsmasq?.port}`, name: 'zone.example', query_type: 'SOA' }
  const { finding } = await runProbe(probeOf(settings))
  t.match(finding, { status: 'healthy' })
  t.equal(sampleOf(finding, 'probe_dns_serial'), 2026112501)
  t.equal(sampleOf(finding, 'probe_dns_answer_rrs'), 1)
  for (const phase of ['resolve', 'connect', 'request']) {
    t.not(sampleOf(finding, 'probe_dns_duration_seconds', { phase }), undefined, phase)
  }
})

/** A datagram server that answers as `serve` says. */
async function udpServer(serve: (query: Buffer, answer: (message: Buffer) => void, from: RemoteInfo) => void) {
  const socket: Socket = createSocket('udp4')
  socket.on('message', (query, from) => serve(query, (message) => socket.send(message, from.port, from.address), from))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    server: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise<void>((resolve) => socket.close(resolve)),
  }
}

/** The query as its own answer: with flags, counts and what comes after the question. */
function answerTo(query: Buffer, { flags = 0x8180, counts = [1, 1, 0, 0], rest = '' } = {}): Buffer {
  const message = Buffer.concat([query, Buffer.from(rest, 'hex')])
  message.writeUInt16BE(flags, 2)
  for (const [i, count] of counts.entries()) message.writeUInt16BE(count, 4 + 2 * i)
  return message
}

/** An A record of the name in the question. */
const RECORD = 'c00c000100010000003c0004c0000201'
const name = 'www.shop.example'

const hostile: Record<
  string,
  { serve: (query: Buffer, answer: (m: Buffer) => void) => void; message: RegExp; status?: string }
> = {
  'no answer ever': { serve: () => {}, message: /^no answer within the time allowed while waiting for the answer$/ },
  'another id': {
    serve: (query, answer) => {
      const message = answerTo(query, { rest: RECORD })
      message.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0)
      answer(message)
    },
    message: /no answer within/,
  },
  'its own question back': { serve: (query, answer) => answer(query), message: /no answer within/ },
  'the answer to another question': {
    serve: (query, answer) => {
      const message = answerTo(query, { rest: RECORD })
      message.write('ftp', 13)
      answer(message)
    },
    message: /no answer within/,
  },
  'wrong answers and then the right one': {
    serve: (query, answer) => {
      answer(Buffer.from('xx'))
      answer(query)
      answer(answerTo(query, { rest: RECORD }))
    },
    status: 'healthy',
    message: /1 answers/,
  },
  'a record that breaks off': {
    serve: (q, answer) => answer(answerTo(q, { rest: RECORD.slice(0, -2) })),
    message: /beyond the end/,
  },
  'fewer records than it says': {
    serve: (q, answer) => answer(answerTo(q, { counts: [1, 0xffff, 0xffff, 0xffff], rest: RECORD })),
    message: /beyond the end/,
  },
  'a name that points at itself': {
    serve: (q, answer) => answer(answerTo(q, { rest: `c0${q.length.toString(16)}${RECORD.slice(4)}` })),
    message: /points forward or in circles/,
  },
  'an address of five octets': {
    serve: (q, answer) => answer(answerTo(q, { rest: 'c00c000100010000003c0005c000020101' })),
    message: /another length than it says/,
  },
  'a huge datagram': {
    serve: (q, answer) => answer(answerTo(q, { counts: [1, 3500, 0, 0], rest: RECORD.repeat(3500) })),
    status: 'healthy',
    message: /3500 answers/,
  },
  'a refusal without the question': {
    serve: (q, answer) => answer(answerTo(q.subarray(0, 12), { flags: 0x8185, counts: [0, 0, 0, 0] })),
    message: /answered REFUSED/,
  },
}

for (const [what, { serve, message, status = 'unhealthy' }] of Object.entries(hostile)) {
  t.test(`dns probe given ${what} is ${status}`, async (t) => {
    const { server, close } = await udpServer(serve)
    const { finding, tookMs } = await runProbe(probeOf({ server, name }), timeoutFor(message, 300))
    t.match(finding, { status, message })
    t.ok(tookMs < 2000, `${tookMs} ms`)
    await close()
  })
}

t.test('dns probe does not hear a datagram from elsewhere', async (t) => {
  const spoofer = createSocket('udp4')
  const { server, close } = await udpServer((query, _answer, from) =>
    spoofer.send(answerTo(query, { rest: RECORD }), from.port, from.address),
  )
  const { finding } = await runProbe(probeOf({ server, name }), 300)
  t.match(finding, { status: 'unhealthy', message: /no answer within/ })
  spoofer.close()
  await close()
})

const tcp: Record<string, { serve: Parameters<typeof tcpServer>[0]; message: RegExp }> = {
  'no answer ever': { serve: () => {}, message: /while waiting for the answer$/ },
  'half an answer': { serve: (s) => s.write(Buffer.from([0, 200, 1, 2, 3])), message: /while waiting for the answer$/ },
  'an answer that drips': { serve: (s) => drip(s, '\x7f\xff\0'), message: /while waiting for the answer$/ },
  'a closed connection': { serve: (s) => s.end(), message: /connection closed by the other side/ },
  'a reset': { serve: (s) => s.once('data', () => s.resetAndDestroy()), message: /connection reset by the other side/ },
  'an answer to another question': {
    serve: (s) => s.write(Buffer.alloc(100)),
    message: /connection closed|answers another question/,
  },
}

for (const [what, { serve, message }] of Object.entries(tcp)) {
  t.test(`dns probe given ${what} over TCP is unhealthy`, async (t) => {
    const server = await tcpServer(serve)
    const { finding } = await runProbe(
      probeOf({ server: `127.0.0.1:${server.port}`, name, transport: 'tcp' }),
      timeoutFor(message, 300),
    )
    t.match(finding, { status: 'unhealthy', message })
    await server.allGone()
    await server.close()
  })
}

t.test('dns probe given a port that refuses is unhealthy, over UDP and TCP', async (t) => {
  const server = `127.0.0.1:${await refusingPort()}`
  for (const transport of ['udp', 'tcp']) {
    const { finding, tookMs } = await runProbe(probeOf({ server, name, transport }))
    t.match(finding, { status: 'unhealthy', message: /connection refused/ }, transport)
    t.equal(sampleOf(finding, 'probe_dns_query_succeeded'), 0)
    t.ok(tookMs < 1000)
  }
})

t.test('dns probe refuses a server at a link-local address', async (t) => {
  const { finding } = await runProbe(probeOf({ server: 'ns.example:53', name }, depsWith('169.254.169.253')))
  t.match(finding, { status: 'unhealthy', message: /ns\.example \(169\.254\.169\.253\) is link-local/ })
})

t.test('dns probe asks the first server of the host when none is named', (t) => {
  t.match(probeOf({ name }).target, /^\S+:\d+$/)
  t.end()
})
