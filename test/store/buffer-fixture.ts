import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import type { Test } from 'tap'
import type { Checkpoint } from '../../src/store/checkpoint.ts'
import type { SealedChunk } from '../../src/store/chunk.ts'
import type { ChunkStore, Commit } from '../../src/store/chunk-store.ts'
import { BUFFER_FILE } from '../../src/store/open-buffer.ts'

export const NOW_MS = Date.UTC(2026, 0, 2)

export function tempDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'obs-agent-store-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A body that does not compress, so that chunks have the size they are given. */
export function chunkOf(lines: readonly string[], padBytes = 0): SealedChunk {
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const body = padBytes > 0 ? noise(padBytes) : zstdCompressSync(text)
  return {
    entries: lines.length,
    minTimeMs: NOW_MS,
    maxTimeMs: NOW_MS,
    levelMask: 2,
    rawBytes: text.length,
    encoding: padBytes > 0 ? 'identity' : 'zstd',
    header: { sources: { app: { entries: lines.length, services: {} } } },
    body,
  }
}

/** Bytes that look random and are the same every time (xorshift32). */
export function noise(bytes: number, seed = 1): Buffer {
  const buffer = Buffer.alloc(bytes)
  let x = seed
  for (let i = 0; i < bytes; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    buffer[i] = x & 255
  }
  return buffer
}

/** The model file: line `i` is `line i`, and an offset is a number of lines. */
export function checkpointAt(offset: number, about: Partial<Checkpoint> = {}): Checkpoint {
  return {
    fileId: 1,
    path: '/var/log/app.log',
    dev: '1',
    ino: '2',
    birthNs: '3',
    headBytes: 0,
    headHash: '',
    offset,
    ...{ tailBytes: 4, tailHash: '0123456789abcdef0123456789abcdef' },
    mtimeMs: NOW_MS,
    state: 'live',
    ...about,
  }
}

export const LINES_A_CHUNK = 10

/** The commit that stores lines [from, from + 10) of the model file, each long enough that a chunk fills some pages. */
export function commitOf(from: number, nowMs = NOW_MS): Commit {
  const lines = Array.from({ length: LINES_A_CHUNK }, (_, i) => lineOf(from + i))
  const booking = { source: 'app', entries: lines.length, bytes: lines.length }
  return {
    chunk: chunkOf(lines),
    checkpoints: [checkpointAt(from + LINES_A_CHUNK)],
    ledger: [
      { ...booking, account: 'read' },
      { ...booking, account: 'stored' },
    ],
    nowMs,
  }
}

const lineOf = (n: number): string => `line ${n} ${noise(2000, n + 1).toString('base64')}`

/** The numbers of the lines that are stored. */
export function linesIn(dir: string): Set<number> {
  const db = new Database(join(dir, BUFFER_FILE), { readonly: true })
  try {
    const bodies = db.prepare('SELECT body FROM chunks').pluck().all() as Buffer[]
    const texts = bodies.map((body) => zstdDecompressSync(body).toString())
    return new Set(texts.flatMap((text) => [...text.matchAll(/^line (\d+) /gm)].map((match) => Number(match[1]))))
  } finally {
    db.close()
  }
}

/** Lines that are neither acknowledged, nor stored, nor will be read again: lost. */
export function lostLines(dir: string, store: ChunkStore, { acked, written }: { acked: number; written: number }) {
  const stored = linesIn(dir)
  const resumeAt = store.checkpoints().find(({ fileId }) => fileId === 1)?.offset ?? 0
  return Array.from({ length: written }, (_, n) => n).filter((n) => n >= acked && n < resumeAt && !stored.has(n))
}
