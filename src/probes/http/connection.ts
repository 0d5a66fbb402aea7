import { type RequestOptions, request } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpProbeConfig } from '../../config/probes/http.ts'
import type { HostPort } from '../../config/probes/targets.ts'
import { isLinkLocal } from '../../net/link-local.ts'
import type { TlsFacts } from '../network/certificate.ts'
import { dial, type Way } from '../network/dial.ts'
import type { Problem } from '../network/finding.ts'
import type { Opened } from '../network/opened.ts'
import { secure } from '../network/secure.ts'
import { basicAuth, type ProbeRequest } from './request.ts'

/** A connection for one request: to the server, or through the proxy; with TLS on it for https. */
export interface HttpConnection {
  readonly socket: Socket
  readonly facts?: TlsFacts
  /** False: nothing may be sent on it. */
  readonly isVerified: boolean
  readonly problem?: Problem
  /** What stands in the first line of the request. */
  readonly requestTarget: string
  /** For the proxy, when it sees the request itself. */
  readonly proxyHeaders: Readonly<Record<string, string>>
}

type ConnectionWay = Way & { readonly opened: Opened; readonly nowMs: number }
type Proxy = NonNullable<HttpProbeConfig['proxy']>

export async function connectionFor(
  { url, isTrusted }: ProbeRequest,
  { config, way }: { config: HttpProbeConfig; way: ConnectionWay },
): Promise<HttpConnection> {
  const { proxy, tls } = config
  const target = hostPortOf(url)
  const isHttps = url.protocol === 'https:'
  const path = url.pathname + url.search
  if (proxy) refuseLinkLocal(target.host, way)
  const socket = await dial(proxy ? hostPortOf(new URL(proxy.url)) : target, way)
  const proxyHeaders = proxy ? proxyAuthorization(proxy) : {}
  if (!isHttps) return { socket, isVerified: true, requestTarget: proxy ? `${url.origin}${path}` : path, proxyHeaders }
  const tunnel = proxy ? await tunnelled(socket, { target, headers: proxyHeaders }) : socket
  const handshake = { host: target.host, tls, showsCertificate: isTrusted, ...way }
  return { ...(await secure(tunnel, handshake)), requestTarget: path, proxyHeaders: {} }
}

/** Host without the brackets of IPv6. */
export function hostPortOf(url: URL): HostPort {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }
}

/** The proxy resolves names, so only addresses can be judged. */
function refuseLinkLocal(host: string, { addressing }: Way): void {
  if (addressing.allowsLinkLocal || !isLinkLocal(host)) return
  throw new Error(`${host} is link-local, which is not probed unless allow_link_local is true`)
}

function proxyAuthorization({ username, password }: Proxy): Record<string, string> {
  if (username === undefined) return {}
  return { 'proxy-authorization': basicAuth(username, password?.reveal() ?? '') }
}

/** RFC 9110 9.3.6. */
function tunnelled(
  socket: Socket,
  { target, headers }: { target: HostPort; headers: Record<string, string> },
): Promise<Socket> {
  const host = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
  const options: RequestOptions = {
    method: 'CONNECT',
    path: host,
    headers: { host, ...headers },
    createConnection: () => socket,
  }
  return new Promise((resolve, reject) => {
    const asked = request(options)
    asked.once('connect', (answer, tunnel: Socket, head) => {
      if (answer.statusCode !== 200) reject(new Error(`the proxy answers ${answer.statusCode} to CONNECT`))
      else if (head.length > 0) reject(new Error('the proxy sends something before the TLS handshake'))
      else resolve(tunnel)
    })
    asked.once('response', (answer) => reject(new Error(`the proxy answers ${answer.statusCode} to CONNECT`)))
    asked.on('error', reject)
    asked.end()
  })
}
