import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dnsProbe } from '../../src/config/probes/dns.ts'
import { httpProbe } from '../../src/config/probes/http.ts'
import { icmpProbe } from '../../src/config/probes/icmp.ts'
import { tcpProbe } from '../../src/config/probes/tcp.ts'
import { tlsProbe } from '../../src/config/probes/tls.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { createDnsProbe } from '../../src/probes/kinds/dns.ts'
import { createHttpProbe } from '../../src/probes/kinds/http.ts'
import { createIcmpProbe } from '../../src/probes/kinds/icmp.ts'
import { createTcpProbe } from '../../src/probes/kinds/tcp.ts'
import { createTlsProbe } from '../../src/probes/kinds/tls.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { type Blackbox, parseSamples, type Samples, startBlackbox } from './network/blackbox.ts'
import { Authority } from './network/certificates.ts'
import { type Dnsmasq, startDnsmasq } from './network/dnsmasq.ts'
import { type Nginx, startNginx } from './network/nginx.ts'
import { has } from './network/program.ts'
import { realDeps, runProbe } from './network/run-probe.ts'
import { refusingPort, tcpServer } from './network/tcp-server.ts'

/**
 * The same targets, asked by blackbox_exporter and by us at the same time: the same families with the same labels, the same facts, and times that
 * differ by no more than a busy machine makes them. What differs on purpose:
 *
 * | what | blackbox_exporter | here |
 * |---|---|---|
 * | `probe_success`, `probe_duration_seconds` | of the prober | of the scheduler, for all kinds |
 * | `probe_ip_addr_hash` | always | never: a hash says nothing a label or rule can use |
 * | a certificate that is refused | no `probe_ssl_*`, no `probe_tls_*` | all of them: its dates are what is wanted then |
 * | `probe_ssl_last_chain_expiry_timestamp_seconds` without a verified chain | -62135596800 (the year 1) | not there |
 * | type `tls` | is a tcp probe, with `probe_failed_due_to_regex` | without it, it has no patterns |
 * | DNS answer cut to fit a datagram | what was left is counted | asked again over TCP, all are counted |
 * | HTTP/2 | used when offered | HTTP/1.1 always |
 * | `probe_dns_lookup_time_seconds` of an http probe | of its first host | of all hosts of its redirects |
 */
const DIFFERENCES = ['probe_success', 'probe_duration_seconds', 'probe_ip_addr_hash']
const REFUSED = ['probe_ssl_earliest_cert_expiry', 'probe_ssl_last_chain_info', 'probe_tls_version_info']
const UNVERIFIED = 'probe_ssl_last_chain_expiry_timestamp_seconds'
/** Between two times of the same thing, done twice at once on a busy machine. */
const TOLERANCE_SECONDS = 0.25

const missing = ['nginx', 'dnsmasq', 'ping', 'prometheus-blackbox-exporter'].filter((program) => !has(program))
const skip = missing.length > 0 ? `not installed: ${missing.join(', ')}` : false
const folder = mkdtempSync(join(tmpdir(), 'obs-blackbox-'))
const authority = new Authority(join(folder, 'authority'))
const certificates = {
  good: authority.issue('good', { altNames: 'DNS:localhost,DNS:shop.example,IP:127.0.0.1' }),
  soon: authority.issue('soon', { until: 5 }),
  expired: authority.issue('expired', { from: -20, until: -10 }),
  selfSigned: authority.issue('self', { isSelfSigned: true }),
}

const preferred_ip_protocol = 'ip4'
const tls_config = { ca_file: authority.caFile }
const http = (settings: object = {}) => ({
  prober: 'http',
  timeout: '5s',
  http: { preferred_ip_protocol, ...settings },
})
const tcp = (settings: object = {}) => ({ prober: 'tcp', timeout: '5s', tcp: { preferred_ip_protocol, ...settings } })
const dns = (query_name: string, settings: object = {}) => ({
  prober: 'dns',
  timeout: '5s',
  dns: { query_name, preferred_ip_protocol, ...settings },
})
const modules = {
  http: http(),
  gzip: http({ compression: 'gzip', headers: { 'Accept-Encoding': 'gzip' } }),
  welcome: http({ fail_if_body_not_matches_regexp: ['welcome'] }),
  unwelcome: http({ fail_if_body_matches_regexp: ['welcome'] }),
  apache: http({ fail_if_header_not_matches: [{ header: 'Server', regexp: 'apache' }] }),
  https: http({ tls_config }),
  insecure: http({ tls_config: { insecure_skip_verify: true } }),
  tcp: tcp(),
  greeting: tcp({ query_response: [{ expect: '^220 .*' }] }),
  tls: tcp({ tls: true, tls_config }),
  a: dns('www.shop.example', { query_type: 'A' }),
  alias: dns('alias.shop.example', { query_type: 'A' }),
  gone: dns('gone.shop.example', { query_type: 'A' }),
  soa: dns('zone.example', { query_type: 'SOA' }),
  mxtcp: dns('shop.example', { query_type: 'MX', transport_protocol: 'tcp' }),
  icmp: { prober: 'icmp', timeout: '5s', icmp: { preferred_ip_protocol } },
  icmp6: { prober: 'icmp', timeout: '5s', icmp: { preferred_ip_protocol: 'ip6' } },
}

let nginx: Nginx | undefined
let dnsmasq: Dnsmasq | undefined
let blackbox: Blackbox | undefined
if (!skip) {
  nginx = await startNginx(folder, certificates)
  dnsmasq = await startDnsmasq(folder)
  blackbox = await startBlackbox(folder, modules)
}
t.after(async () => {
  for (const program of [blackbox, dnsmasq, nginx]) await program?.stop()
  rmSync(folder, { recursive: true })
})

const httpOf = (url: string, settings: object = {}): Probe =>
  createHttpProbe(httpProbe.parse({ type: 'http', url, ...settings }), realDeps)
const tcpOf = (address: string, settings: object = {}): Probe =>
  createTcpProbe(tcpProbe.parse({ type: 'tcp', address, ...settings }), realDeps)
const tlsOf = (address: string, settings: object = {}): Probe =>
  createTlsProbe(tlsProbe.parse({ type: 'tls', address, ...settings }), realDeps)
const dnsOf = (server: string, settings: object): Probe =>
  createDnsProbe(dnsProbe.parse({ type: 'dns', server, ...settings }), realDeps)
const icmpOf = (host: string): Probe => createIcmpProbe(icmpProbe.parse({ type: 'icmp', host }), realDeps)

interface Pair {
  readonly module: keyof typeof modules
  readonly target: string
  readonly probe: Probe
  /** Families that only one of the two has here, by the table. */
  readonly but?: readonly string[]
}

const plain = `http://127.0.0.1:${nginx?.port}`
const secure = (name: keyof typeof certificates): string => `localhost:${nginx?.tlsPorts[name]}`
const ca = { tls_ca_file: authority.caFile }
const refusing = await refusingPort()
const greeter = await tcpServer((s) => s.write('220 mx.example ESMTP\r\n'))
const rude = await tcpServer((s) => s.end('500 go away\r\n'))
t.after(async () => {
  await greeter.close()
  await rude.close()
})
const server = `127.0.0.1:${dnsmasq?.port}`
const auth = `127.0.0.2:${dnsmasq?.port}`
const greeting = { steps: [{ expect: '^220 .*' }] }

const pairs: Record<string, Pair> = {
  'a page': { module: 'http', target: `${plain}/`, probe: httpOf(`${plain}/`) },
  'a redirect': { module: 'http', target: `${plain}/redirect`, probe: httpOf(`${plain}/redirect`) },
  'a redirect loop': { module: 'http', target: `${plain}/loop`, probe: httpOf(`${plain}/loop`) },
  'an error': { module: 'http', target: `${plain}/error`, probe: httpOf(`${plain}/error`) },
  'a packed page': {
    module: 'gzip',
    target: `${plain}/big.html`,
    probe: httpOf(`${plain}/big.html`, { compression: 'gzip' }),
  },
  'a page without packing': { module: 'http', target: `${plain}/big.html`, probe: httpOf(`${plain}/big.html`) },
  'a page with a pattern': {
    module: 'welcome',
    target: `${plain}/`,
    probe: httpOf(`${plain}/`, { body_matches: ['welcome'] }),
  },
  'a page without it': {
    module: 'welcome',
    target: `${plain}/big.html`,
    probe: httpOf(`${plain}/big.html`, { body_matches: ['welcome'] }),
  },
  'a page that must not have it': {
    module: 'unwelcome',
    target: `${plain}/`,
    probe: httpOf(`${plain}/`, { body_not_matches: ['welcome'] }),
  },
  'a header that does not match': {
    module: 'apache',
    target: `${plain}/`,
    probe: httpOf(`${plain}/`, { headers_match: { server: 'apache' } }),
  },
  'a port that refuses http': {
    module: 'http',
    target: `http://127.0.0.1:${refusing}`,
    probe: httpOf(`http://127.0.0.1:${refusing}`),
  },
  'a good certificate': {
    module: 'https',
    target: `https://${secure('good')}/`,
    probe: httpOf(`https://${secure('good')}/`, ca),
  },
  'a certificate that ends soon': {
    module: 'https',
    target: `https://${secure('soon')}/`,
    probe: httpOf(`https://${secure('soon')}/`, ca),
  },
  'an expired certificate': {
    module: 'https',
    target: `https://${secure('expired')}/`,
    probe: httpOf(`https://${secure('expired')}/`, ca),
    but: REFUSED,
  },
  'a self-signed certificate': {
    module: 'insecure',
    target: `https://${secure('selfSigned')}/`,
    probe: httpOf(`https://${secure('selfSigned')}/`, { insecure_skip_verify: true }),
    but: [UNVERIFIED],
  },
  'a port that is open': {
    module: 'tcp',
    target: `127.0.0.1:${greeter.port}`,
    probe: tcpOf(`127.0.0.1:${greeter.port}`),
  },
  'a port that refuses': { module: 'tcp', target: `127.0.0.1:${refusing}`, probe: tcpOf(`127.0.0.1:${refusing}`) },
  'a greeting': {
    module: 'greeting',
    target: `127.0.0.1:${greeter.port}`,
    probe: tcpOf(`127.0.0.1:${greeter.port}`, greeting),
  },
  'another greeting': {
    module: 'greeting',
    target: `127.0.0.1:${rude.port}`,
    probe: tcpOf(`127.0.0.1:${rude.port}`, greeting),
  },
  'tcp with TLS': { module: 'tls', target: secure('good'), probe: tcpOf(secure('good'), { tls: true, ...ca }) },
  'a certificate': {
    module: 'tls',
    target: secure('good'),
    probe: tlsOf(secure('good'), ca),
    but: ['probe_failed_due_to_regex'],
  },
  'an expired one': {
    module: 'tls',
    target: secure('expired'),
    probe: tlsOf(secure('expired'), ca),
    but: ['probe_failed_due_to_regex', ...REFUSED],
  },
  'an address': { module: 'a', target: server, probe: dnsOf(server, { name: 'www.shop.example' }) },
  'an alias': { module: 'alias', target: server, probe: dnsOf(server, { name: 'alias.shop.example' }) },
  'no such name': { module: 'gone', target: server, probe: dnsOf(server, { name: 'gone.shop.example' }) },
  'a zone': { module: 'soa', target: auth, probe: dnsOf(auth, { name: 'zone.example', query_type: 'SOA' }) },
  'MX over TCP': {
    module: 'mxtcp',
    target: server,
    probe: dnsOf(server, { name: 'shop.example', query_type: 'MX', transport: 'tcp' }),
  },
  'a name server that refuses': {
    module: 'a',
    target: `127.0.0.1:${refusing}`,
    probe: dnsOf(`127.0.0.1:${refusing}`, { name: 'www.shop.example' }),
  },
  'a host': { module: 'icmp', target: '127.0.0.1', probe: icmpOf('127.0.0.1') },
  'a host by IPv6': { module: 'icmp6', target: '::1', probe: icmpOf('::1') },
}

/** Whose status blackbox_exporter does not know: it only knows success. */
const DEGRADED_IS_GOOD = { healthy: 1, degraded: 1, unhealthy: 0, unknown: 0 }

const isTime = (key: string): boolean => /_(duration_seconds\{|lookup_time_seconds$)/.test(key)
const nameOf = (key: string): string => key.replace(/\{.*/s, '')
const without = (samples: Samples, but: readonly string[]): Map<string, number> =>
  new Map([...samples].filter(([key]) => !DIFFERENCES.includes(key) && !but.includes(nameOf(key))).sort())

async function both({ module, target, probe }: Pair): Promise<{ theirs: Samples; ours: Samples; isGood: number }> {
  const [theirs, { finding }] = await Promise.all([blackbox?.probe(module, target), runProbe(probe)])
  return {
    theirs: theirs ?? new Map(),
    ours: parseSamples(renderMetrics(finding.families ?? [], 'prometheus')),
    isGood: DEGRADED_IS_GOOD[finding.status],
  }
}

for (const [what, pair] of Object.entries(pairs)) {
  t.test(`blackbox_exporter says the same of ${what}`, { skip }, async (t) => {
    const { theirs, ours, isGood } = await both(pair)
    const [expected, got] = [without(theirs, pair.but ?? []), without(ours, pair.but ?? [])]
    t.same([...got.keys()], [...expected.keys()])
    for (const [key, value] of expected) {
      if (isTime(key))
        t.ok(
          Math.abs((got.get(key) ?? Number.NaN) - value) < TOLERANCE_SECONDS,
          `${key}: ${got.get(key)}, expected ${value}`,
        )
      else t.equal(got.get(key), value, key)
    }
    t.equal(isGood, theirs.get('probe_success'), 'probe_success')
    for (const name of pair.but ?? []) {
      const [one, other] = [theirs, ours].map((samples) => [...samples.keys()].some((key) => nameOf(key) === name))
      t.not(one, other, `${name} is there for one of the two only`)
    }
  })
}

t.test('blackbox_exporter measures the same times of a slow server', { skip }, async (t) => {
  const slow = createServer((_request, response) => {
    setTimeout(() => response.writeHead(200).write('a'), 300)
    setTimeout(() => response.end('b'), 700)
  })
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  const address = slow.address()
  const target = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
  const { theirs, ours } = await both({ module: 'http', target, probe: httpOf(target) })
  for (const [phase, seconds] of Object.entries({ processing: 0.3, transfer: 0.4 })) {
    const key = `probe_http_duration_seconds{phase="${phase}"}`
    for (const samples of [theirs, ours]) {
      t.ok(Math.abs((samples.get(key) ?? 0) - seconds) < TOLERANCE_SECONDS, `${key} ${samples.get(key)}`)
    }
  }
  await new Promise((resolve) => slow.close(resolve))
})
