import { createServer, type IncomingHttpHeaders } from 'node:http'
import { zstdCompressSync } from 'node:zlib'
import t from 'tap'
import type { HttpOutputConfig } from '../../src/config/schema.ts'
import { Secret } from '../../src/config/secret.ts'
import { decode, encode } from '../../src/deliver/codec.ts'
import { HttpOutput } from '../../src/deliver/http-output.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { ChunkEncoding } from '../../src/store/chunk.ts'
import { numbered, Rig } from './forwarder-rig.ts'

interface Seen {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A collector on 127.0.0.1; `answer` gives status and text. */
async function collector(
  answer: (seen: Seen) => [status: number, text?: string] | Promise<[number, string?]> = () => [200],
) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', async () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks) }
      seen.push(one)
      const [status, text] = await answer(one)
      response.writeHead(status).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () => new Promise((resolve) => server.close(resolve))
  return { seen, host: `127.0.0.1:${port}`, close }
}

const config = (host: string, more: Partial<HttpOutputConfig> = {}): HttpOutputConfig => ({
  name: 'central',
  type: 'http',
  url: `http://${host}/v1/batches`,
  compression: 'zstd',
  headers: {},
  inFlightCount: 4,
  timeoutMs: 5000,
  retryMinMs: 1000,
  retryMaxMs: 60_000,
  ...more,
})

const deps = { clock: systemClock, version: '1.2.3' }
const never = new AbortController().signal
const TEXT = Buffer.from('{"n":1}\n{"n":2}\n')

t.test('http output sends what a batch is, who sends it, and by whose leave', async (t) => {
  const server = await collector()
  const cases: { more: Partial<HttpOutputConfig>; user?: string; expected: IncomingHttpHeaders }[] = [
    { more: { token: new Secret('t0ken') }, expected: { authorization: 'Bearer t0ken', 'content-encoding': 'zstd' } },
    { more: { username: 'u', password: new Secret('p:w') }, expected: { authorization: `Basic ${btoa('u:p:w')}` } },
    { more: {}, user: 'a%40b:c@', expected: { authorization: `Basic ${btoa('a@b:c')}` } },
    {
      more: { headers: { 'X-Tenant': '7', 'Content-Encoding': 'lies', 'idempotency-key': 'x' } },
      expected: { 'x-tenant': '7', 'content-encoding': 'zstd' },
    },
    { more: { compression: 'gzip' }, expected: { 'content-encoding': 'gzip' } },
  ]
  for (const { more, user = '', expected } of cases) {
    const output = new HttpOutput(config(`${user}${server.host}`, more), deps)
    t.match(await output.send({ key: 'b/1', entries: 2, encoding: 'zstd', body: zstdCompressSync(TEXT) }, never), {
      kind: 'accepted',
      status: 200,
    })
    await output.close()
    const common = { 'content-type': 'application/x-ndjson', 'user-agent': 'obs-agent/1.2.3', 'idempotency-key': 'b/1' }
    t.match(server.seen.at(-1)?.headers, { ...common, ...expected })
  }
  await server.close()
})

t.test('http output sends stored bytes untouched, and compresses only what is stored otherwise', async (t) => {
  const server = await collector()
  const stored: ChunkEncoding[] = ['zstd', 'gzip', 'identity']
  for (const encoding of stored) {
    for (const compression of ['zstd', 'gzip', 'none'] as const) {
      const wanted = compression === 'none' ? 'identity' : compression
      const body = await encode(TEXT, encoding)
      const output = new HttpOutput(config(server.host, { compression }), deps)
      await output.send({ key: 'k', entries: 2, encoding, body }, never)
      await output.close()
      const { headers, body: sent } = server.seen.at(-1) ?? { headers: {}, body: Buffer.alloc(0) }
      t.equal(headers['content-encoding'], wanted === 'identity' ? undefined : wanted)
      t.ok((await decode(sent, wanted)).equals(TEXT), `${encoding} as ${compression}`)
      if (encoding === wanted) t.ok(sent.equals(body))
    }
  }
  await server.close()
})

t.test('http output gives the text of a refusal, and does not reject when nobody answers', async (t) => {
  const server = await collector(() => [422, 'entry 3: no timestamp'])
  const output = new HttpOutput(config(server.host), deps)
  const batch = { key: 'k', entries: 2, encoding: 'zstd' as const, body: zstdCompressSync(TEXT) }
  t.same(await output.send(batch, never), { kind: 'refused', status: 422, answer: 'entry 3: no timestamp' })
  await output.close()
  await server.close()
  const gone = new HttpOutput(config(server.host), deps)
  t.match(await gone.send(batch, never), { kind: 'retry', reason: 'connect', detail: /ECONNREFUSED/ })
  await gone.close()
})

/** Waits for what requests bring about, without time passing. */
async function until(rig: Rig, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    rig.forwarder.step()
    await rig.bell.wait(1000)
  }
}

t.test('forwarder over HTTP delivers all but the two entries that a collector refuses', async (t) => {
  const taken: string[] = []
  const server = await collector(async ({ headers, body }) => {
    const text = (await decode(body, headers['content-encoding'] === 'zstd' ? 'zstd' : 'identity')).toString()
    if (/"n":(7|90)\}/.test(text)) return [400, 'bad entry']
    taken.push(...text.trimEnd().split('\n'))
    return [202]
  })
  const rig = new Rig(new HttpOutput(config(server.host), deps))
  const entries = numbered(0, 100)
  rig.buffer.append(entries, { encoding: 'zstd', body: zstdCompressSync(`${entries.join('\n')}\n`) })
  await until(rig, () => rig.cursor?.seq === 1)
  t.match(rig.cursor, { delivered: 98, dead: 2 })
  t.same(
    rig.cursors.deadLetters.map(({ entry, answer }) => [entry, answer]),
    [
      ['{"n":7}', 'bad entry'],
      ['{"n":90}', 'bad entry'],
    ],
  )
  t.same(
    taken,
    entries.filter((_, i) => i !== 7 && i !== 90),
  )
  t.ok(server.seen.every(({ headers }) => headers['content-encoding'] === 'zstd'))
  await rig.destination.close()
  await server.close()
})

t.test('forwarder over HTTP keeps its keys and bytes over lost answers and restarts', async (t) => {
  const bytesOf = new Map<string, Buffer>()
  let requests = 0
  const server = await collector(({ headers, body }) => {
    const key = String(headers['idempotency-key'])
    const before = bytesOf.get(key)
    if (before) t.ok(before.equals(body), key)
    bytesOf.set(key, body)
    return [++requests % 3 === 0 ? 200 : 503]
  })
  const output = new HttpOutput(config(server.host), deps)
  const rig = new Rig(output, { inFlightCount: 2 })
  for (let i = 0; i < 10; i++) {
    const entries = numbered(i * 10, 10)
    rig.buffer.append(entries, { encoding: 'zstd', body: zstdCompressSync(`${entries.join('\n')}\n`) })
  }
  while (rig.cursor?.seq !== 10) {
    rig.clock.advance(60_000)
    rig.forwarder.step()
    await rig.bell.wait(1000)
    if (requests % 4 === 0) rig.start()
  }
  t.same([...bytesOf.keys()].sort(), Array.from({ length: 10 }, (_, i) => `buf-1/${i + 1}`).sort())
  t.equal(rig.imbalance, 0)
  await output.close()
  await server.close()
})
