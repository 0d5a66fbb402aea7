import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'
import type { ChunkEncoding } from '../store/chunk.ts'

const zstdAsync = promisify(zstdCompress)
const gzipAsync = promisify(gzip)

/** Compresses in libuv's pool, so that the next chunk is built meanwhile. */
export async function compress(text: Buffer, encoding: ChunkEncoding): Promise<Buffer> {
  switch (encoding) {
    case 'zstd':
      return zstdAsync(text, {
        // One output block for nearly every chunk.
        chunkSize: 256 * 1024,
        params: { [constants.ZSTD_c_compressionLevel]: 1 },
      })
    case 'gzip':
      return gzipAsync(text, { chunkSize: 256 * 1024, level: 1 })
    case 'identity':
      return Buffer.from(text)
  }
}
