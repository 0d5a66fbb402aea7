import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import type { Random } from './random.ts'

type Fault = 'none' | 'busy' | 'broken' | 'unavailable' | 'unavailable_1s' | 'stall' | 'late' | 'cut' | 'cut_answer'

const FAULTS: readonly (readonly [number, Fault])[] = [
  [66, 'none'],
  [5, 'busy'],
  [6, 'broken'],
  [5, 'unavailable'],
  [1, 'unavailable_1s'],
  [3, 'stall'],
  [4, 'late'],
  [6, 'cut'],
  [4, 'cut_answer'],
]

/** What is looked at of an entry. */
export interface StoredEntry {
  readonly message: string
  readonly stack_trace?: string
  readonly file?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** Keeps the books of a collector that is not well: what came, under which key, and what it took. */
export class Collector {
  /** Ids of the lines that were taken, answered for or not. */
  readonly taken = new Set<string>()
  readonly takenKeys = new Set<string>()
  readonly violations: string[] = []
  /** False: every request is answered with 200. */
  isFaulty = false
  requests = 0
  repeatedKeys = 0
  readonly #random: Random
  readonly #idOf: (entry: StoredEntry) => string | undefined
  readonly #bodyOfKey = new Map<string, Buffer>()
  readonly #keyOfId = new Map<string, string>()
  readonly #server = createServer((request, response) => {
    // A sender that was killed leaves half a request behind; that is its business.
    this.#serve(request, response).catch(() => response.destroy())
  })
  #wake: () => void = () => {}

  /** `idOf`: of what was written; undefined for what nobody wrote. */
  constructor(random: Random, idOf: (entry: StoredEntry) => string | undefined) {
    this.#random = random
    this.#idOf = idOf
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}/v1/batches`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Resolves when `condition`, asked at every request, holds; false when the deadline passes first. */
  async until(condition: () => boolean, deadlineMs: number): Promise<boolean> {
    const deadline = AbortSignal.timeout(deadlineMs)
    while (!condition()) {
      if (deadline.aborted) return false
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return true
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const key = String(request.headers['idempotency-key'])
    this.requests++
    this.#wake()
    this.#compare(key, body)
    const fault = this.isFaulty ? this.#random.weighted(FAULTS) : 'none'
    if (isTaken(fault)) this.#take(key, body)
    switch (fault) {
      case 'none':
        response.end('{}')
        break
      case 'busy':
        response.writeHead(429, { 'retry-after': '0' }).end('slow down')
        break
      case 'broken':
        response.writeHead(500).end('broken')
        break
      case 'unavailable':
      case 'unavailable_1s':
        response.writeHead(503, { 'retry-after': fault === 'unavailable' ? '0' : '1' }).end()
        break
      case 'stall':
        break
      case 'late':
        await sleep(this.#random.integer(50, 500))
        response.end('{}')
        break
      case 'cut':
        request.socket.destroy()
        break
      case 'cut_answer':
        response.writeHead(200, { 'content-length': '100' }).write('{')
        request.socket.destroySoon()
    }
  }

  /** A key names the same bytes for ever. */
  #compare(key: string, body: Buffer): void {
    const before = this.#bodyOfKey.get(key)
    if (before) {
      this.repeatedKeys++
      if (!before.equals(body)) this.violations.push(`collector: ${key} came again with other bytes`)
      return
    }
    this.#bodyOfKey.set(key, body)
    for (const id of this.#idsOf(body)) {
      const other = this.#keyOfId.get(id)
      if (other !== undefined) this.violations.push(`collector: ${id} came under ${other} and under ${key}`)
      this.#keyOfId.set(id, key)
    }
  }

  #take(key: string, body: Buffer): void {
    if (this.takenKeys.has(key)) return
    this.takenKeys.add(key)
    for (const id of this.#idsOf(body)) this.taken.add(id)
    this.#wake()
  }

  #idsOf(body: Buffer): string[] {
    const lines = zstdDecompressSync(body).toString().split('\n').filter(Boolean)
    return lines.map((line) => {
      const entry = JSON.parse(line) as StoredEntry
      return this.#idOf(entry) ?? `not what was written: ${entry.message.slice(0, 120)}`
    })
  }
}

const isTaken = (fault: Fault): boolean => ['none', 'late', 'cut', 'cut_answer'].includes(fault)
