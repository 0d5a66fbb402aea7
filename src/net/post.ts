import type { Dispatcher, Pool as PoolType } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import { withDeadline } from '../run/deadline.ts'
import { connectorOf, type TlsFiles } from './connect.ts'
import { type Failure, failureOf } from './failure.ts'
import { type Answer, ResponseReader } from './response-reader.ts'

/**
 * POST to one address over a few kept connections. Nothing here decides what an answer means, and nothing throws: an answer and the lack of one
 * are both data. Redirects are not followed (they would take the token elsewhere), bodies are not decompressed, proxies of the environment are
 * ignored. After a request that got no answer, later ones use new connections and ask DNS again: the old ones may lead to a host that is gone.
 */

export type PostResult = Answer | Failure

export interface PosterOptions {
  /** http or https. */
  readonly url: URL
  /** Longest that a request may take altogether; dripping bytes defeat every other time-out (undici #5393). */
  readonly timeoutMs: number
  /** Most connections at once. */
  readonly connectionCount: number
  readonly tls: TlsFiles
}

const CONNECT_TIMEOUT_MS = 5000
const HEADERS_TIMEOUT_MS = 15_000
const BODY_TIMEOUT_MS = 15_000
const MAX_HEADER_BYTES = 64 * 1024
/** Below the 5 s after which Node, the quickest of the common servers, closes an idle connection. A server's own hint is followed, less 2 s. */
const KEEP_ALIVE_MS = 4000

export class Poster {
  readonly #options: PosterOptions
  readonly #path: string
  /** Made when first needed, and again after a failure. */
  #pool: PoolType | undefined

  constructor(options: PosterOptions) {
    this.#options = options
    this.#path = options.url.pathname + options.url.search
  }

  /** `headers`: names and values in turn. Rejects only when `signal` aborts, with its reason. */
  async post(headers: string[], body: Buffer, signal: AbortSignal): Promise<PostResult> {
    signal.throwIfAborted()
    let pool: PoolType | undefined
    try {
      const used = this.#currentPool()
      pool = used
      return await withDeadline(this.#options.timeoutMs, signal, (deadline) =>
        this.#send(used, { headers, body, deadline }),
      )
    } catch (error) {
      signal.throwIfAborted()
      if (pool !== undefined) this.#retire(pool)
      return failureOf(error)
    }
  }

  /** Lets requests under way end, then closes the connections. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.close()
  }

  #currentPool(): PoolType {
    const { url, timeoutMs, connectionCount, tls } = this.#options
    this.#pool ??= new Pool(url.origin, {
      connections: connectionCount,
      connect: connectorOf(tls, Math.min(CONNECT_TIMEOUT_MS, timeoutMs)),
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, timeoutMs),
      bodyTimeout: Math.min(BODY_TIMEOUT_MS, timeoutMs),
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
    })
    return this.#pool
  }

  /** Requests that share the pool go on; only new ones get a new pool. */
  #retire(pool: PoolType): void {
    if (this.#pool === pool) this.#pool = undefined
    // Closing can only fail for a pool that is closed already, which is what was wanted.
    if (!pool.closed) pool.close().catch(() => {})
  }

  #send(
    pool: PoolType,
    { headers, body, deadline }: { headers: string[]; body: Buffer; deadline: AbortSignal },
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request: Dispatcher.DispatchOptions = { path: this.#path, method: 'POST', headers, body }
      pool.dispatch(request, new ResponseReader({ deadline, resolve, reject }))
    })
  }
}
