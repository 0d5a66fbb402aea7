import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { codeOf } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { ErrorBody } from './answer.ts'
import { UNMATCHED } from './observe.ts'

/** Answers bytes that never became a request: garbage, a header too large, one that took too long. The connection ends. */
export function brokenRequestHandler(metrics: Metrics): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const { status, text } = diagnosisOf(codeOf(error))
    // A caller that went away cannot be told anything, nor one whose earlier question is still being answered: this
    // answer would be taken for that one, or stand in the middle of it.
    const isAnswering = '_httpMessage' in socket && socket._httpMessage !== null
    if (codeOf(error) === 'ECONNRESET' || !socket.writable || isAnswering) {
      socket.destroy()
      return
    }
    metrics.httpRequests.inc({ method: 'other', endpoint: UNMATCHED, status_code: String(status) })
    const body: ErrorBody = { status: 'error', errorType: 'bad_data', error: text }
    socket.end(response(status, JSON.stringify(body)), () => socket.destroy())
  }
}

function diagnosisOf(code: string): { status: number; text: string } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, text: 'Cannot answer: the request did not arrive in time' }
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, text: 'Cannot answer: the headers are too large' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, text: 'Cannot answer: the chunk extensions are too large' }
    default:
      return { status: 400, text: 'Cannot answer: this is not an HTTP request' }
  }
}

function response(status: number, body: string): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-ID: ${randomUUID()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
