import { crc32 } from 'node:zlib'
import type { ChunkEncoding } from './chunk.ts'

/** A row of `chunks`, as it lies in buffer.db. */
export interface ChunkRow {
  readonly seq: number
  readonly entries: number
  readonly first_entry: number
  readonly min_time_ms: number
  readonly max_time_ms: number
  readonly level_mask: number
  readonly raw_bytes: number
  readonly stored_ms: number
  readonly encoding: ChunkEncoding
  readonly crc32: number
  /** JSON: [file id, offset] of every file that moved with the chunk. */
  readonly positions: string
  /** JSON: ChunkHeader. */
  readonly header: string
  readonly body: Buffer
}

const NUMBERS = [
  'entries',
  'first_entry',
  'min_time_ms',
  'max_time_ms',
  'level_mask',
  'raw_bytes',
  'stored_ms',
] as const
const ENCODINGS: readonly unknown[] = ['zstd', 'gzip', 'identity']

/**
 * Whether a row of a file that may be damaged can be used. The CRC speaks for the body alone; SQLite may hand out anything
 * for the rest, whatever the table says.
 */
export function isSound(row: ChunkRow): boolean {
  if (!Buffer.isBuffer(row.body) || crc32(row.body) !== row.crc32) return false
  if (!ENCODINGS.includes(row.encoding) || row.entries <= 0) return false
  return NUMBERS.every((name) => Number.isSafeInteger(row[name])) && isHeader(row.header) && isPositions(row.positions)
}

function isHeader(text: string): boolean {
  const header = parse(text)
  return typeof header === 'object' && header !== null && 'sources' in header
}

function isPositions(text: string): boolean {
  return Array.isArray(parse(text))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
