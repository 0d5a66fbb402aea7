import type { z } from 'zod'
import { complain } from '../refine.ts'
import { choice, duration, flag, readableFile, text } from '../settings.ts'

/** What probes over the network share. Spread the keys into the kind's object, and what the functions give into what it decodes to. */

export const ADDRESSING = {
  ip_protocol: choice(['auto', '4', '6'])
    .prefault('auto')
    .describe(
      'Version of IP. auto: the first address the system finds, and the other version when that cannot be connected to.',
    ),
  allow_link_local: flag()
    .prefault(false)
    .describe(
      'Whether addresses such as 169.254.169.254 may be probed, where clouds keep the credentials of the host.',
    ),
}

export function addressing(s: { ip_protocol: 'auto' | '4' | '6'; allow_link_local: boolean }) {
  const ipProtocol = s.ip_protocol === 'auto' ? s.ip_protocol : s.ip_protocol === '4' ? 4 : 6
  return { ipProtocol, allowsLinkLocal: s.allow_link_local } as const
}

export const TLS = {
  tls_ca_file: readableFile().optional().describe('PEM of the authorities to trust instead of the usual ones.'),
  tls_cert_file: readableFile().optional().describe('PEM of the certificate the agent shows to the server.'),
  tls_key_file: readableFile().optional().describe('PEM of the key that belongs to tls_cert_file.'),
  server_name: text()
    .optional()
    .describe('Name to ask for (SNI) and to expect in the certificate, instead of the host.'),
  insecure_skip_verify: flag()
    .prefault(false)
    .describe('Takes any certificate, also one that has expired; its dates are still shown as metrics.'),
  expiry_degraded: duration({ max: '3650d' })
    .prefault('14d')
    .describe('Degraded when a certificate of the server ends within this time …'),
  expiry_unhealthy: duration({ max: '3650d' })
    .prefault('0s')
    .describe('… and unhealthy within this; 0s: once it has ended.'),
}

interface TlsWords {
  readonly tls_ca_file?: string | undefined
  readonly tls_cert_file?: string | undefined
  readonly tls_key_file?: string | undefined
  readonly server_name?: string | undefined
  readonly insecure_skip_verify: boolean
  readonly expiry_degraded: number
  readonly expiry_unhealthy: number
}

export function tlsSettings(s: TlsWords) {
  return {
    ...(s.tls_ca_file !== undefined && { caFile: s.tls_ca_file }),
    ...(s.tls_cert_file !== undefined && { certFile: s.tls_cert_file }),
    ...(s.tls_key_file !== undefined && { keyFile: s.tls_key_file }),
    ...(s.server_name !== undefined && { serverName: s.server_name }),
    skipsVerification: s.insecure_skip_verify,
    expiryDegradedMs: s.expiry_degraded,
    expiryUnhealthyMs: s.expiry_unhealthy,
  }
}

/** `isUsed`: whether there is TLS at all; `otherwise`: what to write for it. */
export function refineTls<S extends TlsWords>(
  s: S,
  { context, isUsed, otherwise }: { context: z.core.$RefinementCtx<S>; isUsed: boolean; otherwise: string },
): void {
  for (const [key, other] of [
    ['tls_cert_file', 'tls_key_file'],
    ['tls_key_file', 'tls_cert_file'],
  ] as const) {
    if (s[key] !== undefined && s[other] === undefined)
      complain(context, key, `expected a ${other} beside it, got none`)
  }
  if (s.expiry_unhealthy > s.expiry_degraded) {
    complain(context, 'expiry_unhealthy', 'expected at most what expiry_degraded is')
  }
  if (isUsed) return
  for (const key of ['tls_ca_file', 'tls_cert_file', 'server_name'] as const) {
    if (s[key] !== undefined) complain(context, key, `expected ${otherwise} beside it, got none`)
  }
}
