import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { fileProbe } from '../../src/config/probes/file.ts'
import { createFileProbe } from '../../src/probes/kinds/file.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { checkMetrics, missingFuse, runOnce, SilentMount, temporaryFolder, valueIn } from './local-rig.ts'

const probe = (settings: Record<string, unknown>) =>
  createFileProbe(fileProbe.parse({ type: 'file', ...settings }), { clock: systemClock })

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)

/** A file of so many bytes that was changed so many seconds ago. */
function file(name: string, { bytes = 2048, ageSeconds = 600 } = {}): string {
  writeFileSync(at(name), 'x'.repeat(bytes))
  const time = Date.now() / 1000 - ageSeconds
  utimesSync(at(name), time, time)
  return at(name)
}

t.test('file says whether it is there, and as it should be', async (t) => {
  const path = file('backup')
  const cases = [
    { settings: {}, status: 'healthy', message: 'file, 2 KiB, changed 10m ago' },
    { settings: { exists: 'false' }, status: 'unhealthy', message: 'there is a file, expected nothing' },
    { settings: { path: at('none') }, status: 'unhealthy', message: 'it does not exist' },
    { settings: { path: `${path}/below` }, status: 'unhealthy', message: 'it does not exist' },
    { settings: { path: at('none'), exists: 'false' }, status: 'healthy', message: 'it does not exist' },
    { settings: { kind: 'directory' }, status: 'unhealthy', message: 'it is a file, expected a directory' },
    { settings: { path: folder }, status: 'unhealthy', message: 'it is a directory, expected a file' },
    { settings: { path: folder, kind: 'directory' }, status: 'healthy', message: /^directory, changed 0s ago$/ },
    { settings: { path: folder, kind: 'any', max_size: '1B' }, status: 'healthy', message: /^directory/ },
    { settings: { path: '/dev/null', kind: 'any' }, status: 'healthy', message: /^device, changed/ },
    { settings: { max_age: '5m' }, status: 'unhealthy', message: 'changed 10m ago, expected at most 5m' },
    { settings: { max_age: '11m' }, status: 'healthy' },
    { settings: { min_age: '1h30m' }, status: 'unhealthy', message: 'changed 10m ago, expected at least 1h30m' },
    { settings: { min_age: '9m' }, status: 'healthy' },
    { settings: { min_size: '3KiB' }, status: 'unhealthy', message: '2 KiB, expected at least 3 KiB' },
    { settings: { max_size: '1KiB' }, status: 'unhealthy', message: '2 KiB, expected at most 1 KiB' },
    { settings: { min_size: '2KiB', max_size: '2KiB' }, status: 'healthy' },
    {
      settings: { max_age: '1m', min_size: '1MiB' },
      status: 'unhealthy',
      message: 'changed 10m ago, expected at most 1m; 2 KiB, expected at least 1 MiB',
    },
  ]
  for (const { settings, ...expected } of cases) {
    t.match(await runOnce(probe({ path, ...settings })), expected, JSON.stringify(settings))
  }
})

t.test('file tells its age and size as metrics', { skip: missing('promtool') }, async (t) => {
  const finding = await runOnce(probe({ path: file('measured', { bytes: 5, ageSeconds: 100 }) }))
  t.equal(valueIn(finding, 'probe_file_exists'), 1)
  t.equal(valueIn(finding, 'probe_file_size_bytes'), 5)
  const age = valueIn(finding, 'probe_file_age_seconds') ?? 0
  t.ok(age >= 100 && age < 110, String(age))
  t.doesNotThrow(() => checkMetrics(finding.families))
  const none = await runOnce(probe({ path: at('none') }))
  t.same(
    none.families?.map(({ name }) => name),
    ['probe_file_exists'],
  )
  t.equal(valueIn(none, 'probe_file_exists'), 0)
  const future = await runOnce(probe({ path: file('future', { ageSeconds: -3600 }), max_age: '1m' }))
  t.match(future, { status: 'healthy', message: /changed 0s ago/ })
  t.ok((valueIn(future, 'probe_file_age_seconds') ?? 0) < -3500)
})

t.test('file looks for a line, near its beginning', async (t) => {
  const cases = [
    { content: 'one\ntwo\nthree\n', pattern: '^two$', found: true },
    { content: 'one\r\ntwo\r\n', pattern: '^two$', found: true },
    { content: 'one\ntwo', pattern: 'wo$', found: true },
    { content: 'one\ntwo\n', pattern: 'one.two', found: false },
    { content: 'one\n', pattern: '^$', found: false },
    { content: '', pattern: '.*', found: false },
    { content: `${'x\n'.repeat(30_000)}end\n`, pattern: '^end$', found: true },
    { content: `${'x\n'.repeat(33_000)}end\n`, pattern: '^end$', found: false },
    { content: Buffer.from([0, 255, 254, 10, 0x6f, 0x6b, 10]), pattern: '^ok$', found: true },
    { content: 'größe: 5 µm\n', pattern: 'größe: \\d', found: true },
  ]
  for (const { content, pattern, found } of cases) {
    writeFileSync(at('content'), content)
    const finding = await runOnce(probe({ path: at('content'), content_matches: pattern }))
    if (found) t.match(finding, { status: 'healthy' }, pattern)
    else t.match(finding, { status: 'unhealthy', message: 'no line of its first 64 KiB matches' }, pattern)
  }
})

t.test('file never opens what may hang or wake another', async (t) => {
  const fifo = at('fifo')
  execFileSync('mkfifo', [fifo])
  const started = performance.now()
  t.match(await runOnce(probe({ path: fifo, content_matches: 'x' })), {
    status: 'unhealthy',
    message: 'it is a FIFO, expected a file',
  })
  t.match(await runOnce(probe({ path: fifo, kind: 'any' })), { status: 'healthy', message: /^FIFO/ })
  // A writer waits for the first reader: it must go on waiting.
  const writer = spawn('sh', ['-c', `echo read > ${fifo}`])
  t.teardown(() => writer.kill('SIGKILL'))
  for (let i = 0; i < 50; i += 1) await runOnce(probe({ path: fifo, content_matches: 'x' }))
  t.equal(writer.exitCode, null)
  t.ok(performance.now() - started < 5000)

  const server = createServer()
  await new Promise<void>((resolve) => server.listen(at('socket'), resolve))
  t.match(await runOnce(probe({ path: at('socket') })), {
    status: 'unhealthy',
    message: 'it is a socket, expected a file',
  })
  server.close()
  t.match(await runOnce(probe({ path: '/dev/zero', content_matches: 'x' })), {
    status: 'unhealthy',
    message: 'it is a device, expected a file',
  })
})

t.test('file follows links, and knows broken ones and circles', async (t) => {
  symlinkSync(file('target'), at('link'))
  symlinkSync(at('none'), at('broken'))
  symlinkSync(at('circle'), at('circle'))
  t.match(await runOnce(probe({ path: at('link') })), { status: 'healthy', message: /^file, 2 KiB/ })
  t.match(await runOnce(probe({ path: at('broken') })), { status: 'unhealthy', message: 'it does not exist' })
  t.match(await runOnce(probe({ path: at('circle') })), {
    status: 'unhealthy',
    message: `Cannot look at ${at('circle')}: its symbolic links lead in a circle`,
  })
})

t.test('file that the agent may not look at is unknown', { skip: missing('root') }, async (t) => {
  mkdirSync(at('closed'))
  writeFileSync(at('closed/file'), '')
  chmodSync(at('closed'), 0o700)
  chmodSync(folder, 0o755)
  process.seteuid?.(65_534)
  const finding = await runOnce(probe({ path: at('closed/file') })).finally(() => process.seteuid?.(0))
  t.match(finding, { status: 'unknown', message: `Cannot look at ${at('closed/file')}: permission denied` })
})

t.test('file does not wait for a file server that is gone', { skip: missingFuse() }, async (t) => {
  const mount = await SilentMount.open()
  t.teardown(() => mount.end())
  const stuck = probe({ path: join(mount.path, 'file') })
  await t.rejects(runOnce(stuck, { timeoutMs: 50 }), { name: 'TimeoutError' })
  const finding = await runOnce(stuck)
  t.match(finding, { status: 'unhealthy', message: /^still waiting for .*mount\/file, for 0s$/ })
})

t.test('file leaves nothing open after many runs', async (t) => {
  const path = file('often')
  const one = probe({ path, content_matches: 'x' })
  await runOnce(one)
  const before = readdirSync('/proc/self/fd').length
  for (let i = 0; i < 300; i += 1) await runOnce(one)
  t.equal(readdirSync('/proc/self/fd').length, before)
})

t.test('file settings refuse what contradicts itself', async (t) => {
  const cases = [
    { settings: { min_age: '2m', max_age: '1m' }, message: /at most what max_age is/ },
    { settings: { min_size: '2MiB', max_size: '1MiB' }, message: /at most what max_size is/ },
    { settings: { exists: 'false', max_age: '1m' }, message: /exists: true beside it/ },
    { settings: { kind: 'directory', content_matches: 'x' }, message: /kind: file beside it/ },
  ]
  for (const { settings, message } of cases) t.throws(() => probe({ path: '/x', ...settings }), message)
})
