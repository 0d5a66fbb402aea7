import type { ListenAddress } from '../config/listen.ts'
import { codeOf, EXIT, FatalError, messageOf } from '../errors.ts'

/** `host:port` as it stands in a URL. */
export function authorityOf({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Why listening failed, and what to do about it. */
export function listenFailure(error: unknown, address: ListenAddress): FatalError {
  const { why, hint, exitCode } = diagnosisOf(error, address)
  return new FatalError(`Cannot listen on ${authorityOf(address)}: ${why}`, { exitCode, hint, cause: error })
}

function diagnosisOf(error: unknown, { host, port }: ListenAddress): { why: string; hint: string; exitCode: number } {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return {
        why: 'another program has the port',
        hint: `ss -ltnp 'sport = :${port}' shows which one; stop it, or set api.listen to another port`,
        exitCode: EXIT.failure,
      }
    case 'EACCES':
      return {
        why: 'permission denied',
        hint: 'ports below 1024 need CAP_NET_BIND_SERVICE; set api.listen to a port above, such as 127.0.0.1:9610',
        exitCode: EXIT.permission,
      }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return {
        why: `this host has no address ${host}`,
        hint: 'ip address shows those it has; set api.listen to one of them',
        exitCode: EXIT.failure,
      }
    default:
      return { why: messageOf(error), hint: 'set api.listen to another address', exitCode: EXIT.failure }
  }
}
