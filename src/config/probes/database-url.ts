import { z } from 'zod'
import { Secret } from '../secret.ts'
import { mark } from '../settings.ts'

/** `disable`: never. `prefer`: when the server has it. `require`: always, whoever the server is. `verify-full`: always, and the server's certificate and name are checked. */
export const DATABASE_TLS = ['disable', 'prefer', 'require', 'verify-full'] as const

export type DatabaseTls = (typeof DATABASE_TLS)[number]

/** The parts of a URL such as `postgres://user:password@host:port/database?sslmode=require` that are there. A host beginning with / is the path of a socket. */
export interface DatabaseUrl {
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: Secret
  readonly database?: string
  readonly tls?: DatabaseTls
}

/** The names that libpq (sslmode) and MySQL (ssl-mode) have for the modes. */
const TLS_WORDS: ReadonlyMap<string, DatabaseTls> = new Map([
  ...DATABASE_TLS.map((mode) => [mode, mode] as const),
  ['disabled', 'disable'],
  ['preferred', 'prefer'],
  ['required', 'require'],
  ['verify_identity', 'verify-full'],
])

/** A URL of one of `schemes` (`postgres:`); it may hold the password, so it is never shown. */
export function databaseUrl(schemes: readonly string[], example: string) {
  const expected = `an address such as ${example}`
  return mark(z.string(), { role: 'secret', expected }).transform((text, context): DatabaseUrl => {
    const parsed = parseDatabaseUrl(text, schemes)
    if (parsed) return parsed
    const params = { hint: 'of the query only the mode of TLS and the path of a socket are understood' }
    context.addIssue({ code: 'custom', message: `expected ${expected}`, params })
    return z.NEVER
  })
}

/** Undefined: it is no such URL, or says what we would not keep to (another option, a second host). */
export function parseDatabaseUrl(text: string, schemes: readonly string[]): DatabaseUrl | undefined {
  const url = URL.parse(text)
  if (!url || !schemes.includes(url.protocol) || url.hash !== '' || /\s|,/.test(url.host)) return undefined
  const found = { host: unbracketed(url.hostname), tls: '' }
  for (const [name, value] of url.searchParams) {
    if (/^ssl-?mode$/.test(name)) found.tls = value.toLowerCase()
    else if (/^(host|socket)$/.test(name) && value.startsWith('/')) found.host = encodeURIComponent(value)
    else return undefined
  }
  const tls = TLS_WORDS.get(found.tls)
  if (found.tls !== '' && tls === undefined) return undefined
  const [host, user, password, database] = [found.host, url.username, url.password, url.pathname.slice(1)].map(decoded)
  if (host === undefined || user === undefined || password === undefined || database === undefined) return undefined
  return {
    ...(host !== '' && { host }),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(user !== '' && { user }),
    ...(password !== '' && { password: new Secret(password) }),
    ...(database !== '' && { database }),
    ...(tls !== undefined && { tls }),
  }
}

function unbracketed(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
