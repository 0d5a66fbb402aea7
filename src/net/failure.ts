import { codeOf, messageOf } from '../errors.ts'

/** Why there was no answer. `timeout`: connecting, waiting or reading took too long; `reset`: the connection ended early; `protocol`: what came was not an HTTP answer we read. */
export type FailureReason = 'connect' | 'dns' | 'tls' | 'timeout' | 'reset' | 'protocol'

export interface Failure {
  readonly kind: 'failed'
  readonly reason: FailureReason
  readonly message: string
}

const DNS = /^(ENOTFOUND|ENODATA|ESERVFAIL|EAI_)/
const CONNECT = /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|EMFILE|ENFILE)$/
const TIMEOUT = /^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/
const RESET = /^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/
/** OpenSSL's verification results, as Node names them (doc/api/tls.md, "X509 certificate error codes"), and Node's own. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH|OUT_OF_MEM$)/

/** Sorts anything that undici, a socket, TLS, DNS or a deadline throws; the message keeps the code, for the operator to search for. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  const text = messageOf(error) || nestedMessage(error)
  const message = code === '' || text.includes(code) ? text : `${text} (${code})`
  return { kind: 'failed', reason: reasonOf(code, error), message }
}

function reasonOf(code: string, error: unknown): FailureReason {
  if (DNS.test(code)) return 'dns'
  if (CONNECT.test(code)) return 'connect'
  if (TIMEOUT.test(code) || (error instanceof Error && error.name === 'TimeoutError')) return 'timeout'
  if (RESET.test(code)) return 'reset'
  if (TLS.test(code)) return 'tls'
  return 'protocol'
}

/** Happy Eyeballs (several addresses tried) fails with an AggregateError whose own message is empty. */
function nestedMessage(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : 'unknown error'
}
