import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import type { Test } from 'tap'

/** A collector over HTTP that keeps what it was sent and refuses for good what has a word in it. */
export class PickyCollector {
  /** Every request's text, refused ones too. */
  readonly sent: string[] = []
  /** Text of the batches it took, each once however often it came. */
  readonly #taken = new Map<string, string>()
  readonly url: string

  private constructor(url: string) {
    this.url = url
  }

  static async listen(t: Test, refusedWord?: string): Promise<PickyCollector> {
    const server = createServer(async (request, response) => {
      const body = await buffer(request).catch(() => undefined)
      if (!body) return response.destroy() // Its sender was killed.
      const text = (request.headers['content-encoding'] === 'zstd' ? zstdDecompressSync(body) : body).toString()
      collector.sent.push(text)
      if (refusedWord !== undefined && text.includes(refusedWord))
        return response.writeHead(400).end(text.slice(0, 500))
      collector.#taken.set(String(request.headers['idempotency-key']), text)
      return response.end('{}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const collector = new PickyCollector(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/batches`)
    return collector
  }

  /** The entries it took. */
  entries(): Record<string, unknown>[] {
    const lines = [...this.#taken.values()].flatMap((text) => text.split('\n').filter(Boolean))
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** All it took, as text. */
  get text(): string {
    return [...this.#taken.values()].join('')
  }
}
