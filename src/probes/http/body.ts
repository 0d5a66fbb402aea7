import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { codeOf } from '../../errors.ts'
import { troubleText } from '../network/finding.ts'

/** The body of an answer, unpacked. */
export interface Body {
  readonly bytes: Buffer
  /** There is more than what was read. */
  readonly isCut: boolean
  /** Why it cannot be read, or not to its end. */
  readonly trouble?: string
}

/** RFC 9659: zstd with a larger window than this (8 MiB) is not for HTTP; a window is memory that the server makes us take. */
const ZSTD_MAX_WINDOW_LOG = 23

/** RFC 9110 8.4.1. */
const DECODERS = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG } })],
])

const NOTHING = Buffer.alloc(0)

/** Reads until `limitBytes` of it are unpacked; what a packed body would become after that is never made. */
export async function readBody(
  answer: IncomingMessage,
  { hasBody, limitBytes }: { hasBody: boolean; limitBytes: number },
): Promise<Body> {
  const encoding = (answer.headers['content-encoding'] ?? '').trim().toLowerCase()
  if (!hasBody || encoding === '' || encoding === 'identity') return await gathered(answer, limitBytes)
  const decoder = DECODERS.get(encoding)?.()
  if (!decoder) {
    answer.destroy()
    return {
      bytes: NOTHING,
      isCut: true,
      trouble: `the body is packed as ${encoding.slice(0, 20)}, which is not known here`,
    }
  }
  // Errors of both arrive at the decoder, which is read from.
  pipeline(answer, decoder, () => {})
  return await gathered(decoder, limitBytes)
}

async function gathered(stream: Readable, limitBytes: number): Promise<Body> {
  const chunks: Buffer[] = []
  let roomBytes = limitBytes
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, roomBytes))
      // Leaving the loop destroys the stream.
      if (chunk.length > roomBytes) return { bytes: Buffer.concat(chunks), isCut: true }
      roomBytes -= chunk.length
    }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), isCut: true, trouble: bodyTrouble(error) }
  }
  return { bytes: Buffer.concat(chunks), isCut: false }
}

function bodyTrouble(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return 'the connection ended in the middle of the body'
  if (/^(Z_|ERR__|ERR_BROTLI|ERR_ZSTD|ZSTD_)/.test(code)) return `the body cannot be unpacked (${code})`
  return troubleText(error)
}
