import { readFileSync } from 'node:fs'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import type { buildConnector as Connector } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import { codeOf, messageOf } from '../errors.ts'

/** PEM files. `caFile` replaces the certificate authorities that Node trusts by itself. */
export interface TlsFiles {
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** A TLS set-up that cannot work; its code sorts it under `tls`. */
class TlsSetupError extends Error {
  readonly code: string

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause })
    this.name = 'TlsSetupError'
    this.code = code
  }
}

/**
 * undici's connector with our time-out, HTTP/1.1 only, and the certificate named in the error when it is refused: who it belongs to and when it
 * ends is what the operator needs. Reads the PEM files now. @throws when one cannot be read.
 */
export function connectorOf(tls: TlsFiles, timeoutMs: number): Connector.connector {
  const options: Connector.BuildOptions = {
    allowH2: false,
    timeout: timeoutMs,
    ...(tls.caFile !== undefined && { ca: readPem('tls_ca_file', tls.caFile) }),
    ...(tls.certFile !== undefined && { cert: readPem('tls_cert_file', tls.certFile) }),
    ...(tls.keyFile !== undefined && { key: readPem('tls_key_file', tls.keyFile) }),
  }
  const connect = buildConnector(options)
  return (target, done) => {
    let peer: PeerCertificate | undefined
    const socket: unknown = connect(target, (error, connected) => {
      if (error === null) done(null, connected)
      else done(peer ? withCertificate(error, peer) : error, null)
    })
    // When the handshake is done and the certificate is about to be judged; once it is refused, the socket no longer has it.
    if (socket instanceof TLSSocket) socket.prependOnceListener('secure', () => (peer = socket.getPeerCertificate()))
  }
}

function withCertificate(error: Error, peer: PeerCertificate): Error {
  const subject = peer.subject?.CN ?? 'without a name'
  const message = `${error.message} (certificate ${subject}, valid until ${peer.valid_to})`
  return new TlsSetupError(message, codeOf(error) || 'ERR_TLS_UNKNOWN', error)
}

function readPem(setting: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new TlsSetupError(`Cannot read ${setting}: ${messageOf(error)}`, 'ERR_TLS_FILE', error)
  }
}
