import { type IncomingMessage, request } from 'node:http'
import type { HttpConnection } from './connection.ts'
import { headersFor, type ProbeRequest } from './request.ts'

/** Far more than servers send, and little enough to hold. */
const MAX_HEADER_BYTES = 64 * 1024

/** Sends a request over its connection; resolves with the head of the answer. The connection serves no second one. */
export function exchange(
  asked: ProbeRequest,
  { connection, compression }: { connection: HttpConnection; compression: string },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({
      method: asked.method,
      path: connection.requestTarget,
      headers: { ...headersFor(asked, compression), ...connection.proxyHeaders },
      createConnection: () => connection.socket,
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    sent.once('response', resolve)
    // Answers that nobody asked for: without these listeners node destroys the connection and says nothing.
    sent.once('upgrade', (answer) => reject(new Error(`answered ${answer.statusCode}, which nothing asked for`)))
    sent.on('error', reject)
    sent.once('close', () => reject(new Error('connection closed by the other side without an answer')))
    sent.end(asked.body)
  })
}

/** RFC 9112 6.3: whether an answer can have a body. */
export function canHaveBody(method: string, status: number | undefined): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}
