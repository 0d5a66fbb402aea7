import { codeOf, messageOf } from '../../errors.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import type { ProbeStatus } from '../../model/probe-result.ts'
import type { Finding, ProbeRun } from '../probe.ts'

/** From what a run saw to what it says. */

export interface Problem {
  readonly status: 'degraded' | 'unhealthy' | 'unknown'
  readonly message: string
}

const MAX_MESSAGE_CHARS = 512

/** What is under way in each phase, for "no answer within the time allowed while …". */
const DOING: Readonly<Record<string, string>> = {
  resolve: 'resolving the name',
  connect: 'connecting',
  tls: 'in the TLS handshake',
  processing: 'waiting for the answer',
  transfer: 'reading the answer',
  request: 'waiting for the answer',
  setup: 'starting ping',
  rtt: 'waiting for the reply',
  talk: 'waiting for the expected answer',
  starttls: 'asking for STARTTLS',
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the other side',
  EPIPE: 'connection closed by the other side',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'connecting timed out',
  EMFILE: 'too many open files in the agent',
  HPE_HEADER_OVERFLOW: 'the headers of the answer are longer than 64 KiB',
}

/** The text of what a socket, TLS or HTTP threw, in plain words where there are any. */
export function troubleText(error: unknown): string {
  const code = codeOf(error)
  const known = WORDS[code]
  if (known !== undefined) return known
  if (code.startsWith('HPE_')) return `what came is not an HTTP answer (${code})`
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return `the TLS handshake failed (${code})`
  return messageOf(error)
}

/** The worst problem gives the status, all of that status the message; without any it is healthy and says `fine`. */
export function findingOf(
  problems: readonly Problem[],
  { fine, families }: { fine: string; families: readonly FamilySamples[] },
): Finding {
  const status = (['unhealthy', 'unknown', 'degraded'] as const).find((s) => problems.some((p) => p.status === s))
  if (status === undefined) return finding('healthy', fine, families)
  const messages = problems.filter((problem) => problem.status === status).map(({ message }) => message)
  return finding(status, messages.join('; '), families)
}

/** Of a run that threw: at its deadline the phase is named, otherwise the error is. */
export function failedFinding(
  error: unknown,
  { run, families }: { run: ProbeRun; families: readonly FamilySamples[] },
): Finding {
  if (!run.signal.aborted) return finding('unhealthy', troubleText(error), families)
  const phase = run.phases.current
  const doing = phase === undefined ? '' : ` while ${DOING[phase] ?? phase}`
  return finding('unhealthy', `no answer within the time allowed${doing}`, families)
}

function finding(status: ProbeStatus, message: string, families: readonly FamilySamples[]): Finding {
  return { status, message: oneLine(message, MAX_MESSAGE_CHARS), families }
}

/** Text from outside as one line of at most so many characters. */
export function oneLine(text: string, maxChars: number): string {
  const line = text.slice(0, maxChars * 2).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]+/gu, ' ')
  return line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line
}
