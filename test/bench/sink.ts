import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { SinkCheck, SinkStats } from './sink-process.ts'
import { MarkerTally } from './tally.ts'

/**
 * A process of its own that takes whatever is POSTed or PUT, and answers 200. To stay out of the shipper's way it keeps
 * bodies as they come, and decodes and counts them only when it is asked:
 *
 *   GET /__stats   requests, bytes on the wire, first and last arrival
 *   GET /__check   the same, and what the markers say
 *
 * Its one argument is the number of records it expects. It sends its port to its parent, and ends with it.
 */

const tally = new MarkerTally(Number(process.argv[2]))
const keys = new Set<string>()
let waiting: { body: Buffer; encoding: string; arrivedMs: number; isTold: boolean }[] = []
let requests = 0
let unreadable = 0
let wireBytes = 0
let firstMs = 0
let lastMs = 0

const server = createServer((request, response) => {
  serve(request, response).catch(() => response.destroy()) // A shipper that is killed leaves half a request behind.
})
// A shipper that pauses must not find its connection closed: that is a fault, and faults are not measured here.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/__stats') return answer(response, stats())
  if (request.url === '/__check') return answer(response, check())
  if (request.method === 'GET' || request.method === 'HEAD') return answer(response, {}) // rsyslog asks for health.
  const body = await buffer(request)
  const arrivedMs = Date.now()
  requests++
  wireBytes += body.length
  firstMs ||= arrivedMs
  lastMs = arrivedMs
  const { 'content-encoding': encoding = 'identity', 'idempotency-key': key } = request.headers
  waiting.push({ body, encoding, arrivedMs, isTold: typeof key === 'string' && keys.has(key) })
  if (typeof key === 'string') keys.add(key)
  const isBulk = request.url?.endsWith('_bulk')
  answer(response, isBulk ? { took: 1, errors: false, items: [] } : {})
}

function answer(response: ServerResponse, value: object): void {
  const text = JSON.stringify(value)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function stats(): SinkStats {
  const { user, system } = process.cpuUsage()
  return { requests, wireBytes, firstMs, lastMs, cpuSeconds: (user + system) / 1e6 }
}

function check(): SinkCheck {
  const bodies = waiting
  waiting = []
  for (const { body, encoding, ...arrival } of bodies) {
    const decoded = decode(body, encoding)
    if (decoded) tally.add(decoded, arrival)
    else unreadable++
  }
  return { ...stats(), ...tally.result(), unreadable }
}

function decode(body: Buffer, encoding: string): Buffer | undefined {
  try {
    switch (encoding) {
      case 'identity':
        return body
      case 'zstd':
        return zstdDecompressSync(body)
      case 'gzip':
        return gunzipSync(body)
      case 'deflate':
        return inflateSync(body)
      default:
        return undefined
    }
  } catch {
    return undefined // Counted as unreadable; its records are missed.
  }
}
