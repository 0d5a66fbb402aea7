import type { Secret } from '../../config/secret.ts'
import { codeOf, messageOf } from '../../errors.ts'
import { failureOf } from '../../net/failure.ts'
import type { ProbeRun } from '../probe.ts'
import { RefusedCertificate } from './certificate.ts'
import { ConnectionClosed, UnreadableAnswer, type WireAddress } from './wire.ts'

/** The server answered, and what it said makes the probe fail. The message is ours; `text` is the server's own, told after it. */
export class Refusal extends Error {
  readonly text: string | undefined

  constructor(message: string, text?: string) {
    super(message)
    this.name = 'Refusal'
    this.text = text
  }
}

/** What a run was at, by its phase. */
const WHILE: ReadonlyMap<string, string> = new Map([
  ['resolve', 'while the name was looked up'],
  ['connect', 'while connecting'],
  ['tls', 'while TLS was set up'],
  ['auth', 'while signing in'],
  ['query', 'while waiting for the answer'],
])

/** What the codes of the system mean to an operator. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused the connection'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['EHOSTDOWN', 'the host cannot be reached'],
  ['ENETUNREACH', 'its network cannot be reached'],
  ['ENOTFOUND', 'its name is not known'],
  ['EAI_AGAIN', 'its name cannot be looked up at the moment'],
  ['ETIMEDOUT', 'did not answer'],
])

/** `4063…:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:…/rec_layer_s3.c:918:SSL alert number 80`, of which one part says something. */
const OPENSSL = /^\w+:error:\w+:[^:]*:[^:]*:([^:]+):\S*/

const MAX_SERVER_TEXT = 300

/** Stopped for another reason than its own deadline: that says nothing about the server. */
export function wasStopped({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof Error && reason.name === 'TimeoutError')
}

/** One line for whatever ended a run. Of what a library throws only code and text are told, never its other properties. */
export function failureText(error: unknown, { address, run }: { address: WireAddress; run: ProbeRun }): string {
  const at = WHILE.get(run.phases.current ?? '') ?? 'before it began'
  if (run.signal.aborted) return wasStopped(run.signal) ? `stopped ${at}` : `no answer within the time allowed ${at}`
  if (error instanceof Refusal) return error.message
  if (error instanceof ConnectionClosed) return `${error.message} ${at}`
  if (error instanceof RefusedCertificate) return `the certificate is refused: ${oneLine(error.message)}`
  if (error instanceof UnreadableAnswer) return `the answer cannot be read ${at}: ${oneLine(error.message)}`
  const code = codeOf(error)
  if (code === 'ENOENT' && 'path' in address) return `there is no socket ${address.path}`
  const meaning = MEANINGS.get(code)
  if (meaning !== undefined) return meaning
  const { reason, message } = failureOf(error)
  if (reason === 'reset') return `the connection was reset ${at} (${code})`
  if (reason === 'tls') return `TLS cannot be set up: ${oneLine(message).replace(OPENSSL, '$1')}`
  return `${oneLine(message)} ${at}`
}

/** What a server said, fit to be shown; nothing when it repeats a secret, as it is or as base64 (some name the arguments of what they refuse). */
export function serverText(text: string | undefined, secrets: readonly (Secret | undefined)[]): string {
  if (text === undefined) return ''
  const isTold = secrets.every((secret) => {
    const hidden = secret?.reveal() ?? ''
    return hidden === '' || !(text.includes(hidden) || text.includes(Buffer.from(hidden).toString('base64')))
  })
  return isTold ? oneLine(text) : '(its text is left out: the password is in it)'
}

/** Without line breaks, control characters and broken UTF-8, and not too long. */
export function oneLine(text: unknown): string {
  return messageOf(text)
    .slice(0, 4 * MAX_SERVER_TEXT)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\ufffd\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_SERVER_TEXT)
}
