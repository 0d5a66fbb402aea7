import { z } from 'zod'
import { regex } from '../entry-settings.ts'
import { complain, refineSignIn, splitUrl } from '../refine.ts'
import type { Secret } from '../secret.ts'
import { choice, duration, flag, httpHeaders, httpUrl, mark, secret, size, text, token, withFile } from '../settings.ts'
import { jsonCheck, statusRange } from './http-checks.ts'
import { ADDRESSING, addressing, refineTls, TLS, tlsSettings } from './network-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

const method = () =>
  mark(z.string().regex(/^(?!CONNECT$|TRACE$)[A-Z]{1,16}$/), { expected: 'an HTTP method such as GET, HEAD or POST' })

const headerName = () =>
  mark(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/), { expected: 'the name of an HTTP header' })

export const httpProbe = z
  .strictObject({
    type: z.literal('http').describe('An HTTP server answers as expected.'),
    ...SCHEDULE,
    ...withFile('url', httpUrl().describe('What to ask for. A user and password in it are sent as basic auth.')),
    method: method().prefault('GET').describe('GET, HEAD, POST …'),
    headers: httpHeaders().prefault({}).describe('Sent with the request, as name: value. Values are never shown.'),
    ...withFile(
      'body',
      mark(text().optional(), { role: 'secret', expected: 'a text' }).describe('Sent with the request; never shown.'),
    ),
    compression: choice(['none', 'gzip', 'deflate', 'br', 'zstd'])
      .prefault('none')
      .describe('Asked of the server. Whatever of these it uses is unpacked before it is looked at.'),
    follow_redirects: flag().prefault(true).describe('At most 10; nothing secret goes to another origin.'),
    expected_status: z.array(statusRange()).min(1).prefault(['2xx']).describe('Statuses that are good.'),
    headers_match: z
      .record(headerName(), regex())
      .prefault({})
      .describe('Headers the answer must have, as name: regular expression of the value.'),
    body_matches: z.array(regex()).prefault([]).describe('Regular expressions that must all be found in the body.'),
    body_not_matches: z.array(regex()).prefault([]).describe('Regular expressions that must not be found in the body.'),
    json: z.array(jsonCheck()).prefault([]).describe('What must be in the JSON of the body.'),
    body_limit: size({ min: '1B', max: '8MiB' })
      .prefault('1MiB')
      .describe('At most so much of the unpacked body is read; a longer one cannot be checked, which is unhealthy.'),
    max_latency: duration({ min: '1ms', max: '5m' }).optional().describe('Degraded when the answer takes longer.'),
    ...withFile('token', token().optional().describe('Sent as Authorization: Bearer.')),
    username: text().optional().describe('For basic auth, together with password.'),
    ...withFile('password', secret().optional().describe('For basic auth, together with username.')),
    ...withFile(
      'proxy_url',
      httpUrl()
        .optional()
        .describe('HTTP proxy to go through, such as http://proxy.example:3128; it may name a user and password.'),
    ),
    ...TLS,
    ...ADDRESSING,
  })
  .superRefine((s, context) => {
    refineHttp(s, context)
    const isUsed = s.follow_redirects || s.url.toLowerCase().startsWith('https:')
    refineTls(s, { context, isUsed, otherwise: 'an https url' })
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    method: s.method,
    headers: s.headers,
    ...(s.body !== undefined && { body: s.body }),
    compression: s.compression,
    followsRedirects: s.follow_redirects,
    expectedStatuses: s.expected_status,
    headersMatch: s.headers_match,
    bodyMatches: s.body_matches,
    bodyNotMatches: s.body_not_matches,
    json: s.json,
    bodyLimitBytes: s.body_limit,
    ...(s.max_latency !== undefined && { maxLatencyMs: s.max_latency }),
    ...(s.token && { token: s.token }),
    ...(s.username !== undefined && { username: s.username }),
    ...(s.password && { password: s.password }),
    // After username and password: those of the address are used when no others are given.
    ...splitUrl(s.url),
    /** Where `url` was read from; only its origin may be shown then. */
    ...(s.url_file !== undefined && { urlFile: s.url_file }),
    ...(s.proxy_url !== undefined && { proxy: splitUrl(s.proxy_url) }),
    tls: tlsSettings(s),
    addressing: addressing(s),
  }))

export type HttpProbeConfig = z.output<typeof httpProbe>

interface HttpWords {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly body_matches: readonly string[]
  readonly body_not_matches: readonly string[]
  readonly json: readonly unknown[]
  readonly token?: Secret | undefined
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  readonly proxy_url?: string | undefined
}

/** What the agent writes itself, and what would make two requests of one. */
const OWN_HEADERS = new Set([
  'authorization',
  'connection',
  'content-length',
  'expect',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function refineHttp<S extends HttpWords>(s: S, context: z.core.$RefinementCtx<S>): void {
  refineSignIn(s, context, OWN_HEADERS)
  if (s.method === 'HEAD') {
    for (const key of ['body_matches', 'body_not_matches', 'json'] as const) {
      if (s[key].length > 0)
        complain(context, key, 'expected another method than HEAD beside it: its answers have no body')
    }
  }
  if (s.proxy_url !== undefined && !s.proxy_url.toLowerCase().startsWith('http:')) {
    complain(context, 'proxy_url', 'expected an http proxy, got an https one', 'https targets go through it by CONNECT')
  }
}
