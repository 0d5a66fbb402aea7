import { z } from 'zod'
import { choice } from '../settings.ts'
import { ADDRESSING, addressing, refineTls, TLS, tlsSettings } from './network-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { hostPort } from './targets.ts'

export const STARTTLS = ['smtp', 'imap', 'pop3', 'postgres'] as const

export const tlsProbe = z
  .strictObject({
    type: z.literal('tls').describe('The certificate of a server is good, and will be for some time.'),
    ...SCHEDULE,
    address: hostPort().describe('host:port to connect to.'),
    starttls: choice(['none', ...STARTTLS])
      .prefault('none')
      .describe('Protocol in which TLS is asked for; none: the connection begins with it.'),
    ...TLS,
    ...ADDRESSING,
  })
  .superRefine((s, context) => refineTls(s, { context, isUsed: true, otherwise: '' }))
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    address: s.address,
    ...(s.starttls !== 'none' && { starttls: s.starttls }),
    tls: tlsSettings(s),
    addressing: addressing(s),
  }))

export type TlsProbeConfig = z.output<typeof tlsProbe>
export type Starttls = NonNullable<TlsProbeConfig['starttls']>
