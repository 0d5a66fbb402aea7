import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { httpProbe } from '../../src/config/probes/http.ts'
import type { ProbeStatus } from '../../src/model/probe-result.ts'
import { createHttpProbe } from '../../src/probes/kinds/http.ts'
import { Authority } from './network/certificates.ts'
import { type Nginx, startNginx } from './network/nginx.ts'
import { has } from './network/program.ts'
import { labelsOf, realDeps, runProbe, sampleOf } from './network/run-probe.ts'

/** The http probe against nginx. */

const folder = mkdtempSync(join(tmpdir(), 'obs-http-'))
const authority = new Authority(join(folder, 'authority'))
const caFile = authority.caFile
const certificates = {
  good: authority.issue('good', { altNames: 'DNS:localhost,IP:127.0.0.1' }),
  expired: authority.issue('expired', { from: -20, until: -10 }),
  future: authority.issue('future', { from: 5, until: 30 }),
  soon: authority.issue('soon', { until: 5 }),
  selfSigned: authority.issue('self-signed', { isSelfSigned: true }),
  wrongName: authority.issue('wrong-name', { cn: 'other.example' }),
}
const skip = has('nginx') ? false : 'nginx is not installed'
let nginx: Nginx | undefined
if (!skip) nginx = await startNginx(folder, certificates)
t.after(async () => {
  await nginx?.stop()
  rmSync(folder, { recursive: true })
})

async function probe(path: string, settings: object = {}) {
  const url = `http://127.0.0.1:${nginx?.port}${path}`
  return (await runProbe(createHttpProbe(httpProbe.parse({ type: 'http', url, ...settings }), realDeps))).finding
}

const tlsUrl = (name: keyof typeof certificates, host = 'localhost'): string =>
  `https://${host}:${nginx?.tlsPorts[name]}/`

const checks: readonly [what: string, path: string, settings: object, status: ProbeStatus, message: RegExp][] = [
  ['an answer of the 2xx', '/', {}, 'healthy', /^answered 200 in \d+ ms$/],
  ['an answer of another class', '/error', {}, 'unhealthy', /^answered 503, expected 2xx$/],
  ['a status in a range', '/error', { expected_status: ['200-299', '503'] }, 'healthy', /503/],
  [
    'a status it does not list',
    '/',
    { expected_status: ['204', '3xx', '400-410'] },
    'unhealthy',
    /200, expected 204, 3xx, 400-410/,
  ],
  ['a pattern in the body', '/', { body_matches: ['welcome to the \\w+'] }, 'healthy', /200/],
  ['a pattern that is not there', '/', { body_matches: ['farewell'] }, 'unhealthy', /expected farewell in the body/],
  ['a pattern that must not be there', '/', { body_not_matches: ['welcome'] }, 'unhealthy', /expected no welcome/],
  ['a header', '/', { headers_match: { Server: '^nginx' } }, 'healthy', /200/],
  [
    'a header with another value',
    '/',
    { headers_match: { server: '^apache' } },
    'unhealthy',
    /header server that matches \^apache/,
  ],
  [
    'a header that is missing',
    '/',
    { headers_match: { 'X-Shop': '.' } },
    'unhealthy',
    /expected the header x-shop, got none/,
  ],
  [
    'JSON as expected',
    '/health.json',
    {
      json: [
        { path: 'status', equals: 'ok' },
        { path: 'checks[0].ms', min: '1', max: '20' },
      ],
    },
    'healthy',
    /200/,
  ],
  [
    'JSON with another value',
    '/health.json',
    { json: [{ path: 'status', equals: 'degraded' }] },
    'unhealthy',
    /status in the JSON: expected degraded, got ok/,
  ],
  [
    'JSON with a number beyond',
    '/health.json',
    { json: [{ path: 'checks[0].ms', max: '10' }] },
    'unhealthy',
    /expected at most 10, got 12.5/,
  ],
  [
    'JSON without a key',
    '/health.json',
    { json: [{ path: 'checks[1].ms', exists: 'true' }] },
    'unhealthy',
    /expected something, got nothing/,
  ],
  [
    'JSON with a key too many',
    '/health.json',
    { json: [{ path: 'version', exists: 'false' }] },
    'unhealthy',
    /expected nothing, got 1.4/,
  ],
  ['JSON that matches', '/health.json', { json: [{ path: 'version', matches: '^1\\.' }] }, 'healthy', /200/],
  ['what is no JSON', '/', { json: [{ path: 'a', exists: 'true' }] }, 'unhealthy', /expected JSON in the body/],
  ['a redirect', '/redirect', { json: [{ path: 'status', equals: 'ok' }] }, 'healthy', /200/],
  ['a redirect that is not followed', '/redirect', { follow_redirects: false }, 'unhealthy', /answered 302/],
  ['a redirect loop', '/loop', {}, 'unhealthy', /redirects more than 10 times/],
  [
    'a long body that is cut',
    '/big.html',
    { body_matches: ['well'], body_limit: '1KiB' },
    'unhealthy',
    /longer than the 1024 bytes of body_limit/,
  ],
  ['a long body that nothing asks for', '/big.html', { body_limit: '1KiB' }, 'healthy', /200/],
  ['a pattern far into a long body', '/big.html', { body_not_matches: ['ill'] }, 'healthy', /200/],
  ['a packed body', '/big.html', { compression: 'gzip', body_matches: ['All is well'] }, 'healthy', /200/],
  ['no sign-in', '/private', {}, 'unhealthy', /answered 401/],
  ['a sign-in', '/private', { username: 'ada', password: 's3cret' }, 'healthy', /200/],
  ['HEAD', '/', { method: 'HEAD' }, 'healthy', /200/],
  ['an answer that takes longer than it may', '/', { max_latency: '1ms' }, 'degraded', /expected at most 1 ms/],
]

for (const [what, path, settings, status, message] of checks) {
  t.test(`http probe given ${what} is ${status}`, { skip }, async (t) => {
    const finding = await probe(path, settings)
    // A server on the same host may answer within 1 ms.
    if (what.startsWith('an answer that takes') && finding.status === 'healthy')
      return t.match(finding.message, /in [01] ms/)
    t.match(finding, { status, message })
  })
}

t.test('http probe tells status, version, lengths, redirects and phases', { skip }, async (t) => {
  const finding = await probe('/redirect')
  const expected = {
    probe_http_status_code: 200,
    probe_http_version: 1.1,
    probe_http_ssl: 0,
    probe_http_redirects: 1,
    probe_http_content_length: 67,
    probe_http_uncompressed_body_length: 67,
    probe_failed_due_to_regex: 0,
    probe_ip_protocol: 4,
  }
  for (const [name, value] of Object.entries(expected)) t.equal(sampleOf(finding, name), value, name)
  t.ok((sampleOf(finding, 'probe_http_last_modified_timestamp_seconds') ?? 0) > 1_700_000_000)
  t.ok((sampleOf(finding, 'probe_http_duration_seconds', { phase: 'processing' }) ?? 0) > 0)
  t.equal(sampleOf(finding, 'probe_http_duration_seconds', { phase: 'tls' }), 0)
})

t.test('http probe counts the unpacked bytes of a packed body', { skip }, async (t) => {
  const finding = await probe('/big.html', { compression: 'gzip' })
  t.equal(sampleOf(finding, 'probe_http_uncompressed_body_length'), 90_000)
  t.equal(sampleOf(finding, 'probe_http_content_length'), -1)
})

t.test('http probe goes over IPv6 when told to', { skip }, async (t) => {
  const url = `http://[::1]:${nginx?.port}/`
  const { finding } = await runProbe(
    createHttpProbe(httpProbe.parse({ type: 'http', url, ip_protocol: '6' }), realDeps),
  )
  t.match(finding, { status: 'healthy' })
  t.equal(sampleOf(finding, 'probe_ip_protocol'), 6)
})

const day = 86_400_000
const tls: readonly [name: keyof typeof certificates, settings: object, status: ProbeStatus, message: RegExp][] = [
  ['good', { tls_ca_file: caFile }, 'healthy', /answered 200/],
  ['good', {}, 'unhealthy', /CN=localhost,.* comes from an authority that is not trusted.*until \d{4}-/],
  ['good', { insecure_skip_verify: true }, 'healthy', /answered 200/],
  ['expired', { tls_ca_file: caFile }, 'unhealthy', /CN=localhost.* has expired .*until \d{4}-/],
  ['expired', { insecure_skip_verify: true }, 'healthy', /answered 200/],
  ['future', { tls_ca_file: caFile }, 'unhealthy', /is not valid yet .*from \d{4}-/],
  ['soon', { tls_ca_file: caFile }, 'degraded', /ends in (5\.0|4\.9) days, on \d{4}-/],
  ['soon', { tls_ca_file: caFile, expiry_unhealthy: '7d' }, 'unhealthy', /ends in/],
  ['soon', { tls_ca_file: caFile, expiry_degraded: '1d' }, 'healthy', /answered 200/],
  ['selfSigned', { tls_ca_file: caFile }, 'unhealthy', /CN=localhost.* is self-signed/],
  ['wrongName', { tls_ca_file: caFile }, 'unhealthy', /is for another name, expected localhost, got other\.example/],
  ['wrongName', { tls_ca_file: caFile, server_name: 'other.example' }, 'healthy', /answered 200/],
]

for (const [name, settings, status, message] of tls) {
  const told = Object.keys(settings).join(', ') || 'nothing'
  t.test(`http probe given the ${name} certificate and ${told} is ${status}`, { skip }, async (t) => {
    const finding = await probe('', { url: tlsUrl(name), ...settings })
    t.match(finding, { status, message })
    t.match(labelsOf(finding, 'probe_tls_version_info'), { version: 'TLS 1.3' })
    const isAsked = status !== 'unhealthy' || 'expiry_unhealthy' in settings
    t.equal(sampleOf(finding, 'probe_http_ssl'), isAsked ? 1 : 0, 'a server that is not the one is not asked')
  })
}

t.test('http probe reaches an https server through a proxy', { skip }, async (t) => {
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', (request, client) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization']}`)
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    for (const socket of [client, upstream]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const proxyUrl = `http://pat:pr0xy@127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const finding = await probe('', { url: tlsUrl('good'), tls_ca_file: caFile, proxy_url: proxyUrl })
  t.match(finding, { status: 'healthy' })
  t.same(asked, [`localhost:${nginx?.tlsPorts.good} Basic cGF0OnByMHh5`])
  t.equal(sampleOf(finding, 'probe_http_ssl'), 1)
  t.ok(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'))
  proxy.closeAllConnections()
  await new Promise((resolve) => proxy.close(resolve))
})

t.test('http probe tells the dates of the chain, and of an address in the certificate', { skip }, async (t) => {
  const finding = await probe('', { url: tlsUrl('good', '127.0.0.1'), tls_ca_file: caFile })
  t.match(finding, { status: 'healthy' })
  const expiry = sampleOf(finding, 'probe_ssl_earliest_cert_expiry') ?? 0
  t.ok(Math.abs(expiry * 1000 - Date.now() - 30 * day) < 120_000)
  t.equal(sampleOf(finding, 'probe_ssl_last_chain_expiry_timestamp_seconds'), expiry)
})

t.test('http probe shows no secrets: neither in its target nor in what it says', { skip }, async (t) => {
  const url = `http://ada:wr0ng@127.0.0.1:${nginx?.port}/private/?key=k3y`
  const config = httpProbe.parse({ type: 'http', url, body: 'b0dy', method: 'POST', headers: { 'x-key': 'h3ader' } })
  const shown = createHttpProbe(config, realDeps)
  t.equal(shown.target, `http://127.0.0.1:${nginx?.port}/private/`)
  const secretUrl = createHttpProbe({ ...config, urlFile: '/etc/url' }, realDeps)
  t.equal(secretUrl.target, `http://127.0.0.1:${nginx?.port}`)
  const { finding } = await runProbe(shown)
  t.equal(finding.status, 'unhealthy')
  t.notMatch(JSON.stringify(finding), /wr0ng|k3y|b0dy|h3ader|ada/)
})

t.test('http probe says which file it cannot read', { skip }, async (t) => {
  const finding = await probe('', { url: tlsUrl('good'), tls_ca_file: join(folder, 'gone.pem') })
  t.match(finding, { status: 'unhealthy', message: /Cannot read tls_ca_file: ENOENT/ })
  t.ok(readFileSync(caFile).length > 0)
})
