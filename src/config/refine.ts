import type { z } from 'zod'
import { Secret } from './secret.ts'
import { isLocalListen } from './settings.ts'

/** Rules between the settings of one section. Each problem is told at the setting an operator would change. */

type Context<T> = z.core.$RefinementCtx<T>
type Place = string | (string | number)[]

interface ApiSettings {
  readonly listen: string
  readonly token?: Secret | undefined
}

export function refineApi(s: ApiSettings, context: Context<ApiSettings>): void {
  if (s.token || isLocalListen(s.listen)) return
  complain(
    context,
    'listen',
    `expected a loopback address, or a token beside it, got ${s.listen}`,
    'set token or token_file',
  )
}

interface SignIn {
  readonly url: string
  readonly token?: Secret | undefined
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  readonly headers: Readonly<Record<string, string>>
}

interface HttpSettings extends SignIn {
  readonly retry_min: number
  readonly retry_max: number
  readonly tls_ca_file?: string | undefined
  readonly tls_cert_file?: string | undefined
  readonly tls_key_file?: string | undefined
}

/** What the agent writes into every request itself. */
const OWN_HEADERS = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'transfer-encoding',
  'user-agent',
])

export function refineHttpOutput(s: HttpSettings, context: Context<HttpSettings>): void {
  refineSignIn(s, context, OWN_HEADERS)
  if (s.retry_min > s.retry_max) complain(context, 'retry_min', 'expected at most retry_max')
  if (s.tls_cert_file !== undefined && s.tls_key_file === undefined) {
    complain(context, 'tls_cert_file', 'expected a tls_key_file beside it, got none')
  }
  if (s.tls_key_file !== undefined && s.tls_cert_file === undefined) {
    complain(context, 'tls_key_file', 'expected a tls_cert_file beside it, got none')
  }
  if (s.url.toLowerCase().startsWith('https:')) return
  for (const key of ['tls_ca_file', 'tls_cert_file'] as const) {
    if (s[key] !== undefined) complain(context, key, 'expected an https url beside it, got an http one')
  }
}

/** How whoever asks over HTTP signs in, and headers that are its own to send. */
export function refineSignIn<S extends SignIn>(s: S, context: Context<S>, own: ReadonlySet<string>): void {
  const hasUserInfo = splitUrl(s.url).username !== undefined
  if (s.username !== undefined && !s.password) complain(context, 'username', 'expected a password beside it, got none')
  if (s.password && s.username === undefined) complain(context, 'password', 'expected a username beside it, got none')
  if (s.username !== undefined && hasUserInfo) complain(context, 'username', 'is given twice: here and in url')
  if (s.token && (s.username !== undefined || hasUserInfo)) {
    complain(context, 'token', 'expected one way to sign in, got a token and a username', 'remove one of them')
  }
  for (const name of Object.keys(s.headers)) {
    if (!own.has(name.toLowerCase())) continue
    const hint = name.toLowerCase() === 'authorization' ? 'use token, or username and password' : 'remove it'
    complain(context, ['headers', name], 'is a header the agent sends itself', hint)
  }
}

/** A URL without its user and password, and those. */
export function splitUrl(text: string): { url: string; username?: string; password?: Secret } {
  const url = URL.parse(text)
  if (!url || (url.username === '' && url.password === '')) return { url: text }
  const [username, password] = [decode(url.username), decode(url.password)]
  url.username = ''
  url.password = ''
  return { url: url.href, username, password: new Secret(password) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // A lone %: taken as it stands.
  }
}

/** Tells a problem of the setting at `path`; [] is the section itself. */
export function complain<T>(context: Context<T>, path: Place, message: string, hint?: string): void {
  context.addIssue({ code: 'custom', path: [path].flat(), message, params: hint === undefined ? {} : { hint } })
}
