import { readFile } from 'node:fs/promises'
import { isIP, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { codeOf, messageOf } from '../../errors.ts'
import type { ProbeRun } from '../probe.ts'
import { certificateProblem, type ExpiryLimits, type TlsFacts, tlsFactsOf } from './certificate.ts'
import type { Problem } from './finding.ts'
import type { Opened } from './opened.ts'

/** TLS over a connection that is open. */

export interface TlsSettings extends ExpiryLimits {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  /** Asked for (SNI) and expected in the certificate instead of the host's name. */
  readonly serverName?: string
  /** The certificate is looked at, and not judged. */
  readonly skipsVerification: boolean
}

export interface Secured {
  readonly socket: TLSSocket
  readonly facts: TlsFacts
  /** False: nothing may be sent that is meant for the server, since this is not known to be the one. */
  readonly isVerified: boolean
  readonly problem?: Problem
}

interface Handshake {
  readonly host: string
  readonly tls: TlsSettings
  /** Whether certFile and keyFile are shown to the server. */
  readonly showsCertificate: boolean
  readonly run: ProbeRun
  readonly opened: Opened
  readonly nowMs: number
}

/** Enters the phase `tls`. The PEM files are read anew, so renewed ones are used from the next run on. */
export async function secure(plain: Socket, handshake: Handshake): Promise<Secured> {
  const { host, tls, run, opened, nowMs } = handshake
  run.phases.enter('tls')
  const name = tls.serverName ?? host
  const files = await readPems(tls, handshake.showsCertificate)
  run.signal.throwIfAborted()
  const socket = connect({
    socket: plain,
    host: name,
    // RFC 6066 3: an address is no name to ask for.
    servername: isIP(name) === 0 ? name : '',
    // Judged below, so that what is wrong with it can be told and its dates shown.
    rejectUnauthorized: false,
    ...files,
  })
  opened.add({ close: () => socket.destroy() })
  await handshaken(socket)
  const facts = tlsFactsOf(socket)
  const problem = tls.skipsVerification ? undefined : certificateProblem(facts, { name, nowMs, limits: tls })
  const isVerified = tls.skipsVerification || facts.refusal === ''
  return { socket, facts, isVerified, ...(problem && { problem }) }
}

/** Sends the last of the handshake and a goodbye (RFC 8446 6.1): a server would otherwise log a broken handshake at each run. */
export function farewell(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.resume().end(resolve)
  })
}

function handshaken(socket: TLSSocket): Promise<void> {
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', (error) => reject(codeOf(error) === 'ECONNRESET' ? new Error(RESET) : error))
    socket.once('close', () => reject(new Error(RESET)))
  })
}

const RESET = 'connection closed by the other side in the TLS handshake'

async function readPems(
  tls: TlsSettings,
  showsCertificate: boolean,
): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const [ca, cert, key] = await Promise.all([
    readPem('tls_ca_file', tls.caFile),
    readPem('tls_cert_file', showsCertificate ? tls.certFile : undefined),
    readPem('tls_key_file', showsCertificate ? tls.keyFile : undefined),
  ])
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

async function readPem(setting: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (error) {
    throw new Error(`Cannot read ${setting}: ${messageOf(error)}`, { cause: error })
  }
}
