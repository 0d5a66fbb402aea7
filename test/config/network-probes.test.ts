import t from 'tap'
import { z } from 'zod'
import { dnsProbe } from '../../src/config/probes/dns.ts'
import { httpProbe } from '../../src/config/probes/http.ts'
import { parseJsonPath } from '../../src/config/probes/http-checks.ts'
import { icmpProbe } from '../../src/config/probes/icmp.ts'
import { tcpProbe } from '../../src/config/probes/tcp.ts'
import { tlsProbe } from '../../src/config/probes/tls.ts'
import { pack, unpack } from '../../src/config/transfer.ts'

const kinds = { http: httpProbe, tcp: tcpProbe, tls: tlsProbe, dns: dnsProbe, icmp: icmpProbe }
const needed = {
  http: { url: 'http://shop.example/' },
  tcp: { address: 'db.example:5432' },
  tls: { address: 'shop.example:443' },
  dns: { name: 'shop.example' },
  icmp: { host: 'shop.example' },
}

const bad: readonly [kind: keyof typeof kinds, settings: object, path: string, message: RegExp][] = [
  ['http', { url: 'ftp://x/' }, 'url', /http or https/],
  ['http', { expected_status: ['600'] }, 'expected_status.0', /a status such as 204/],
  ['http', { expected_status: ['299-200'] }, 'expected_status.0', /a status such as 204/],
  ['http', { expected_status: [] }, 'expected_status', /./],
  ['http', { headers: { Authorization: 'x' } }, 'headers.Authorization', /sends itself/],
  ['http', { headers: { 'Content-Length': '1' } }, 'headers.Content-Length', /sends itself/],
  ['http', { headers: { 'x-a': 'b\r\nc: d' } }, 'headers.x-a', /./],
  ['http', { method: 'get' }, 'method', /./],
  ['http', { method: 'HEAD', body_matches: ['x'] }, 'body_matches', /another method than HEAD/],
  ['http', { username: 'ada' }, 'username', /a password beside it/],
  ['http', { username: 'ada', password: 'x', token: 'y' }, 'token', /one way to sign in/],
  ['http', { tls_cert_file: '/x' }, 'tls_cert_file', /a tls_key_file beside it/],
  ['http', { tls_ca_file: '/x', follow_redirects: false }, 'tls_ca_file', /an https url beside it/],
  ['http', { body_matches: ['(?=x)'] }, 'body_matches.0', /lookahead/],
  ['http', { json: [{ path: 'a' }] }, 'json.0', /equals, matches/],
  ['http', { json: [{ path: 'a..b', exists: true }] }, 'json.0.path', /a path into the JSON/],
  ['http', { json: [{ path: 'a', min: '3', max: '2' }] }, 'json.0.min', /at most max/],
  ['http', { body_limit: '1GiB' }, 'body_limit', /./],
  ['http', { proxy_url: 'https://proxy.example' }, 'proxy_url', /an http proxy/],
  ['http', { expiry_unhealthy: '30d' }, 'expiry_unhealthy', /at most what expiry_degraded is/],
  ['tcp', { address: 'db.example' }, 'address', /a host and a port/],
  ['tcp', { steps: [{ send: 'a', expect: 'b' }] }, 'steps.0', /one of them/],
  ['tcp', { steps: [{ send: 'a\\q' }] }, 'steps.0.send', /escapes/],
  ['tcp', { server_name: 'x' }, 'server_name', /tls: true beside it/],
  ['tls', { starttls: 'ftp' }, 'starttls', /./],
  ['dns', { name: 'a..b' }, 'name', /a name such as/],
  ['dns', { name: '192.0.2.1' }, 'name', /query_type: PTR/],
  ['dns', { query_type: 'ANY' }, 'query_type', /./],
  ['icmp', { host: 'a b' }, 'host', /./],
]

for (const [kind, settings, path, message] of bad) {
  t.test(`${kind} probe given ${JSON.stringify(settings)} is refused at ${path}`, (t) => {
    const result = kinds[kind].safeParse({ type: kind, ...needed[kind], ...settings })
    const issue = result.error?.issues.find((one) => one.path.join('.') === path)
    t.match(issue?.message, message, JSON.stringify(result.error?.issues))
    t.end()
  })
}

for (const [kind, schema] of Object.entries(kinds)) {
  t.test(`${kind} probe has a sentence for each setting, and travels between threads`, (t) => {
    const { properties = {} } = z.toJSONSchema(schema, { io: 'input' })
    for (const [key, json] of Object.entries(properties)) {
      if (typeof json === 'object' && key !== 'type') t.match(json.description, /^\S.*\.$|…$/, key)
    }
    const decoded = schema.parse({ type: kind, ...needed[kind as keyof typeof needed] })
    t.same(unpack(structuredClone(pack(decoded))), decoded)
    t.end()
  })
}

t.test('http probe splits user and password off its url', (t) => {
  const decoded = httpProbe.parse({
    type: 'http',
    url: 'https://ada:s%203@shop.example/x?y',
    expected_status: ['204', '3xx', '200-201'],
  })
  t.match(decoded, { url: 'https://shop.example/x?y', username: 'ada' })
  t.equal(decoded.password?.reveal(), 's 3')
  t.same(decoded.expectedStatuses, [
    { from: 204, to: 204 },
    { from: 300, to: 399 },
    { from: 200, to: 201 },
  ])
  t.equal(decoded.tls.expiryDegradedMs, 14 * 86_400_000)
  t.end()
})

t.test('paths into JSON are read', (t) => {
  t.same(parseJsonPath('a.b[0].c'), ['a', 'b', 0, 'c'])
  t.same(parseJsonPath('[2].a-b[10]'), [2, 'a-b', 10])
  for (const path of ['', '.', 'a.', '.a', 'a[x]', 'a[', 'a b', 'a[0]b']) t.equal(parseJsonPath(path), undefined, path)
  t.end()
})
