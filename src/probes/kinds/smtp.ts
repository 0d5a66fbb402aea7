import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SmtpProbeConfig } from '../../config/probes/smtp.ts'
import { Secret } from '../../config/secret.ts'
import { converse } from '../client/conversation.ts'
import { Refusal } from '../client/failure-text.ts'
import { refusalOf } from '../client/smtp-words.ts'
import { remoteHostOf, targetText } from '../client/target.ts'
import type { Wire, WireTls } from '../client/wire.ts'
import { wireTls } from '../client/wire-tls.ts'
import type { Probe, ProbeRun } from '../probe.ts'

const STARTTLS_HELP = 'Whether the session was encrypted with STARTTLS.'

/** Longer than any run: the deadline is the scheduler's, and closing the session ends the timers. */
const NEVER_MS = 24 * 60 * 60 * 1000

/** A mail server: greeting, EHLO, STARTTLS, signing in, QUIT. No mail is sent. */
export function createSmtpProbe(config: SmtpProbeConfig): Probe {
  const { username, password } = config
  return {
    target: targetText(config.address),
    ...remoteHostOf(config.address),
    run: async (run) => {
      // Without the rest, which makes mails (measured: 4 MB less).
      const { default: Connection } = await import('nodemailer/lib/smtp-connection')
      return converse(run, {
        ...config,
        // The second is how AUTH PLAIN has it (RFC 4616).
        secrets: password ? [password, new Secret(`\0${username}\0${password.reveal()}`)] : [],
        talk: async (wire, remarks) => {
          const tls = await wireTls({ ...config, isVerified: true })
          if (config.usesTls) await wire.startTls(tls)
          run.phases.enter('query')
          if (wire.destroyed) return
          try {
            await session(connectionOn(wire, { Connection, config, tls, run }), { config, run })
          } catch (error) {
            throw refusalOf(error, username)
          }
          if (!config.usesTls) remarks.families.gauge('probe_smtp_starttls', STARTTLS_HELP, wire.certificate ? 1 : 0)
          remarks.server = 'the mail server'
        },
      })
    },
  }
}

/** How nodemailer begins TLS, and what it has read and not yet used; the version is pinned in package.json. */
interface Internals {
  secure: boolean
  readonly _remainder: string
  readonly _responseQueue: string[]
  _upgradeConnection(done: (error: unknown, isSecured?: boolean) => void): void
}

interface Parts {
  readonly Connection: typeof SMTPConnection
  readonly config: SmtpProbeConfig
  readonly tls: WireTls
  readonly run: ProbeRun
}

function connectionOn(wire: Wire, { Connection, config, tls, run }: Parts): SMTPConnection {
  const { username, startTls, usesTls, ehlo } = config
  const isGuarded = username !== undefined && remoteHostOf(config.address).remoteHost !== undefined
  const options = {
    ...config.address,
    connection: wire,
    secure: usesTls,
    secured: usesTls,
    ignoreTLS: startTls === 'never',
    requireTLS: !usesTls && (startTls === 'required' || (startTls === 'auto' && isGuarded)),
    ...(ehlo !== undefined && { name: ehlo }),
    connectionTimeout: NEVER_MS,
    greetingTimeout: NEVER_MS,
    socketCloseTimeout: 0,
  }
  // Its types know sockets only; of one it uses what any stream has, and what the wire has besides.
  const connection = new Connection(options as unknown as SMTPConnection.Options)
  const internals = connection as unknown as Internals
  // Otherwise its timers, and what it has read and not yet looked at, would outlive the connection.
  wire.once('close', () => {
    internals._responseQueue.length = 0
    connection.close()
  })
  internals._upgradeConnection = (done) => {
    // RFC 3207, 6: what came in plain text must not be taken for what TLS protects.
    if (internals._remainder !== '' || internals._responseQueue.length > 0) {
      wire.destroy(new Refusal('sends more in plain text after it agreed to STARTTLS'))
      return
    }
    wire.startTls(tls).then(() => {
      internals.secure = true
      run.phases.enter('query')
      done(null, true)
    }, done)
  }
  return connection
}

async function session(
  connection: SMTPConnection,
  { config, run }: { config: SmtpProbeConfig; run: ProbeRun },
): Promise<void> {
  const failed = new Promise<never>((_, reject) => connection.on('error', reject))
  failed.catch(() => {})
  const done = (work: (callback: (error?: Error | null) => void) => void): Promise<void> =>
    Promise.race([failed, new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())))])
  await done((callback) => connection.connect(callback))
  const { username, password } = config
  if (username !== undefined && password) {
    run.phases.enter('auth')
    if (!connection.allowsAuth) throw new Refusal('offers no way to sign in')
    const credentials = { user: username, pass: password.reveal() }
    await done((callback) => connection.login({ user: username, credentials }, callback))
  }
  connection.quit()
}
