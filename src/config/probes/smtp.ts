import { z } from 'zod'
import { complain } from '../refine.ts'
import { choice, duration, flag, mark, readableFile, secret, text, withFile } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { hostPort } from './targets.ts'

/** RFC 5321, 4.1.2: a domain, or an address in brackets. */
const ehloName = () =>
  mark(z.string().regex(/^[A-Za-z0-9.-]{1,253}$|^\[[0-9A-Za-z:.]{1,60}\]$/), {
    expected: 'the name of a host, or an address in brackets',
  })

export const smtpProbe = z
  .strictObject({
    type: z.literal('smtp').describe('A mail server greets, and takes a session; no mail is sent.'),
    ...SCHEDULE,
    address: hostPort().describe('host:port of the server.'),
    starttls: choice(['auto', 'required', 'never'])
      .prefault('auto')
      .describe('auto: when the server offers it. required: unhealthy without. never: not even when offered.'),
    tls: flag().prefault(false).describe('Whether TLS begins at once, as on port 465.'),
    tls_ca_file: readableFile().optional().describe('PEM of the authorities to trust instead of the usual ones.'),
    server_name: text().optional().describe('Name that the certificate must have; default: the host.'),
    username: text()
      .optional()
      .describe('Whom to sign in as; over a network only after STARTTLS, unless starttls is never.'),
    ...withFile('password', secret().optional().describe('Password of username.')),
    ehlo: ehloName().optional().describe('What the agent calls itself in EHLO; default: the name of this host.'),
    max_latency: duration({ min: '1ms', max: '5m' })
      .optional()
      .describe('Degraded when the whole session took longer than this.'),
  })
  .superRefine((s, context) => {
    if (s.username !== undefined && !s.password)
      complain(context, 'username', 'expected a password beside it, got none')
    if (s.password && s.username === undefined) complain(context, 'password', 'expected a username beside it, got none')
    if (s.tls && s.starttls === 'required') complain(context, 'starttls', 'expected tls: false beside it, got true')
    if (s.tls || s.starttls !== 'never') return
    for (const key of ['tls_ca_file', 'server_name'] as const) {
      if (s[key] !== undefined)
        complain(context, key, 'expected TLS beside it: tls: true, or starttls auto or required')
    }
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    address: s.address,
    startTls: s.starttls,
    usesTls: s.tls,
    ...(s.tls_ca_file !== undefined && { tlsCaFile: s.tls_ca_file }),
    ...(s.server_name !== undefined && { serverName: s.server_name }),
    ...(s.username !== undefined && { username: s.username }),
    ...(s.password && { password: s.password }),
    ...(s.ehlo !== undefined && { ehlo: s.ehlo }),
    ...(s.max_latency !== undefined && { maxLatencyMs: s.max_latency }),
  }))

export type SmtpProbeConfig = z.output<typeof smtpProbe>
