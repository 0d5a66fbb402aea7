import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { codeOf } from '../../errors.ts'

/** What is worth telling of the certificate that a server shows. */
export interface CertificateFacts {
  readonly subject: string
  /** As OpenSSL prints it: `Jan  2 00:00:00 2020 GMT`. */
  readonly validTo: string
  /** Seconds since 1970 at which the first of the chain that was shown ends. */
  readonly earliestEndSeconds: number
}

const MAX_CHAIN = 16

export function certificateFacts(socket: TLSSocket): CertificateFacts {
  const leaf = socket.getPeerCertificate(true)
  const ends: number[] = []
  let at: DetailedPeerCertificate | undefined = leaf
  for (let i = 0; at?.valid_to !== undefined && i < MAX_CHAIN; i++) {
    ends.push(Date.parse(at.valid_to) / 1000)
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return {
    subject: String(leaf.subject?.CN ?? 'without a name'),
    validTo: leaf.valid_to ?? 'an unknown time',
    earliestEndSeconds: Math.min(...ends),
  }
}

/** Why the certificate of a server is not trusted, and which one it is. */
export class RefusedCertificate extends Error {
  constructor(error: Error, { subject, validTo }: CertificateFacts) {
    const code = codeOf(error)
    super(`${error.message}${code === '' ? '' : ` (${code})`}, certificate ${subject}, valid until ${validTo}`)
    this.name = 'RefusedCertificate'
  }
}
