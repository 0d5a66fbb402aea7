import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { checkCommand } from '../../src/cli/check.ts'
import { describeConfig, targetOf } from '../../src/config/describe.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type AgentConfig, agentSchema } from '../../src/config/schema.ts'

const full = path.resolve('test/fixtures/config/full.good.yaml')

function loadGood(file: string): Extract<ReturnType<typeof loadConfig>, { kind: 'ok' }> {
  const loaded = loadConfig(file, { env: {} })
  if (loaded.kind === 'bad') throw new Error(JSON.stringify(loaded.problems))
  return loaded
}

function run(options: Partial<Parameters<typeof checkCommand>[0]>): { code: number; stdout: string; stderr: string } {
  let [stdout, stderr] = ['', '']
  const code = checkCommand({
    configPath: full,
    wantsSchema: false,
    env: {},
    output: 'text',
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    ...options,
  })
  return { code, stdout, stderr }
}

t.test('a description decodes to the configuration it describes, secrets apart', async (t) => {
  const { config, tree } = loadGood(full)
  const dir = t.testdir()
  // A key of three stars would be refused as too short.
  const described = describeConfig(config, tree).replace(/(\bkey:) "\*\*\*"/, `$1 "${'*'.repeat(16)}"`)
  writeFileSync(path.join(dir, 'agent.yaml'), described)
  const again = loadGood(path.join(dir, 'agent.yaml')).config
  const withoutSecrets = (c: AgentConfig) => ({
    ...c,
    probes: c.probes.map((probe) => ({
      ...probe,
      ...('headers' in probe && { headers: Object.keys(probe.headers) }),
      ...('env' in probe && { env: Object.keys(probe.env) }),
    })),
    outputs: c.outputs.map((output) =>
      output.type === 'http' ? { ...output, url: targetOf(output), headers: Object.keys(output.headers) } : output,
    ),
  })
  // As JSON, where every secret is the same three stars.
  t.same(JSON.parse(JSON.stringify(withoutSecrets(again))), JSON.parse(JSON.stringify(withoutSecrets(config))))
})

t.test('the fixture of that test sets every setting away from its default', async (t) => {
  const text = describeConfig(agentSchema.parse({}))
  const defaults = new Set(text.split('\n').filter((line) => /: \S/.test(line)))
  const { config, tree } = loadGood(full)
  const kept = describeConfig(config, tree)
    .split('\n')
    .filter((line) => defaults.has(line))
  t.same(kept, [])
})

t.test('no secret is shown by a description, by check, or by printing the parts of a configuration', async (t) => {
  const { config, tree } = loadGood(full)
  const [central] = config.outputs
  if (central?.type !== 'http') return t.fail('not http')
  t.equal(central.password?.reveal(), 'canary!', 'the secret is there')
  const { headers: _headers, ...printed } = central
  const shown = [
    describeConfig(config, tree),
    run({}).stdout + run({}).stderr,
    run({ output: 'json' }).stdout,
    JSON.stringify([config.api, printed]),
    inspect([config.api, printed], { depth: 9, showHidden: true }),
    `${config.api.token} ${central.password}`,
    JSON.stringify(config.sources),
    inspect(config.sources, { depth: 9, showHidden: true }),
  ]
  for (const text of shown) t.notMatch(text, /canary/)
})

t.test('an address from a file is shown by its host alone, another without its query', async (t) => {
  const config = agentSchema.parse({
    outputs: {
      a: { type: 'http', url: 'https://h.example:8443/services/T000/canary?x=1', url_file: '/run/secrets/url' },
      b: { type: 'http', url: 'https://h.example/v1?key=canary' },
    },
  })
  t.same(config.outputs.map(targetOf), ['https://h.example:8443/***', 'https://h.example/v1?***'])
})

t.test('check counts the files that match now, and their bytes', async (t) => {
  const dir = t.testdir({
    logs: {
      'a.log': 'x'.repeat(1500),
      'b.log': 'y',
      'b.log.gz': 'z',
      deep: { 'c.log': '12' },
      link: t.fixture('symlink', 'a.log'),
    },
    'agent.yaml':
      'sources:\n  app: { include: [logs/**/*.log, logs/a.log, logs/link, none/*.log], exclude: [logs/b*] }\noutputs: { screen: { type: console } }\n',
  })
  const { code, stdout } = run({ configPath: path.join(dir, 'agent.yaml') })
  t.equal(code, 0)
  t.match(stdout, 'source app: 3 files now, 2.9 KiB\n')
  t.match(stdout, 'output screen: console, standard output\n')
  const json = JSON.parse(run({ configPath: path.join(dir, 'agent.yaml'), output: 'json' }).stdout)
  t.same(json.sources, [{ name: 'app', matching: 3, bytes: 3002, isCut: false }])
})

t.test('check refuses a bad configuration with 78 and all its problems', async (t) => {
  const configPath = path.resolve('test/fixtures/config/many.bad.yaml')
  const { code, stdout, stderr } = run({ configPath })
  t.equal(code, 78)
  t.equal(stdout, '')
  t.equal(stderr.trim().split('\n').length, 6)
  t.match(stderr, /many\.bad\.yaml: 5 problems; the agent would not start/)
  const json = JSON.parse(run({ configPath, output: 'json' }).stdout)
  t.equal(json.problems.length, 5)
})

t.test('check prints warnings apart from what would run', async (t) => {
  const { code, stdout, stderr } = run({ configPath: path.resolve('test/fixtures/config/minimal.good.yaml') })
  t.equal(code, 0)
  t.match(stderr, /^warning: .*there are no sources/m)
  t.notMatch(stdout, /warning/)
})
