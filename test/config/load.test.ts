import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { compileGlobs } from '../../src/config/glob.ts'
import { type Loaded, loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'

type Files = Readonly<Record<string, string | Buffer>>

/** A new folder with `files` in it; the path of its agent.yaml. */
function written(files: Files): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'obs-config-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), content)
    chmodSync(path.join(dir, name), 0o600)
  }
  return path.join(dir, 'agent.yaml')
}

function told(file: string, loaded: Loaded): string[] {
  const dir = path.dirname(file)
  const problems = loaded.kind === 'bad' ? loaded.problems : loaded.warnings
  return problems.map((problem) => formatProblem(problem).replaceAll(`${dir}/`, ''))
}

function load(files: Files, env: Record<string, string> = {}): { loaded: Loaded; told: string[]; dir: string } {
  const file = written(files)
  const loaded = loadConfig(file, { env })
  return { loaded, told: told(file, loaded), dir: path.dirname(file) }
}

const OUTPUT = 'outputs: { a: { type: console } }\n'

t.test('a file that cannot be read as text is refused in words', async (t) => {
  const cases: [string, Files, string][] = [
    ['missing', {}, 'agent.yaml: does not exist'],
    ['a folder', { 'agent.yaml/x': '' }, 'agent.yaml: is a folder'],
    [
      'UTF-16',
      { 'agent.yaml': Buffer.from('\ufeffservice: a', 'utf16le') },
      'agent.yaml: is UTF-16 text; save it as UTF-8',
    ],
    [
      'Latin-1',
      { 'agent.yaml': Buffer.concat([Buffer.from('a: \ufffd\nservice: caf'), Buffer.from([0xe9, 0x0a])]) },
      'agent.yaml:2:13: is not UTF-8 text; save it as UTF-8',
    ],
    [
      'binary',
      { 'agent.yaml': 'a: b\nc: \0' },
      'agent.yaml:2:4: holds a NUL character, so it is not text; save it as UTF-8',
    ],
    ['large', { 'agent.yaml': '#'.repeat(1024 * 1024 + 1) }, 'agent.yaml: is larger than 1024 KiB'],
    ['empty', { 'agent.yaml': '' }, 'agent.yaml: is empty: expected at least sources and outputs'],
    [
      'brackets',
      { 'agent.yaml': '['.repeat(1024 * 1024) },
      'agent.yaml: expected at most 32 brackets within one another',
    ],
  ]
  for (const [title, files, expected] of cases) t.same(load(files).told, [expected], title)
})

t.test('a pipe in place of agent.yaml is refused without waiting for its writer', async (t) => {
  const file = written({})
  execFileSync('mkfifo', [file])
  t.same(told(file, loadConfig(file, { env: {} })), ['agent.yaml: is not a regular file'])
})

t.test('a byte order mark and CRLF are read over', async (t) => {
  const { loaded } = load({ 'agent.yaml': `\ufeffservice: checkout\r\nversion: 1.10\r\n${OUTPUT}` })
  t.match(loaded, { kind: 'ok', config: { service: 'checkout', version: '1.10' } })
})

t.test('conf.d is merged in the order of names: maps merge, lists append', async (t) => {
  const { loaded, dir } = load({
    'agent.yaml': `service: shop\nlog: { level: warn }\nsources:\n  a:\n    include: [one/*.log]\n${OUTPUT}`,
    'conf.d/20-b.yaml': 'sources:\n  a: { include: [three.log], start_at: end }\n',
    'conf.d/10-a.yaml': 'service: shop\nlog: { format: json }\nsources:\n  a: { include: [two.log] }\n',
    'conf.d/.swp.yaml': '{{{',
    'conf.d/README': '{{{',
    'conf.d/30-empty.yaml': '# all commented\n',
  })
  t.match(loaded, { kind: 'ok', config: { service: 'shop', log: { level: 'warn', format: 'json' } } })
  if (loaded.kind !== 'ok') return
  t.match(loaded.config.sources[0], { startAt: 'end' })
  t.same(
    loaded.config.sources[0]?.include,
    ['one/*.log', 'two.log', 'three.log'].map((name) => path.join(dir, name)),
  )
  t.same(
    loaded.files.map((file) => path.relative(dir, file)),
    ['agent.yaml', 'conf.d/10-a.yaml', 'conf.d/20-b.yaml', 'conf.d/30-empty.yaml'],
  )
})

t.test('problems of conf.d name the right file, and both when they disagree', async (t) => {
  const { told } = load({
    'agent.yaml': `service: one\nlog: { level: info }\n${OUTPUT}`,
    'conf.d/a.yaml': 'version: 1\nservice: two\nlog: [x]\n',
    'conf.d/b.yaml': 'drain: 5\napi:\n  lisen: x\n',
    'conf.d/c.yml': 'service: x\n',
  })
  t.same(told, [
    'conf.d/a.yaml:2:10: service: is set twice, to different values; the first is at agent.yaml:1:10',
    'conf.d/a.yaml:3:6: log: is set twice, here as a list; the first is at agent.yaml:2:6',
    'conf.d/b.yaml:1:8: drain: expected a duration with its unit, such as 250ms, 30s, 5m, 1h30m or 7d, got 5; write 5ms, 5s or 5m, whichever is meant',
    'conf.d/b.yaml:3:3: api: unknown setting lisen; did you mean `listen`?',
  ])
})

t.test('a secret and its file in different files are told as one too many', async (t) => {
  const { told } = load({
    'agent.yaml': `api: { token: canary }\n${OUTPUT}`,
    'conf.d/a.yaml': 'api: { token_file: secret }\n',
    secret: 'canary',
  })
  t.same(told, [
    'conf.d/a.yaml:1:20: api.token_file: expected token or token_file, got both; token is at agent.yaml:1:8',
  ])
})

t.test('two values of a secret in different files are told without the values', async (t) => {
  const { told } = load({ 'agent.yaml': 'api: { token: canary1 }\n', 'conf.d/a.yaml': 'api: { token: canary2 }\n' })
  t.same(told, ['conf.d/a.yaml:1:15: api.token: is set twice, to different values; the first is at agent.yaml:1:15'])
})

t.test('a secret file is read, without its last line break', async (t) => {
  const files = {
    'agent.yaml': 'outputs:\n  a: { type: http, url_file: u, username: x, password_file: "$' + '{DIR}/p" }\n',
    u: 'https://collector.example/x?key=canary\n',
    'keys/p': ' pass word \r\n',
  }
  const { loaded, dir } = load(files, { DIR: 'keys' })
  if (loaded.kind !== 'ok') return t.fail(JSON.stringify(loaded))
  const [output] = loaded.config.outputs
  if (output?.type !== 'http') return t.fail('not http')
  t.equal(output.url, 'https://collector.example/x?key=canary')
  t.equal(output.urlFile, path.join(dir, 'u'))
  t.equal(output.password?.reveal(), ' pass word ')
  t.notOk(loaded.warnings.some(({ message }) => message.includes('every user')))
})

t.test('a secret file that every user can read is warned of', async (t) => {
  const file = written({
    'agent.yaml': `api: { token_file: secret }\nsources: { a: { include: [x] } }\n${OUTPUT}`,
    secret: 'canary',
  })
  chmodSync(path.join(path.dirname(file), 'secret'), 0o644)
  const loaded = loadConfig(file, { env: {} })
  t.equal(loaded.kind, 'ok')
  t.same(told(file, loaded), [
    'agent.yaml:1:20: api.token_file: secret can be read by every user of this host; chmod 600 it',
  ])
})

t.test('a user and password in a url become basic auth', async (t) => {
  const { loaded } = load({ 'agent.yaml': 'outputs: { a: { type: http, url: "https://me:p%40ss@h.example/x" } }\n' })
  if (loaded.kind !== 'ok') return t.fail(JSON.stringify(loaded))
  const [output] = loaded.config.outputs
  if (output?.type !== 'http') return t.fail('not http')
  t.match(output, { url: 'https://h.example/x', username: 'me' })
  t.equal(output.password?.reveal(), 'p@ss')
})

t.test('a secret over plain http to another host is warned of, to this host it is not', async (t) => {
  const at = (host: string) =>
    load({
      'agent.yaml': `sources: { a: { include: [x] } }\noutputs: { a: { type: http, url: "http://${host}/", token: abc } }\n`,
    })
  t.match(at('h.example').told, [/url: the token crosses the network unencrypted/])
  for (const host of ['127.0.0.1:80', 'localhost', '[::1]:80']) t.same(at(host).told, [], host)
})

t.test('relative paths begin at the folder of agent.yaml, even when its name looks like a glob', async (t) => {
  const file = written({
    'a[b]{c}/agent.yaml':
      'data_dir: ../state\nsources: { s: { include: [logs/*.log] } }\noutputs: { o: { type: file, path: ./out } }\n',
  })
  const dir = path.join(path.dirname(file), 'a[b]{c}')
  const loaded = loadConfig(path.join(dir, 'agent.yaml'), { env: {} })
  if (loaded.kind !== 'ok') return t.fail(JSON.stringify(loaded))
  t.equal(loaded.config.dataDir, path.join(path.dirname(dir), 'state'))
  t.match(loaded.config.outputs[0], { path: path.join(dir, 'out') })
  t.ok(compileGlobs(loaded.config.sources[0]?.include ?? [], []).matches(path.join(dir, 'logs/x.log')))
})

t.test('no text makes loading throw', async (t) => {
  const file = written({})
  const word = fc.constantFrom(
    'sources:',
    'outputs:',
    ' a:',
    '\n',
    '\n  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '*a',
    '&a ',
    '"',
    "'",
    '|',
    '${',
    '}',
    ': ',
    '!!str ',
    '\t',
    '<<: ',
    'type: http',
    'url: ',
    '~',
    '#',
    '? ',
    '---',
    '5',
    '10MiB',
    '$$',
    '\r',
    '%',
    '\ufeff',
    '__proto__: ',
    'include: ',
  )
  const yamlish = fc
    .array(fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) }))
    .map((words) => words.join(''))
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), (text) => {
      writeFileSync(file, text)
      const loaded = loadConfig(file, { env: { a: 'x' } })
      if (loaded.kind === 'ok') return
      for (const problem of loaded.problems)
        if (/\p{Cc}/u.test(formatProblem(problem))) throw new Error('more than a line')
      if (loaded.problems.length === 0) throw new Error('bad without a problem')
      if (loaded.problems.some(({ message }) => /parser fail|Invalid input|undefined/.test(message)))
        throw new Error(JSON.stringify(loaded.problems))
    }),
    { numRuns: 1500 },
  )
  t.pass()
})

t.test('no bytes make loading throw', async (t) => {
  const file = written({})
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      writeFileSync(file, bytes)
      loadConfig(file, { env: {} })
    }),
    { numRuns: 300 },
  )
  t.pass()
})
