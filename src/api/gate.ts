import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback, type ListenAddress } from '../config/listen.ts'
import type { Secret } from '../config/secret.ts'
import { authorityOf } from './listen.ts'

/**
 * Who may ask. A web page can make its visitor's browser send requests to 127.0.0.1, under any name that resolves to it
 * (DNS rebinding), so a request must name us in `Host`, and must not say that another site caused it. No CORS header is
 * ever sent. What a program on this host asks passes: it can do all that the user who runs it can.
 */

export interface GateOptions {
  /** The address that is listened on, with its real port. */
  readonly address: ListenAddress
  /** Further values of `Host` that are ours, such as the name a proxy asks for. */
  readonly hosts: readonly string[]
  readonly token?: Secret
}

export interface GateRequest {
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  /** The route is open to whoever passes for the rest. */
  readonly isOpen: boolean
}

export interface Refusal {
  readonly status: number
  readonly errorType: string
  readonly error: string
}

/** More than any client sends; beyond, Node would begin to ignore headers silently. */
const MAX_HEADERS = 100

export type Gate = (request: GateRequest) => Refusal | undefined

export function createGate({ address, hosts, token }: GateOptions): Gate {
  const names = ['localhost', '127.0.0.1', '::1', address.host]
  const ours = new Set([...names.map((host) => authorityOf({ host, port: address.port })), ...hosts].map(lower))
  // An address written in numbers cannot be rebound, so where others may call, each of ours will do.
  const anyAddress = isLoopback(address.host) ? undefined : `:${address.port}`
  const isOurs = (host: string): boolean =>
    ours.has(host) ||
    (anyAddress !== undefined && host.endsWith(anyAddress) && isAddress(host.slice(0, -anyAddress.length)))
  const holdsToken = tokenCheck(token)

  return ({ headers, rawHeaders, isOpen }) => {
    if (rawHeaders.length > 2 * MAX_HEADERS) {
      return { status: 431, errorType: 'bad_data', error: `Cannot answer: more than ${MAX_HEADERS} headers` }
    }
    if (!isOurs(lower(headers.host ?? '')) || countOf('host', rawHeaders) !== 1) {
      return { status: 421, errorType: 'misdirected', error: 'Cannot answer: the Host header does not name this agent' }
    }
    const { origin, 'sec-fetch-site': site } = headers
    if (origin !== undefined && !isOurs(lower(origin).replace(/^http:\/\//, ''))) return FOREIGN
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return FOREIGN
    if (!isOpen && !holdsToken(headers.authorization)) {
      return { status: 401, errorType: 'unauthorized', error: 'Cannot answer: no valid bearer token in Authorization' }
    }
    return undefined
  }
}

const FOREIGN: Refusal = {
  status: 403,
  errorType: 'forbidden',
  error: 'Cannot answer: the request was caused by another web site',
}

function lower(text: string): string {
  return text.toLowerCase()
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length
}

/** Whether the header holds the token; always, when none is asked for. */
export type TokenCheck = (authorization: string | undefined) => boolean

export function tokenCheck(token: Secret | undefined): TokenCheck {
  if (!token) return () => true
  return (authorization) => {
    const guess = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    return guess !== undefined && token.is(guess)
  }
}
