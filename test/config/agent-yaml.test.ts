import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { checkCommand } from '../../src/cli/check.ts'
import { editorSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { agentOutline, type Setting } from '../../src/config/outline.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { referenceOf } from '../../src/config/reference.ts'
import { agentSchema, type OutputConfig, type SourceConfig } from '../../src/config/schema.ts'

/** Drift guards: the shipped file, the reference and the JSON Schema say what the schema says. */

const text = readFileSync('config/agent.yaml', 'utf8')
/** In config/agent.yaml a line `#setting: …` is a setting that is switched off, `# words` are words. */
const everything = text.replace(/^( *)#(?=\S)/gm, '$1')

const STEPS = ['add', 'rename', 'drop', 'keep_if', 'drop_if', 'sample', 'rate_limit', 'dedupe', 'redact']

function* leaves(setting: Setting, at = ''): Generator<{ at: string; key: string; setting: Setting }> {
  if (setting.kind === 'named') yield* leaves(setting.value, `${at}.<name>`)
  if (setting.kind === 'list') yield* leaves(setting.item, `${at}[]`)
  if (setting.kind === 'either') for (const form of setting.forms) yield* leaves(form, at)
  if (setting.kind === 'choice')
    for (const [type, variant] of setting.variants) yield* leaves(variant, `${at}(${type})`)
  if (setting.kind !== 'map') return
  for (const [key, child] of setting.keys) {
    yield { at: `${at}.${key}`, key, setting: child }
    yield* leaves(child, `${at}.${key}`)
  }
}

t.test('config/agent.yaml runs on this host as it is', async (t) => {
  const loaded = loadConfig('config/agent.yaml', { env: {} })
  t.same(loaded.kind === 'ok' ? loaded.warnings : loaded.problems.map(formatProblem), [])
  if (loaded.kind !== 'ok') return
  t.equal(loaded.config.dataDir, path.resolve('data'))
  t.match(loaded.config.outputs, [{ name: 'local', type: 'file', path: path.resolve('data/shipped.ndjson') }])
})

t.test('config/agent.yaml keeps its state where the service says', async (t) => {
  const loaded = loadConfig('config/agent.yaml', { env: { OBS_AGENT_DATA_DIR: '/var/lib/obs-agent' } })
  if (loaded.kind !== 'ok') return t.fail(loaded.problems.map(formatProblem).join('\n'))
  t.equal(loaded.config.dataDir, agentSchema.parse({}).dataDir)
  t.match(loaded.config.outputs, [{ path: '/var/lib/obs-agent/shipped.ndjson' }])
})

t.test('config/agent.yaml with every setting switched on decodes to the defaults it names', async (t) => {
  const files = {
    'agent.yaml': everything,
    token: 'x',
    'mysql-url': 'mysql://app:x@db.example/shop',
    'api-token': 'x',
    'ca.pem': 'x',
    'agent.pem': 'x',
    'agent-key.pem': 'x',
  }
  const file = path.join(t.testdir(files), 'agent.yaml')
  const loaded = loadConfig(file, { env: { OBS_AGENT_DATA_DIR: '/var/lib/obs-agent' } })
  if (loaded.kind !== 'ok') return t.fail(loaded.problems.map(formatProblem).join('\n'))
  const defaults = agentSchema.parse({
    sources: { system: { include: ['x'] } },
    outputs: {
      local: { type: 'file', path: 'x' },
      central: { type: 'http', url: 'https://x/y' },
      screen: { type: 'console' },
    },
  })
  const { config } = loaded
  for (const key of [
    'service',
    'environment',
    'version',
    'dataDir',
    'log',
    'buffer',
    'probing',
    'metrics',
    'drainMs',
  ] as const) {
    t.same(config[key], defaults[key], key)
  }
  t.equal(config.api.listen, defaults.api.listen)
  const [source, plain] = [config.sources[0], defaults.sources[0]]
  // What has no default is there as an example.
  const examples = ['include', 'exclude', 'timeFormat', 'process', 'metrics'] as const
  const without = (config: SourceConfig | undefined) =>
    Object.fromEntries(Object.entries(config ?? {}).filter(([key]) => !examples.some((name) => name === key)))
  t.match(without(source), without(plain))
  t.equal(source?.process.length, STEPS.length, 'an example of each step')
  t.same([...new Set(source?.process.map((step) => step.kind))].sort(), [...STEPS].sort())
  // Only where it leads and how it signs in has no default.
  const own = (output: OutputConfig | undefined) =>
    output?.type === 'http' ? { url: output.url } : output?.type === 'file' ? { path: output.path } : {}
  t.equal(config.outputs.length, 3)
  for (const output of defaults.outputs) {
    const found = config.outputs.find(({ name }) => name === output.name)
    t.match(found, { ...output, ...own(found) }, output.name)
  }
})

t.test('config/agent.yaml mentions every setting', async (t) => {
  for (const { at, key } of leaves(agentOutline())) t.match(text, new RegExp(`\\b${key}\\b`), at)
})

t.test('config/agent.yaml names a default wherever there is one', async (t) => {
  for (const { at, key, setting } of leaves(agentOutline())) {
    // The defaults of multiline and host are written as the maps that they are short for.
    const isScalar = setting.kind === 'leaf' || (setting.kind === 'either' && key !== 'multiline' && key !== 'host')
    if (!isScalar || setting.default === undefined || key === 'data_dir') continue
    t.match(everything, new RegExp(`^ *${key}: ${String(setting.default).replaceAll('.', '\\.')}(?!\\w)`, 'm'), at)
  }
})

t.test('every setting has a sentence, in the reference too', async (t) => {
  const reference = referenceOf(agentOutline())
  for (const { at, key, setting } of leaves(agentOutline())) {
    t.match(setting.description, /[.…]$/, at)
    t.ok(reference.includes(`| \`${key}\` | `), at)
  }
  let printed = ''
  const sink = { write: (chunk: string) => (printed += chunk) }
  const options = { configPath: '/nowhere', env: {}, stdout: sink, stderr: sink, output: 'text' } as const
  t.equal(checkCommand({ ...options, wantsSchema: false, wantsReference: true }), 0)
  t.equal(printed, reference)
})

t.test('the JSON Schema knows the twins of secrets, and keeps our own marks to itself', async (t) => {
  const schema = JSON.stringify(editorSchema())
  t.match(editorSchema(), { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })
  for (const key of ['token_file', 'password_file', 'url_file', 'key_file']) t.ok(schema.includes(`"${key}":{`), key)
  t.match(schema, '"oneOf":[{"required":["url"]},{"required":["url_file"]}]')
  t.notMatch(schema, /"(role|expected)":/)
})
