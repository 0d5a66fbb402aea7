import { codeOf } from '../../errors.ts'
import { Refusal } from './failure-text.ts'

/** What the server refused, in words; what is not an answer of it stays as it is. nodemailer puts the answer into `response`, and its code for the step into `code`. */
export function refusalOf(error: unknown, username: string | undefined): unknown {
  if (!(error instanceof Error) || error instanceof Refusal) return error
  const response = 'response' in error && typeof error.response === 'string' ? error.response : undefined
  const isTemporary = response !== undefined && /^4/.test(response)
  switch (codeOf(error)) {
    case 'EAUTH':
      return new Refusal(`signing in as ${username} was refused`, response)
    case 'ETLS':
      return response === undefined ? error : new Refusal('has no STARTTLS, and it is required', response)
    case 'EPROTOCOL':
    case 'ECONNECTION':
      if (response === undefined) return error
      return new Refusal(isTemporary ? 'takes no sessions now' : 'takes no sessions', response)
    default:
      return error
  }
}
