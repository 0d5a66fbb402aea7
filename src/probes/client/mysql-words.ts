import { codeOf } from '../../errors.ts'
import { RefusedCertificate } from './certificate.ts'
import { Refusal } from './failure-text.ts'
import { UnreadableAnswer } from './wire.ts'

interface Asked {
  readonly user: string
  readonly database?: string | undefined
}

/** What a number means to the operator of the probe: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-code-reference/ */
const WORDS: ReadonlyMap<number, (asked: Asked) => string> = new Map([
  [1040, () => 'too many connections'],
  [1044, ({ user, database }) => `user ${user} may not use database ${database}`],
  [1045, ({ user }) => `password authentication failed for user ${user}`],
  [1049, ({ database }) => `database ${database} does not exist`],
  [1053, () => 'the server is shutting down'],
  [1129, () => 'this host is blocked after too many failed connections'],
  [1130, () => 'this host may not connect'],
  [1203, ({ user }) => `too many connections of user ${user}`],
  [1226, ({ user }) => `user ${user} has used up what it may`],
  [1317, () => 'the query was interrupted'],
  [1698, ({ user }) => `password authentication failed for user ${user}`],
  [1792, () => 'the query writes, and probes only read'],
  [1927, () => 'an administrator ended the session'],
  [1969, () => 'the query took too long'],
  [3024, () => 'the query took too long'],
  [3118, ({ user }) => `the account of user ${user} is locked`],
  [4151, ({ user }) => `the account of user ${user} is locked`],
] satisfies [number, (asked: Asked) => string][])

/** What mysql2 itself has against a server. */
const OWN: ReadonlyMap<string, string> = new Map([
  ['HANDSHAKE_NO_SSL_SUPPORT', 'has no TLS, and it is required'],
  ['MYSQL_CLEAR_PASSWORD_NOT_ENABLED', 'asks for the password in clear text'],
])

/** Codes of what mysql2 or a parser in it cannot make anything of. */
const UNREADABLE = /^(HANDSHAKE_UNKNOWN|PROTOCOL_(?!CONNECTION_LOST)|AUTH_|ERR_OUT_OF_RANGE|ERR_OSSL_|$)/

/** What the server refused, in words; what is not of the protocol stays as it is. The error holds the query, so only number and text are used. */
export function refusalOf(error: unknown, asked: Asked): unknown {
  if (!(error instanceof Error) || error instanceof Refusal || error instanceof RefusedCertificate) return error
  const own = OWN.get(codeOf(error))
  if (own !== undefined) return new Refusal(own)
  if ('errno' in error && typeof error.errno === 'number' && 'sqlMessage' in error) {
    const words = WORDS.get(error.errno)
    if (words) return new Refusal(words(asked))
    return new Refusal(`the server says no (${error.errno})`, String(error.sqlMessage))
  }
  const plugin = /unknown plugin ([\w.-]{1,64})/.exec(error.message)?.[1]
  if (plugin !== undefined) return new Refusal(`asks for a way to sign in that is not known here: ${plugin}`)
  if (/LOCAL INFILE/.test(error.message)) return new Refusal('asks for a file of this host')
  return UNREADABLE.test(codeOf(error)) ? new UnreadableAnswer(error) : error
}
