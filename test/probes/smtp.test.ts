import { once } from 'node:events'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { smtpProbe } from '../../src/config/probes/smtp.ts'
import { createSmtpProbe } from '../../src/probes/kinds/smtp.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { missing } from '../systemd/missing.ts'
import { makeCertificates } from './certificates.ts'
import { bearsHostilePeers, hostilePeer } from './hostile-peer.ts'
import { startMailServer } from './mail-server.ts'
import { lintsClean, phasesOf, runProbe, SECRET, sampleOf, untilSome } from './run-probe.ts'
import { folderOf, freePort, type RunningServer, start } from './servers.ts'

// Servers are started and stopped, on a machine that may be busy.
t.setTimeout(180_000)

const probeOf = (port: number, settings: object = {}): Probe =>
  createSmtpProbe(smtpProbe.parse({ type: 'smtp', address: `127.0.0.1:${port}`, ...settings }))

bearsHostilePeers({
  name: 'smtp',
  probe: (port) => probeOf(port, { username: 'app', password: SECRET }),
  opening: Buffer.from('220 mail.example ESMTP\r\n'),
  speaksFirst: true,
  hangs: /while waiting for the answer/,
  monsters: [
    Buffer.from('220-and more\r\n'.repeat(50_000)),
    Buffer.from('421 too many connections\r\n'),
    Buffer.from('554 go away\x1b[31m\r\n'),
    Buffer.from('220 hello\r\n250-mail\r\n250 AUTH PLAIN\r\n535 no\r\n'),
    Buffer.from('220 hello\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n'),
    Buffer.from(`220 hello\r\n250-mail\r\n250 AUTH ${' '.repeat(100_000)}\r\n`),
    Buffer.from('\r\n'.repeat(100_000)),
  ],
})

/** Answers line by line, in turn. */
async function scripted(
  answers: readonly string[],
): Promise<{ port: number; lines: string[]; close(): Promise<void> }> {
  const lines: string[] = []
  const peer = await hostilePeer((socket) => {
    const left = [...answers]
    socket.write(left.shift() ?? '')
    socket.on('data', (data: Buffer) => {
      lines.push(...data.toString().trimEnd().split('\r\n'))
      const next = left.shift()
      if (next === undefined) socket.end()
      else socket.write(next)
    })
  })
  return { port: peer.port, lines, close: peer.close }
}

t.test('smtp probe says what a server refuses, and never sends a mail', async (t) => {
  const signIn = { username: 'app', password: SECRET }
  const auth = '250-mail\r\n250 AUTH PLAIN LOGIN\r\n'
  const cases: Record<
    string,
    { answers: string[]; settings?: object; status?: string; message: RegExp; lines?: RegExp }
  > = {
    'a greeting of 421': { answers: ['421 busy\r\n'], message: /^takes no sessions now: 421 busy$/ },
    'a greeting of 554': { answers: ['554 not you\r\n'], message: /^takes no sessions: 554 not you$/ },
    'an EHLO': { answers: ['220 hi\r\n', '502 what\r\n', '502 what\r\n'], message: /^takes no sessions: 502 what$/ },
    'STARTTLS that is required': {
      answers: ['220 hi\r\n', auth, '502 no\r\n'],
      settings: { starttls: 'required' },
      message: /^has no STARTTLS, and it is required: 502 no$/,
    },
    'a password': {
      answers: ['220 hi\r\n', auth, '535 wrong\r\n'],
      settings: signIn,
      message: /^signing in as app was refused: 535 wrong$/,
    },
    'a password, and repeats it': {
      answers: ['220 hi\r\n', auth, `535 not ${Buffer.from(`\0app\0${SECRET}`).toString('base64')}\r\n`],
      settings: signIn,
      message: /^signing in as app was refused: \(its text is left out/,
    },
    'any signing in': {
      answers: ['220 hi\r\n', '250 mail\r\n'],
      settings: signIn,
      message: /^offers no way to sign in$/,
    },
    nothing: {
      answers: ['220 hi\r\n', auth, '235 ok\r\n', '221 bye\r\n'],
      settings: { ...signIn, ehlo: 'probe.example' },
      status: 'healthy',
      message: /^the mail server answered in/,
      lines: /^EHLO probe\.example\nAUTH PLAIN \S+\nQUIT$/,
    },
  }
  for (const [
    what,
    { answers, settings, status = 'unhealthy', message, lines = /^(EHLO|HELO|AUTH|STARTTLS|)/ },
  ] of Object.entries(cases)) {
    const peer = await scripted(answers)
    t.match(await runProbe(probeOf(peer.port, settings)), { status, message }, what)
    if (status === 'healthy') await untilSome(() => peer.lines.includes('QUIT'))
    t.match(peer.lines.join('\n'), lines, what)
    t.notMatch(peer.lines.join('\n'), /MAIL|RCPT|DATA/)
    await peer.close()
  }
})

/** OpenSMTPD has one control socket for the whole host, so there is one at a time; a second would find it taken. */
async function startSmtpd(port: number): Promise<RunningServer> {
  const folder = folderOf('root')
  const file = join(folder, 'smtpd.conf')
  writeFileSync(file, `listen on 127.0.0.1 port ${port}\naction "keep" mbox\nmatch for local action "keep"\n`)
  chmodSync(folder, 0o755)
  const server = await start({ user: 'root', folder, port, command: ['smtpd', '-d', '-f', file], ready: /starting/ })
  await untilSome(() => isOpen(port))
  return server
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

t.test('smtp probe finds OpenSMTPD', { skip: missing('smtpd', 'root') }, async (t) => {
  const port = await freePort()
  const server = await startSmtpd(port)
  t.teardown(() => server.stop())
  const finding = await runProbe(probeOf(port))
  t.match(finding, { status: 'healthy', message: /^the mail server answered in [\d.]+ ms$/ })
  t.same(phasesOf(finding), ['connect', 'query'])
  t.equal(sampleOf(finding, 'probe_smtp_starttls'), 0)
  const required = await runProbe(probeOf(port, { starttls: 'required' }))
  t.match(required, { status: 'unhealthy', message: /^has no STARTTLS, and it is required: 5/ })
  t.match(await runProbe(probeOf(port, { max_latency: '1ms' })), {
    status: 'degraded',
    message: /took \d+ ms, more than 1 ms$/,
  })
  await server.stop()
  const gone = await untilSome(async () => {
    const finding = await runProbe(probeOf(port))
    return finding.message === 'refused the connection' && finding
  })
  t.equal(gone.status, 'unhealthy')
})

t.test('smtp probe encrypts, and signs in', { skip: missing('openssl') }, async (t) => {
  const folder = folderOf('root')
  t.teardown(() => rmSync(folder, { recursive: true }))
  const certificates = makeCertificates(folder)
  const ca = { tls_ca_file: certificates.ca }
  const signIn = { ...ca, username: 'app', password: SECRET }
  const refused = (what: string): RegExp => new RegExp(`^the certificate is refused: .*${what}`)
  const cases: Record<
    string,
    { pair: 'good' | 'expired' | 'elsewhere'; settings: object; status?: string; message: RegExp; isImplicit?: boolean }
  > = {
    'with STARTTLS': { pair: 'good', settings: ca, status: 'healthy', message: /answered/ },
    'with TLS at once': {
      pair: 'good',
      settings: { ...ca, tls: true },
      status: 'healthy',
      message: /answered/,
      isImplicit: true,
    },
    'with the password': { pair: 'good', settings: signIn, status: 'healthy', message: /answered/ },
    'with the password, and TLS at once': {
      pair: 'good',
      settings: { ...signIn, tls: true },
      status: 'healthy',
      message: /answered/,
      isImplicit: true,
    },
    'with the wrong password': {
      pair: 'good',
      settings: { ...signIn, password: 'no' },
      message: /^signing in as app was refused: 535 5\.7\.8 wrong credentials$/,
    },
    'never, with a password': {
      pair: 'good',
      settings: { username: 'app', password: SECRET, starttls: 'never' },
      message: /^offers no way to sign in$/,
    },
    never: { pair: 'expired', settings: { starttls: 'never' }, status: 'healthy', message: /answered/ },
    'an unknown authority': { pair: 'good', settings: {}, message: refused('certificate localhost, valid until') },
    'another authority': { pair: 'good', settings: { tls_ca_file: certificates.otherCa }, message: refused('') },
    'an end that is past': { pair: 'expired', settings: ca, message: refused('valid until Jan +2 00:00:00 2020') },
    'an end that is past, and TLS at once': {
      pair: 'expired',
      settings: { ...ca, tls: true },
      message: refused('valid until Jan +2 00:00:00 2020'),
      isImplicit: true,
    },
    'another name': { pair: 'elsewhere', settings: ca, message: refused('elsewhere') },
    'another name that is expected': {
      pair: 'elsewhere',
      settings: { ...ca, server_name: 'elsewhere.example' },
      status: 'healthy',
      message: /answered/,
    },
    'TLS at once where it comes later': {
      pair: 'good',
      settings: { ...ca, tls: true },
      message: /^TLS cannot be set up/,
    },
    'TLS later where it comes at once': {
      pair: 'good',
      settings: ca,
      isImplicit: true,
      message: /^no answer|closed the connection|was reset/,
    },
  }
  for (const [what, { pair, settings, status = 'unhealthy', message, isImplicit = false }] of Object.entries(cases)) {
    const server = await startMailServer({ pair: certificates[pair], isImplicit, user: 'app', password: SECRET })
    const finding = await runProbe(probeOf(server.port, settings), {
      timeoutMs: what.startsWith('TLS later') ? 300 : 20_000,
    })
    t.match(finding, { status, message }, what)
    const isTls = phasesOf(finding).includes('tls')
    lintsClean(finding)
    if (isTls && !what.startsWith('TLS'))
      t.ok(sampleOf(finding, 'probe_ssl_earliest_cert_expiry'), `${what}: tells when it ends`)
    if (status === 'healthy' && !isImplicit) t.equal(sampleOf(finding, 'probe_smtp_starttls'), isTls ? 1 : 0, what)
    t.notMatch(server.lines.join('\n'), /MAIL|RCPT|DATA/)
    await server.close()
  }
})
