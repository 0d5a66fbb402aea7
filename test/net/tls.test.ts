import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { TlsFiles } from '../../src/net/connect.ts'
import { Poster } from '../../src/net/post.ts'
import { rawServer } from './raw-server.ts'

const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'obs-tls-'))
t.after(() => rmSync(folder, { recursive: true }))

function certificate(
  name: string,
  { cn = 'localhost', dates }: { cn?: string; dates?: [string, string] } = {},
): { key: string; cert: string } {
  const key = join(folder, `${name}.key`)
  const cert = join(folder, `${name}.pem`)
  const validity = dates ? ['-not_before', dates[0], '-not_after', dates[1]] : ['-days', '2']
  const subject = ['-subj', `/CN=${cn}`, '-addext', `subjectAltName=DNS:${cn}`]
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...ec, '-keyout', key, '-out', cert, ...subject, ...validity], {
    stdio: 'pipe',
  })
  return { key, cert }
}

async function serve(files: { key: string; cert: string }, options: ServerOptions = {}) {
  const server = createServer(
    { key: readFileSync(files.key), cert: readFileSync(files.cert), ...options },
    (request, response) => {
      request.resume().on('end', () => response.end())
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: new URL(`https://localhost:${typeof address === 'object' && address ? address.port : 0}/`),
    close: () => server.close(),
  }
}

async function post(url: URL, tls: TlsFiles) {
  const poster = new Poster({ url, timeoutMs: 5000, connectionCount: 1, tls })
  const result = await poster.post([], Buffer.from('{}\n'), never)
  await poster.close()
  return result
}

const good = certificate('good')
const client = certificate('client', { cn: 'agent-7' })
let canBackdate = true
let expired = good
try {
  expired = certificate('expired', { dates: ['20200101000000Z', '20200102000000Z'] })
} catch {
  canBackdate = false
}

t.test('post over TLS accepts a certificate of the given authority', async (t) => {
  const server = await serve(good)
  t.match(await post(server.url, { caFile: good.cert }), { kind: 'response', status: 200 })
  server.close()
})

t.test('post over TLS refuses, and names the certificate and its end', async (t) => {
  const wrongHost = certificate('wrong', { cn: 'elsewhere.example' })
  const cases = [
    { files: good, tls: {}, message: /localhost, valid until .*DEPTH_ZERO_SELF_SIGNED_CERT/ },
    {
      files: wrongHost,
      tls: { caFile: wrongHost.cert },
      message: /elsewhere\.example, valid until .*ERR_TLS_CERT_ALTNAME_INVALID/,
    },
    ...(canBackdate
      ? [
          {
            files: expired,
            tls: { caFile: expired.cert },
            message: /valid until Jan +2 00:00:00 2020.*CERT_HAS_EXPIRED/,
          },
        ]
      : []),
  ]
  for (const { files, tls, message } of cases) {
    const server = await serve(files)
    t.match(await post(server.url, tls), { kind: 'failed', reason: 'tls', message })
    server.close()
  }
})

t.test('post over TLS shows its own certificate when it has one', async (t) => {
  const server = await serve(good, { requestCert: true, rejectUnauthorized: true, ca: readFileSync(client.cert) })
  const ca = { caFile: good.cert }
  t.match(await post(server.url, { ...ca, certFile: client.cert, keyFile: client.key }), {
    kind: 'response',
    status: 200,
  })
  t.match(await post(server.url, ca), { kind: 'failed' })
  server.close()
})

t.test('post over TLS reports a file that cannot be read and a server that speaks plain text', async (t) => {
  t.match(await post(new URL('https://localhost:1/'), { caFile: join(folder, 'none.pem') }), {
    kind: 'failed',
    reason: 'tls',
    message: /Cannot read tls_ca_file.*none\.pem/,
  })
  const plain = await rawServer((s) => s.end('HTTP/1.1 200 OK\r\n\r\n'))
  const plainTalk = new URL(`https://127.0.0.1:${plain.port}/`)
  plain.close()
  t.match(await post(plainTalk, {}), { kind: 'failed' })
})
