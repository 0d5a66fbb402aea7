import { isLoopback } from '../../config/listen.ts'
import { hostPortText } from '../../config/probes/targets.ts'
import type { WireAddress } from './wire.ts'

/** The label `instance` of a server: `db-1:5432/shop`, `/run/mysqld/mysqld.sock/shop`. */
export function targetText(address: WireAddress, database?: string): string {
  const at = 'path' in address ? address.path : hostPortText(address)
  return database === undefined ? at : `${at}/${database}`
}

/** The host that takes the network to reach; nothing for this one. */
export function remoteHostOf(address: WireAddress): { remoteHost?: string } {
  return 'path' in address || isLoopback(address.host) ? {} : { remoteHost: address.host }
}
