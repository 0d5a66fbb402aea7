import type { HttpProbeConfig } from '../../config/probes/http.ts'

/** What is asked of which server: the first request, and where its answer sends us. */

export interface ProbeRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether it may carry what is secret: headers, sign-in, body, client certificate. */
  readonly isTrusted: boolean
}

const USER_AGENT = 'obs-agent'

export function firstRequest(config: HttpProbeConfig): ProbeRequest {
  const { method, headers, body, token, username, password } = config
  const basic = username === undefined ? undefined : basicAuth(username, password?.reveal() ?? '')
  const authorization = token ? `Bearer ${token.reveal()}` : basic
  return {
    url: new URL(config.url),
    method,
    headers: { ...lowerCase(headers), ...(authorization !== undefined && { authorization }) },
    ...(body !== undefined && { body }),
    isTrusted: true,
  }
}

export function basicAuth(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** All headers of one request. */
export function headersFor({ url, headers, body }: ProbeRequest, compression: string): Record<string, string> {
  return {
    host: url.host,
    'user-agent': USER_AGENT,
    accept: '*/*',
    ...(compression !== 'none' && { 'accept-encoding': compression }),
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  }
}

export type Redirect =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly request: ProbeRequest }
  | { readonly kind: 'refuse'; readonly message: string }

/**
 * Where an answer sends the request, RFC 9110 15.4. At another origin (RFC 6454) nothing secret goes along: neither headers, sign-in nor body;
 * and not again afterwards, so that no other server chooses what is asked with our credentials.
 */
export function redirectOf(
  request: ProbeRequest,
  { status, location }: { status: number; location: string | undefined },
): Redirect {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return { kind: 'none' }
  const url = URL.parse(location, request.url)
  if (!url) return { kind: 'refuse', message: 'it redirects to what is no address' }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { kind: 'refuse', message: `it redirects to ${url.protocol.slice(0, 20)}, which is not followed` }
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  const isTrusted = request.isTrusted && url.origin === request.url.origin
  const keepsMethod = status >= 307 || request.method === 'HEAD' || request.method === 'GET'
  if (keepsMethod && request.body !== undefined && !isTrusted) {
    return { kind: 'refuse', message: `it redirects the body of the request to ${url.origin}, which is not followed` }
  }
  const { body, ...rest } = request
  const kept = keepsMethod && body !== undefined ? { body } : {}
  const headers = isTrusted ? rest.headers : {}
  return {
    kind: 'follow',
    request: { ...rest, ...kept, url, isTrusted, headers, method: keepsMethod ? rest.method : 'GET' },
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
