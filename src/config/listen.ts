import { BlockList, isIP, isIPv4 } from 'node:net'

export interface ListenAddress {
  /** A name or an address, without brackets. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** `127.0.0.1:9610`, `localhost:0`, `[::1]:9610`; nothing when `text` is not of that form. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) return undefined
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined
  // Digits and dots alone are an address, and must be one.
  if (plain !== undefined && /^[\d.]+$/.test(plain) && !isIPv4(plain)) return undefined
  return { host, port }
}

/** Whether only this host can reach it. A name other than localhost is taken for reachable. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
