import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { Compression } from '../../src/ingest/compress.ts'

const texts = [0, 1, 100, 5000, 300_000, 3_000_000].map((length, seed) => {
  const words = Array.from(
    { length: Math.ceil(length / 8) },
    (_, i) => `${((i * 2_654_435_761) >>> (seed + 4)) % 9973} `,
  )
  return Buffer.from(words.join('').slice(0, length))
})

t.test('each chunk is one frame that can be read by itself, however many are under way', async (t) => {
  const compression = new Compression()
  for (let round = 0; round < 3; round++) {
    const bodies = await Promise.all(texts.map((text) => compression.compress(text, 'zstd')))
    for (const [index, body] of bodies.entries()) {
      t.ok(zstdDecompressSync(body).equals(texts[index] ?? Buffer.alloc(0)), `${texts[index]?.length} bytes`)
    }
    for (const text of texts) t.ok(zstdDecompressSync(await compression.compress(text, 'zstd')).equals(text))
  }
})

t.test('bodies do not change when more chunks are compressed', async (t) => {
  const compression = new Compression()
  const first = await compression.compress(texts[3] ?? Buffer.alloc(0), 'zstd')
  const copy = Buffer.from(first)
  for (let i = 0; i < 50; i++) await compression.compress(texts[4] ?? Buffer.alloc(0), 'zstd')
  t.ok(first.equals(copy))
})

t.test('gzip and plain bodies are what was given', async (t) => {
  const compression = new Compression()
  for (const text of texts) {
    t.ok(gunzipSync(await compression.compress(text, 'gzip')).equals(text))
    t.ok((await compression.compress(text, 'identity')).equals(text))
  }
})
