import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const FIXTURES = join(import.meta.dirname, '../fixtures/parse')

function parse(args: readonly string[], input?: string): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, TZ: 'UTC' }
  return spawnSync(process.execPath, [MAIN, 'parse', ...args], { encoding: 'utf8', env, ...(input && { input }) })
}

const objects = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const JAVA = `2026-01-02 03:04:05,678 ERROR [main] com.example.Orders - order failed
java.lang.IllegalStateException: pool exhausted
\tat com.example.Orders.place(Orders.java:12)
2026-01-02 03:04:06,000 DEBUG [main] com.example.Orders - mail to bob@example.com
`

t.test('parse shows the entry of each record, who took it apart, and the lines that were joined', (t) => {
  const { status, stdout, stderr } = parse(['-o', 'json', '-'], JAVA)
  t.same([status, stderr], [0, ''])
  const [first, second] = objects(stdout)
  t.match(first, {
    entry: {
      timestamp: '2026-01-02T03:04:05.678Z',
      level: 'ERROR',
      message: 'order failed',
      error_message: 'pool exhausted',
      stack_trace: /^java\.lang\.IllegalStateException[\s\S]*Orders\.java:12/,
    },
    lines: { length: 3 },
  })
  t.match(second, { entry: { level: 'DEBUG' }, lines: { length: 1 } })
  t.same(Object.keys(second ?? {}), ['entry', 'parser', 'lines'])
  t.end()
})

t.test('parse as a source does says what its steps dropped and redacted', (t) => {
  const folder = t.testdir({
    'agent.yaml': `
service: shop
sources:
  app:
    include: [./*.log]
    parse: java
    process:
      - add: { team: orders }
      - redact: { presets: [email] }
      - drop_if: level == DEBUG
`,
    'app.log': JAVA,
  })
  const config = join(folder, 'agent.yaml')
  const log = join(folder, 'app.log')
  for (const source of [[], ['--source', 'app']]) {
    const [first, second] = objects(parse(['-c', config, ...source, '-o', 'json', log]).stdout)
    t.match(first, { entry: { service: 'shop', source: 'app', metadata: { team: 'orders' } }, parser: 'java' })
    t.notOk(first && 'dropped_by' in first)
    t.match(second, {
      dropped_by: 'drop_if (process[2])',
      redacted: { email: 1 },
      entry: { message: 'mail to [email]' },
    })
  }
  t.match(
    parse(['-c', config, log]).stdout,
    /3 lines joined[\s\S]*dropped by drop_if \(process\[2\]\), redacted: email 1/,
  )
  t.end()
})

t.test('parse --summary says how much was parsed, what was not, and the forms of time', (t) => {
  const nginx = parse(['--summary', '-o', 'json', join(FIXTURES, 'nginx/combined.log')])
  t.match(JSON.parse(nginx.stdout), {
    parsed_ratio: 1,
    parsers: { nginx: /\d/ },
    time_formats: { 'common log format': /\d/ },
  })
  const text = parse(['--summary', '--format', 'nginx', '-'], `${JAVA}`).stdout
  t.match(text, /0\.0 % parsed/)
  t.match(text, /RFC 3339 without zone/)
  t.match(text, /not parsed, for example:\n {2}2026-01-02 03:04:05,678 ERROR/)
  t.end()
})

t.test('parse shows control characters and never obeys them', (t) => {
  const { stdout } = parse(['-'], 'clear \u001b[2J and\u0007 \u202eback\u2066\n')
  for (const character of ['\u001b', '\u0007', '\u202e', '\u2066']) t.notOk(stdout.includes(character))
  t.match(stdout, /\\u001b\[2J/)
  t.end()
})

t.test('parse takes lines of any length, the last one without an end', (t) => {
  const { stdout } = parse(['-o', 'json', '-'], `${'x'.repeat(600_000)}\nlast`)
  t.match(objects(stdout), [{ entry: { metadata: { truncated: true } } }, { entry: { message: 'last' } }])
  t.end()
})

for (const { args, status, stderr } of [
  { args: [], status: 2, stderr: /expected one FILE/ },
  { args: ['a', 'b'], status: 2, stderr: /expected one FILE/ },
  { args: ['/no/such.log'], status: 1, stderr: /Cannot read \/no\/such\.log/ },
  {
    args: ['--format', 'nginxx', '/dev/null'],
    status: 2,
    stderr: /Cannot parse as nginxx: expected one of auto, json/,
  },
  { args: ['--source', 'app', '/dev/null'], status: 2, stderr: /Cannot parse for source app/ },
  { args: ['-c', '/no/such.yaml', '/dev/null'], status: 78, stderr: /\/no\/such\.yaml/ },
]) {
  t.test(`parse ${args.join(' ')} exits ${status} and says why`, (t) => {
    const ran = parse(args)
    t.equal(ran.status, status)
    t.match(ran.stderr, stderr)
    t.end()
  })
}

t.test('parse of an empty file prints nothing', (t) => {
  const file = join(t.testdir({}), 'empty.log')
  writeFileSync(file, '')
  t.match(parse([file]), { status: 0, stdout: '', stderr: '' })
  t.end()
})
