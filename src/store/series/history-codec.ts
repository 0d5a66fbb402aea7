/**
 * A part of the history: the samples of all series of one name in one block, column by column: which series, when, and what.
 * Series of one scrape share their times, so the different patterns of times are written once. Most numbers are whole, or have a few
 * decimals, and change little: they are written as differences of whole numbers; what does not fit that, as its 64 bits. A CRC32
 * stands before it all, since SQLite does not notice a byte that changed.
 */
import { crc32, constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { ByteReader, ByteWriter } from './byte-writer.ts'

/** Samples of one series, oldest first. `isStale` and `values` are as long as `times`. */
export interface HistorySamples {
  /** Wall time, whole ms. */
  readonly times: number[]
  readonly values: number[]
  readonly isStale: boolean[]
}

export interface HistoryColumn extends HistorySamples {
  /** The series' number in this file. */
  readonly id: number
}

/** What a number is multiplied by so that it is whole. */
const SCALES = [1, 10, 100, 1000, 1e6, 1e9]
/** Differences of two whole numbers below this can be counted exactly. */
const MAX_WHOLE = 2 ** 51
const RAW = SCALES.length
const CONSTANT = 8
/** Below, compression saves little for its time: 10 % of the file with 700 bytes here, against 96 (measured). */
const MIN_COMPRESSED_BYTES = 256
const MAX_PART_BYTES = 64 * 2 ** 20
const PLAIN = 0
const ZSTD = 1

/** `columns` as bytes, times counted from `startMs`, which no sample is before. */
export function encodePart(columns: readonly HistoryColumn[], startMs: number): Buffer {
  const out = new ByteWriter()
  const patterns = new Map<string, { index: number; column: HistorySamples }>()
  const patternOf = columns.map((column) => {
    const key = column.times.map((tMs, i) => (column.isStale[i] ? -tMs : tMs)).join()
    const pattern = patterns.get(key) ?? { index: patterns.size, column }
    patterns.set(key, pattern)
    return pattern.index
  })
  out.uint(columns.length)
  out.uint(patterns.size)
  for (const { column } of patterns.values()) writePattern(out, column, startMs)
  let lastId = 0
  for (const { id } of columns) {
    out.int(id - lastId)
    lastId = id
  }
  for (const index of patternOf) out.uint(index)
  for (const { values, isStale } of columns) {
    writeValues(
      out,
      values.filter((_, i) => !isStale[i]),
    )
  }
  return sealed(out.bytes())
}

/** What `encodePart` was given, or undefined when the bytes are damaged. */
export function decodePart(part: Buffer, startMs: number): HistoryColumn[] | undefined {
  try {
    const bytes = opened(part)
    return bytes && readColumns(new ByteReader(bytes), startMs)
  } catch {
    // Not what was written: told apart from a damage that the CRC shows only by how unlikely it is.
    return undefined
  }
}

function sealed(bytes: Buffer): Buffer {
  const small = bytes.length < MIN_COMPRESSED_BYTES ? undefined : zstdCompressSync(bytes, ZSTD_OPTIONS)
  const body = small && small.length < bytes.length ? small : bytes
  const part = Buffer.allocUnsafe(body.length + 5)
  part[4] = body === small ? ZSTD : PLAIN
  body.copy(part, 5)
  part.writeUInt32LE(crc32(part.subarray(4)), 0)
  return part
}

/** Level 1: higher ones save 2 % here (measured), at twice the time. */
const ZSTD_OPTIONS = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } }

function opened(part: Buffer): Buffer | undefined {
  if (part.length < 5 || part.readUInt32LE(0) !== crc32(part.subarray(4))) return undefined
  const body = part.subarray(5)
  return part[4] === ZSTD ? zstdDecompressSync(body, { maxOutputLength: MAX_PART_BYTES }) : body
}

function writePattern(out: ByteWriter, { times, isStale }: HistorySamples, startMs: number): void {
  out.uint(times.length)
  let last = startMs
  for (const [i, tMs] of times.entries()) {
    out.uint((tMs - last) * 2 + (isStale[i] ? 1 : 0))
    last = tMs
  }
}

function writeValues(out: ByteWriter, values: readonly number[]): void {
  const [first] = values
  if (first === undefined) return
  const isConstant = values.every((value) => Object.is(value, first))
  const told = isConstant ? [first] : values
  const scale = SCALES.findIndex((factor) => told.every((value) => isWhole(value, factor)))
  const kind = scale < 0 ? RAW : scale
  out.uint(kind + (isConstant ? CONSTANT : 0))
  let last = 0
  for (const value of told) {
    if (scale < 0) out.float(value)
    else {
      const whole = Math.round(value * (SCALES[scale] ?? 1))
      out.int(whole - last)
      last = whole
    }
  }
}

/** Whether `value` comes back to the last bit when it is told as a whole number of 1/factor. -0 does not. */
function isWhole(value: number, factor: number): boolean {
  const whole = Math.round(value * factor)
  return Math.abs(whole) < MAX_WHOLE && Object.is((whole + 0) / factor, value)
}

function readColumns(bytes: ByteReader, startMs: number): HistoryColumn[] {
  const columnCount = bytes.uint()
  const patterns = list(bytes.uint(), () => readPattern(bytes, startMs))
  let lastId = 0
  const ids = list(columnCount, () => {
    lastId += bytes.int()
    return lastId
  })
  const patternOf = list(columnCount, () => bytes.uint())
  return ids.map((id, i) => {
    const { times, isStale } = patterns[patternOf[i] ?? 0] ?? { times: [], isStale: [] }
    return { id, times, isStale, values: readValues(bytes, isStale) }
  })
}

/** Grown one by one: a count that is wrong ends with the bytes, not with the memory. */
function list<T>(count: number, read: () => T): T[] {
  const items: T[] = []
  while (items.length < count) items.push(read())
  return items
}

function readPattern(bytes: ByteReader, startMs: number): { times: number[]; isStale: boolean[] } {
  let last = startMs
  const [times, isStale]: [number[], boolean[]] = [[], []]
  for (let count = bytes.uint(); count > 0; count--) {
    const step = bytes.uint()
    last += Math.floor(step / 2)
    times.push(last)
    isStale.push(step % 2 === 1)
  }
  return { times, isStale }
}

function readValues(bytes: ByteReader, isStale: readonly boolean[]): number[] {
  const values: number[] = []
  if (!isStale.includes(false)) return isStale.map(() => Number.NaN)
  const head = bytes.uint()
  const scale = SCALES[head % CONSTANT]
  const isConstant = head >= CONSTANT
  let whole = 0
  let value = Number.NaN
  let isRead = false
  for (let i = 0; i < isStale.length; i++) {
    if (!isStale[i] && !(isConstant && isRead)) {
      if (scale === undefined) value = bytes.float()
      else {
        whole += bytes.int()
        value = whole / scale
      }
      isRead = true
    }
    values.push(isStale[i] ? Number.NaN : value)
  }
  return values
}
