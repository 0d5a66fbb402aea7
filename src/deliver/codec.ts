import { promisify } from 'node:util'
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { unreachable } from '../errors.ts'
import type { ChunkEncoding } from '../store/chunk.ts'

const compressZstd = promisify(zstdCompress)
const decompressZstd = promisify(zstdDecompress)
const compressGzip = promisify(gzip)
const decompressGzip = promisify(gunzip)

/** Level 1 for both: a few per cent larger than the defaults at half of the CPU (speed.md). Fixed, so that the same text always gives the same bytes. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const GZIP = { level: 1 }
/** Far above any chunk's text; only a damaged body can ask for more. */
const LIMIT = { maxOutputLength: 256 * 1024 * 1024 }

/** Compresses text off the main thread. */
export function encode(text: Buffer, encoding: ChunkEncoding): Promise<Buffer> {
  switch (encoding) {
    case 'zstd':
      return compressZstd(text, ZSTD)
    case 'gzip':
      return compressGzip(text, GZIP)
    case 'identity':
      return Promise.resolve(text)
    default:
      return unreachable(encoding)
  }
}

/** The text of a chunk's body. Rejects when the body is damaged. */
export function decode(body: Buffer, encoding: ChunkEncoding): Promise<Buffer> {
  switch (encoding) {
    case 'zstd':
      return decompressZstd(body, LIMIT)
    case 'gzip':
      return decompressGzip(body, LIMIT)
    case 'identity':
      return Promise.resolve(body)
    default:
      return unreachable(encoding)
  }
}

/** A body in another encoding; the very same bytes when it is in that one already. */
export async function transcode(
  body: Buffer,
  { from, to }: { from: ChunkEncoding; to: ChunkEncoding },
): Promise<Buffer> {
  return from === to ? body : encode(await decode(body, from), to)
}
