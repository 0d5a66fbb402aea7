import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { icmpProbe } from '../../src/config/probes/icmp.ts'
import { parseComplaint, parseReply } from '../../src/probes/icmp/ping-output.ts'
import { createIcmpProbe } from '../../src/probes/kinds/icmp.ts'
import { has } from './network/program.ts'
import { depsWith, realDeps, runProbe, sampleOf } from './network/run-probe.ts'

const skip = has('ping') ? false : 'ping is not installed'
const probeOf = (host: string, settings: object = {}, deps = realDeps) =>
  createIcmpProbe(icmpProbe.parse({ type: 'icmp', host, ...settings }), deps)

for (const [host, family] of [
  ['127.0.0.1', 4],
  ['::1', 6],
  ['localhost', undefined],
] as const) {
  t.test(`icmp probe of ${host} is healthy`, { skip }, async (t) => {
    const { finding } = await runProbe(probeOf(host))
    t.match(finding, { status: 'healthy', message: /^reply in \d+\.\d\d ms$/ })
    if (family !== undefined) t.equal(sampleOf(finding, 'probe_ip_protocol'), family)
    t.equal(sampleOf(finding, 'probe_icmp_reply_hop_limit'), 64)
    const rtt = sampleOf(finding, 'probe_icmp_duration_seconds', { phase: 'rtt' }) ?? 0
    t.ok(rtt > 0 && rtt < 0.1, `${rtt} s`)
    t.ok((sampleOf(finding, 'probe_icmp_duration_seconds', { phase: 'setup' }) ?? 0) > 0)
  })
}

t.test('icmp probe of what ping does not send to is unhealthy, and says why', { skip }, async (t) => {
  const { finding } = await runProbe(probeOf('255.255.255.255'))
  t.match(finding, { status: 'unhealthy', message: /^no reply from 255\.255\.255\.255: .*broadcast/ })
})

t.test('icmp probe refuses link-local addresses', { skip }, async (t) => {
  const { finding } = await runProbe(probeOf('router.example', {}, depsWith('169.254.1.1')))
  t.match(finding, { status: 'unhealthy', message: /is link-local/ })
})

t.test('icmp probe without ping is unknown, and says what to install', async (t) => {
  const { finding } = await runProbe(probeOf('127.0.0.1', { program: '/nowhere/ping' }))
  t.match(finding, { status: 'unknown', message: /\/nowhere\/ping cannot be started; install iputils-ping/ })
})

const programs: Record<string, { script: string; status: string; message: RegExp }> = {
  'never ends': { script: 'exec sleep 100', status: 'unhealthy', message: /while waiting for the reply$/ },
  'prints without end': { script: 'exec yes', status: 'unhealthy', message: /while waiting for the reply$/ },
  'answers half': {
    script: 'printf "64 bytes from"; exit 0',
    status: 'unhealthy',
    message: /no reply from 127\.0\.0\.1/,
  },
  'may not send': {
    script: 'echo "ping: socktype: SOCK_RAW" >&2; echo "ping: socket: Operation not permitted" >&2; exit 2',
    status: 'unknown',
    message: /Operation not permitted/,
  },
  'is killed': { script: 'kill -9 $$', status: 'unhealthy', message: /no reply/ },
}

for (const [what, { script, status, message }] of Object.entries(programs)) {
  t.test(`icmp probe whose ping ${what} is ${status}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'obs-ping-'))
    const program = join(folder, 'ping')
    writeFileSync(program, `#!/bin/sh\n${script}\n`)
    chmodSync(program, 0o755)
    const { finding, tookMs } = await runProbe(probeOf('127.0.0.1', { program }), 500)
    t.match(finding, { status, message })
    t.ok(tookMs < 2000)
    rmSync(folder, { recursive: true })
  })
}

t.test('ping output of iputils, busybox and IPv6 is read', (t) => {
  const cases: [string, unknown][] = [
    [
      'PING 127.0.0.1\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.100 ms\n\n--- statistics',
      { rttSeconds: 0.0001, hopLimit: 64 },
    ],
    ['64 bytes from 192.0.2.1: seq=0 ttl=57 time=12.345 ms', { rttSeconds: 0.012345, hopLimit: 57 }],
    ['64 bytes from ::1: icmp_seq=1 ttl=255 time<1 ms', { rttSeconds: 0.001, hopLimit: 255 }],
    ['64 bytes from 192.0.2.1: icmp_seq=1 time=3 ms', { rttSeconds: 0.003 }],
    ['64 bytes from 192.0.2.1: icmp_seq=1 ttl=64', undefined],
    ['1 packets transmitted, 0 received', undefined],
    ['', undefined],
  ]
  for (const [output, reply] of cases) t.same(parseReply(output), reply, output)
  const unreachable = { text: 'Destination Host Unreachable', isForbidden: false }
  t.same(parseComplaint('From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n', ''), unreachable)
  t.match(parseComplaint('', 'ping: connect: Network is unreachable\n'), { text: 'connect: Network is unreachable' })
  t.equal(parseComplaint('', ''), undefined)
  t.end()
})
