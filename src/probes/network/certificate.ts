import type { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { FamilySet } from '../../metrics/family-set.ts'
import { oneLine, type Problem } from './finding.ts'

/** What a TLS handshake showed. */
export interface TlsFacts {
  /** `TLS 1.3`. */
  readonly version: string
  readonly leaf: X509Certificate
  /** When the first of the certificates that the server presented ends, ms since 1970. */
  readonly earliestExpiryMs: number
  /** When the first of the chain up to a trusted authority ends; undefined when it does not lead to one. */
  readonly chainExpiryMs?: number
  /** Why the certificate is refused, in OpenSSL's or Node's word for it; empty when it is good. */
  readonly refusal: string
}

/** Longer chains are not followed; OpenSSL itself verifies at most 100. */
const MAX_CHAIN = 20

export function tlsFactsOf(socket: TLSSocket): TlsFacts {
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) throw new Error('the server shows no certificate')
  // Here it is a text: the code of the error, or its message.
  const refusal = socket.authorized ? '' : String(socket.authorizationError)
  return {
    version: (socket.getProtocol() ?? '').replace(/^TLSv(\d)$/, 'TLS $1.0').replace('TLSv', 'TLS '),
    leaf,
    earliestExpiryMs: earliest(presented(leaf)),
    ...(socket.authorized && { chainExpiryMs: chainExpiryMs(socket.getPeerCertificate(true)) }),
    refusal,
  }
}

/** Node links the certificates that the server sent, each to its issuer, and leaves out what it only has in its own store. */
function presented(leaf: X509Certificate): number[] {
  const ends: number[] = []
  for (let one: X509Certificate | undefined = leaf; one && ends.length < MAX_CHAIN; one = one.issuerCertificate) {
    ends.push(one.validToDate.getTime())
  }
  return ends
}

/** This one goes on to the authority, which names itself as its issuer. */
function chainExpiryMs(leaf: DetailedPeerCertificate): number {
  const ends: number[] = []
  for (let one = leaf; ends.length < MAX_CHAIN; one = one.issuerCertificate) {
    ends.push(Date.parse(one.valid_to))
    if (!one.issuerCertificate || one.issuerCertificate === one) break
  }
  return earliest(ends)
}

const earliest = (timesMs: readonly number[]): number =>
  timesMs.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER)

export function addTls(set: FamilySet, { version, leaf, earliestExpiryMs, chainExpiryMs }: TlsFacts): void {
  const expiry = 'When the first of the presented certificates ends, seconds since 1970.'
  set.gauge('probe_ssl_earliest_cert_expiry', expiry, earliestExpiryMs / 1000)
  if (chainExpiryMs !== undefined) {
    const help = 'When the first of the verified chain ends, seconds since 1970.'
    set.gauge('probe_ssl_last_chain_expiry_timestamp_seconds', help, chainExpiryMs / 1000)
  }
  set.gauge('probe_ssl_last_chain_info', 'The certificate of the server.', 1, {
    fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: nameText(leaf.issuer),
    subject: nameText(leaf.subject),
    subjectalternative: namesOf(leaf.subjectAltName),
  })
  set.gauge('probe_tls_version_info', 'Version of TLS in use.', 1, { version })
}

/** Node writes one attribute a line, the most general first; RFC 2253 the other way round. */
function nameText(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(',')
}

function namesOf(subjectAltName: string | undefined): string {
  const names = (subjectAltName ?? '').split(', ').filter((one) => one.startsWith('DNS:'))
  return names.map((one) => one.slice('DNS:'.length)).join(',')
}

export interface ExpiryLimits {
  readonly expiryDegradedMs: number
  readonly expiryUnhealthyMs: number
}

const REFUSALS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'is revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'comes from an authority that is not trusted, or the server leaves out a part of the chain',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
}

/** What is wrong with the certificate at `nowMs`; `name` is the one it should be for. */
export function certificateProblem(
  facts: TlsFacts,
  { name, nowMs, limits }: { name: string; nowMs: number; limits: ExpiryLimits },
): Problem | undefined {
  const { leaf, refusal, earliestExpiryMs } = facts
  const subject = oneLine(nameText(leaf.subject) || 'without a name', 120)
  const range = `valid from ${dateText(leaf.validFromDate)} until ${dateText(leaf.validToDate)}`
  if (refusal !== '') {
    const altNames = oneLine(namesOf(leaf.subjectAltName), 120) || 'none'
    const names = refusal === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `, expected ${name}, got ${altNames}` : ''
    const why = REFUSALS[refusal] ?? `is refused (${refusal})`
    return { status: 'unhealthy', message: `the certificate of ${subject} ${why}${names} (${range})` }
  }
  const leftMs = earliestExpiryMs - nowMs
  if (leftMs > Math.max(limits.expiryDegradedMs, limits.expiryUnhealthyMs)) return undefined
  return {
    status: leftMs <= limits.expiryUnhealthyMs ? 'unhealthy' : 'degraded',
    message: `the certificate of ${subject} ends in ${(leftMs / 86_400_000).toFixed(1)} days, on ${dateText(new Date(earliestExpiryMs))}`,
  }
}

const dateText = (date: Date): string => date.toISOString().replace('.000Z', 'Z')
