import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import type { FileOutputConfig } from '../../src/config/schema.ts'
import { encode } from '../../src/deliver/codec.ts'
import { FileOutput } from '../../src/deliver/file-output.ts'
import { VirtualClock } from './virtual-clock.ts'

const never = new AbortController().signal

/** `open()` again without closing: the process was killed, and started again. */
function rig(t: { after(fn: () => Promise<void>): void }, more: Partial<FileOutputConfig> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'obs-file-'))
  const opened: FileOutput[] = []
  t.after(async () => {
    for (const output of opened) await output.close()
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'sub/out.ndjson')
  const clock = new VirtualClock()
  const config: FileOutputConfig = {
    name: 'f',
    type: 'file',
    path,
    compression: 'none',
    rotateBytes: 1e9,
    rotateEveryDay: false,
    keepCount: 3,
    ...more,
  }
  const open = (): FileOutput => {
    const output = new FileOutput(config, { clock })
    opened.push(output)
    return output
  }
  return {
    folder,
    path,
    clock,
    open,
    names: () =>
      readdirSync(join(folder, 'sub'))
        .filter((name) => !name.endsWith('.pos'))
        .sort(),
  }
}

const batch = (seq: number, text = `{"n":${seq}}\n`) => ({
  key: `b/${seq}`,
  entries: 1,
  encoding: 'identity' as const,
  body: Buffer.from(text),
})

t.test('file output appends, readable by its owner only', async (t) => {
  const { path, open } = rig(t)
  const output = open()
  for (const seq of [1, 2]) t.same(await output.send(batch(seq), never), { kind: 'accepted' })
  await output.close()
  t.equal(readFileSync(path, 'utf8'), '{"n":1}\n{"n":2}\n')
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('file output appends batches one after the other, even when they are sent at once', async (t) => {
  const { path, open } = rig(t)
  const output = open()
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => output.send(batch(i, `{"n":${i},"pad":"${'x'.repeat(i * 997)}"}\n`), never)),
  )
  await output.close()
  t.same(
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).n),
    Array.from({ length: 50 }, (_, i) => i),
  )
})

t.test(
  'file output does not append its last batch again after a crash before the acknowledgement was saved',
  async (t) => {
    for (const compression of ['none', 'zstd'] as const) {
      const { path, open } = rig(t, { compression })
      await open().send(batch(1), never)
      await open().send(batch(2), never)
      await open().send(batch(2), never)
      await open().send(batch(3), never)
      const bytes = readFileSync(path)
      const text = compression === 'none' ? bytes.toString() : zstdDecompressSync(bytes).toString()
      t.equal(text, '{"n":1}\n{"n":2}\n{"n":3}\n', compression)
    }
  },
)

t.test('file output cuts away what a crash left half done, wherever it was cut', async (t) => {
  for (const compression of ['none', 'zstd'] as const) {
    for (const cut of [0, 1, 7, 12]) {
      const { path, open } = rig(t, { compression })
      await open().send(batch(1), never)
      const before = statSync(path).size
      await open().send(batch(2, '{"n":2}\n{"n":2.5}\n'), never)
      truncateSync(path, before + cut)
      await open().send(batch(2, '{"n":2}\n{"n":2.5}\n'), never)
      const bytes = readFileSync(path)
      const text = compression === 'none' ? bytes.toString() : zstdDecompressSync(bytes).toString()
      t.equal(text, '{"n":1}\n{"n":2}\n{"n":2.5}\n', `${compression}, ${cut} bytes of it were written`)
    }
  }
})

t.test("file output without its position file cuts half an entry, and touches nobody else's", async (t) => {
  const { path, open } = rig(t)
  await open().send(batch(1), never)
  rmSync(`${path}.pos`)
  appendFileSync(path, '{"half":')
  await open().send(batch(2), never)
  t.equal(readFileSync(path, 'utf8'), '{"n":1}\n{"n":2}\n')
  rmSync(`${path}.pos`)
  writeFileSync(path, 'root:x:0:0')
  t.match(await open().send(batch(3), never), { kind: 'retry', isOperatorFault: true, detail: /not a log entry/ })
  t.equal(readFileSync(path, 'utf8'), 'root:x:0:0')
  for (const garbage of ['', 'x', '{}', '{"key":1}', 'null', '[]', '\0'.repeat(512)]) {
    writeFileSync(path, '{"n":1}\n')
    writeFileSync(`${path}.pos`, garbage)
    t.same(await open().send(batch(2), never), { kind: 'accepted' }, garbage)
    t.equal(readFileSync(path, 'utf8'), '{"n":1}\n{"n":2}\n')
  }
})

t.test('file output rotates by size and keeps so many', async (t) => {
  const { path, open, names } = rig(t, { rotateBytes: 16, keepCount: 2 })
  const output = open()
  for (let seq = 1; seq <= 9; seq++) await output.send(batch(seq), never)
  await output.close()
  t.same(names(), ['out.ndjson', 'out.ndjson.1', 'out.ndjson.2'])
  t.same(
    ['', '.1', '.2'].map((end) => readFileSync(path + end, 'utf8')),
    ['{"n":9}\n', '{"n":7}\n{"n":8}\n', '{"n":5}\n{"n":6}\n'],
  )
})

t.test('file output that keeps none begins the file anew', async (t) => {
  const { path, open, names } = rig(t, { rotateBytes: 16, keepCount: 0 })
  const output = open()
  for (let seq = 1; seq <= 5; seq++) await output.send(batch(seq), never)
  await output.close()
  t.same([names(), readFileSync(path, 'utf8')], [['out.ndjson'], '{"n":5}\n'])
})

t.test('file output rotates at the end of the UTC day', async (t) => {
  const { open, names, clock } = rig(t, { rotateEveryDay: true })
  // The file's own time is real; bring the virtual clock to the same day.
  clock.advance(Date.now() - clock.nowMs())
  const output = open()
  await output.send(batch(1), never)
  await output.send(batch(2), never)
  t.same(names(), ['out.ndjson'])
  clock.advance(86_400_000)
  await output.send(batch(3), never)
  await output.send(batch(4), never)
  await output.close()
  t.same(names(), ['out.ndjson', 'out.ndjson.1'])
})

t.test('file output follows its name when someone else rotates or deletes the file', async (t) => {
  const { path, open } = rig(t)
  const output = open()
  await output.send(batch(1), never)
  renameSync(path, `${path}.old`)
  await output.send(batch(2), never)
  rmSync(path)
  await output.send(batch(3), never)
  await output.close()
  t.same([readFileSync(`${path}.old`, 'utf8'), readFileSync(path, 'utf8')], ['{"n":1}\n', '{"n":3}\n'])
})

t.test('file output with zstd appends stored frames as they are', async (t) => {
  const { path, open } = rig(t, { compression: 'zstd' })
  const output = open()
  const frames = await Promise.all(['{"n":1}\n', '{"n":2}\n'].map((text) => encode(Buffer.from(text), 'zstd')))
  for (const [i, body] of frames.entries())
    await output.send({ key: `b/${i}`, entries: 1, encoding: 'zstd', body }, never)
  await output.close()
  t.ok(readFileSync(path).equals(Buffer.concat(frames)))
  t.equal(zstdDecompressSync(readFileSync(path)).toString(), '{"n":1}\n{"n":2}\n')
})

t.test('file output keeps asking when the place is wrong, forbidden or full, and goes on when it is not', async (t) => {
  const { folder, path, open } = rig(t)
  writeFileSync(join(folder, 'sub'), 'a file where a folder should be')
  const output = open()
  t.match(await output.send(batch(1), never), { kind: 'retry', isOperatorFault: true })
  rmSync(join(folder, 'sub'))
  t.match(await output.send(batch(1), never), { kind: 'accepted' })
  rmSync(path)
  execFileSync('mkfifo', [path])
  t.match(await output.send(batch(2), never), { kind: 'retry', isOperatorFault: true, detail: /regular file/ })
  rmSync(path)
  t.match(await output.send(batch(2), never), { kind: 'accepted' })
  await output.close()
  t.equal(readFileSync(path, 'utf8'), '{"n":2}\n')
  const full = new FileOutput(
    {
      name: 'f',
      type: 'file',
      path: '/dev/full',
      compression: 'none',
      rotateBytes: 1e9,
      rotateEveryDay: false,
      keepCount: 3,
    },
    { clock: new VirtualClock() },
  )
  t.match(await full.send(batch(1), never), { kind: 'retry', isOperatorFault: true })
  t.notOk(existsSync('/dev/full.pos'))
  if (process.getuid?.() === 0) return
  chmodSync(join(folder, 'sub'), 0o500)
  t.match(await open().send(batch(3), never), { kind: 'retry', reason: 'permission', isOperatorFault: true })
})

t.test('file output leaves no half batch on a full disk', async (t) => {
  // A child whose files may have 8 KiB: the first bytes of a batch fit and the rest does not, as on a disk that fills up.
  const { path } = rig(t)
  const script = `
    process.on('SIGXFSZ', () => {})
    const { FileOutput } = await import(${JSON.stringify(new URL('../../src/deliver/file-output.ts', import.meta.url).href)})
    const config = { path: ${JSON.stringify(path)}, compression: 'none', rotateBytes: 1e9, rotateEveryDay: false, keepCount: 1 }
    const output = new FileOutput(config, { clock: { nowMs: () => 0 } })
    const send = (key, size) => output.send({ key, entries: 1, encoding: 'identity', body: Buffer.alloc(size, key) }, new AbortController().signal)
    console.log(JSON.stringify([await send('a', 1000), await send('b', 100000), await send('c', 10)]))
    await output.close()`
  const command = ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, script]
  const out = execFileSync('bash', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  t.match(JSON.parse(out), [{ kind: 'accepted' }, { kind: 'retry', reason: 'disk_full' }, { kind: 'accepted' }])
  t.equal(readFileSync(path, 'utf8'), `${'a'.repeat(1000)}${'c'.repeat(10)}`)
})
