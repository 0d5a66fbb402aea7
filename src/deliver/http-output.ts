import type { HttpOutputConfig } from '../config/schema.ts'
import { Poster } from '../net/post.ts'
import type { Clock } from '../run/clock.ts'
import type { ChunkEncoding } from '../store/chunk.ts'
import { transcode } from './codec.ts'
import { httpVerdict } from './http-verdict.ts'
import type { Batch, Destination, Verdict } from './verdict.ts'

export interface HttpOutputDeps {
  readonly clock: Clock
  /** The agent's version, for User-Agent. */
  readonly version: string
}

/** Set by us, whatever the configuration says: what the body is, what it is called, and how HTTP frames it. */
const RESERVED = new Set([
  'content-type',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'idempotency-key',
  'user-agent',
])

/** A collector: every batch is one POST. */
export class HttpOutput implements Destination {
  readonly #poster: Poster
  readonly #encoding: ChunkEncoding
  readonly #clock: Clock
  /** Headers that are the same for every request: names and values in turn. */
  readonly #headers: readonly string[]

  constructor(config: HttpOutputConfig, deps: HttpOutputDeps) {
    const { url: address, timeoutMs, inFlightCount, tlsCaFile, tlsCertFile, tlsKeyFile } = config
    const url = new URL(address)
    this.#poster = new Poster({
      url,
      timeoutMs,
      connectionCount: inFlightCount,
      tls: { caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile },
    })
    this.#encoding = config.compression === 'none' ? 'identity' : config.compression
    this.#clock = deps.clock
    this.#headers = fixedHeaders(config, { url, encoding: this.#encoding, version: deps.version })
  }

  /** Stored bytes go out as they are; only parts of chunks, and chunks stored under another setting, are compressed here. */
  async send(batch: Batch, signal: AbortSignal): Promise<Verdict> {
    const body = await transcode(batch.body, { from: batch.encoding, to: this.#encoding })
    const result = await this.#poster.post([...this.#headers, 'idempotency-key', batch.key], body, signal)
    return httpVerdict(result, this.#clock.nowMs())
  }

  close(): Promise<void> {
    return this.#poster.close()
  }
}

function fixedHeaders(
  config: HttpOutputConfig,
  { url, encoding, version }: { url: URL; encoding: ChunkEncoding; version: string },
): string[] {
  const headers = ['content-type', 'application/x-ndjson', 'user-agent', `obs-agent/${version}`]
  if (encoding !== 'identity') headers.push('content-encoding', encoding)
  const authorization = authorizationOf(config, url)
  if (authorization !== undefined) headers.push('authorization', authorization)
  for (const [name, value] of Object.entries(config.headers)) {
    const isOurs =
      RESERVED.has(name.toLowerCase()) || (name.toLowerCase() === 'authorization' && authorization !== undefined)
    if (!isOurs) headers.push(name, value)
  }
  return headers
}

/** The token; else user name and password; else those in the URL (RFC 7617). */
function authorizationOf(config: HttpOutputConfig, url: URL): string | undefined {
  if (config.token) return `Bearer ${config.token.reveal()}`
  const user = config.username ?? decodeURIComponent(url.username)
  const password = config.password?.reveal() ?? decodeURIComponent(url.password)
  if (user === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
