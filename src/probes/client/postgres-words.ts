import { codeOf } from '../../errors.ts'
import { Refusal } from './failure-text.ts'

interface Asked {
  readonly user: string
  readonly database?: string | undefined
}

/** What a SQLSTATE means to the operator of the probe: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const WORDS: Record<string, (asked: Asked, text: string) => string> = {
  '28P01': ({ user }) => `password authentication failed for user ${user}`,
  '3D000': ({ user, database }) => `database ${database ?? user} does not exist`,
  '53300': () => 'too many connections',
  '57P01': () => 'an administrator ended the session',
  '57P02': () => 'the server ended the session because another one crashed',
  '57P03': (_, text) =>
    /shutting|shut down/i.test(text)
      ? 'the server is shutting down'
      : /recover/i.test(text)
        ? 'the server is recovering'
        : 'the server is starting up',
  '57014': () => 'the query took too long',
  '25006': () => 'the query writes, and probes only read',
}

/** Those whose text says what the code does not. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ['28000', 'signing in was refused'],
  ['42501', 'the query is not allowed'],
])

/** What the server refused, in words; anything that is not its own error stays as it is. */
export function refusalOf(error: unknown, asked: Asked): unknown {
  const code = codeOf(error)
  if (!(error instanceof Error) || !('severity' in error) || !/^[0-9A-Z]{5}$/.test(code)) return withoutPassword(error)
  const words = WORDS[code]?.(asked, error.message)
  if (words !== undefined) return new Refusal(words)
  const told = TOLD.get(code) ?? (code.startsWith('42') ? 'the query failed' : `the server says no (${code})`)
  return new Refusal(told, error.message)
}

/** pg has no code for it: the server wants a password, and the configuration has none. */
function withoutPassword(error: unknown): unknown {
  if (error instanceof Error && /client password must be/.test(error.message)) {
    return new Refusal('asks for a password, and none is given')
  }
  return error
}
