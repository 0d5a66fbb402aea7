#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensureRuntime, ensureRuntimeFlags } from './cli/runtime-flags.ts'
import { codeOf, EXIT, FatalError, messageOf } from './errors.ts'

/**
 * The command line. A table of verbs: each loads what it needs when it is called, so that the running agent does not carry
 * the others about.
 */

process.umask(0o077)

const DEFAULT_CONFIG = '/etc/obs-agent/agent.yaml'

interface Verb {
  readonly does: string
  readonly usage: string
  readonly options: Readonly<Record<string, { type: 'string' | 'boolean'; short?: string; help: string }>>
  /** What it is about, after the options: `FILE|-`. */
  readonly operand?: string
  readonly run: (values: Readonly<Record<string, string | boolean | undefined>>, operand: string) => Promise<number>
}

const config = {
  type: 'string',
  short: 'c',
  help: `the configuration (default: $OBS_AGENT_CONFIG or ${DEFAULT_CONFIG})`,
} as const
const output = { type: 'string', short: 'o', help: 'what to print: text (default) or json' } as const
const configPath = (value: unknown): string =>
  typeof value === 'string' ? value : (process.env.OBS_AGENT_CONFIG ?? DEFAULT_CONFIG)

const VERBS: Readonly<Record<string, Verb>> = {
  run: {
    does: 'run the agent in the foreground',
    usage: 'obs-agent run -c agent.yaml',
    options: { config },
    run: async (values) => {
      ensureRuntimeFlags(process.execArgv, process.argv)
      const { runCommand } = await import('./cli/run.ts')
      return runCommand(configPath(values.config), version())
    },
  },
  check: {
    does: 'check the configuration and print what would run, secrets left out',
    usage: 'obs-agent check -c agent.yaml',
    options: {
      config,
      output,
      schema: { type: 'boolean', help: 'print the JSON Schema of agent.yaml' },
      reference: { type: 'boolean', help: 'print every setting as Markdown' },
    },
    run: async (values) => {
      const { checkCommand } = await import('./cli/check.ts')
      return checkCommand({
        configPath: configPath(values.config),
        wantsSchema: values.schema === true,
        wantsReference: values.reference === true,
        env: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
        output: form(values.output),
      })
    },
  },
  parse: {
    does: 'show what the agent makes of a log file: entries, formats, joined lines, what is dropped or redacted',
    usage: 'obs-agent parse [-c agent.yaml] [--source app | --format auto] FILE|-',
    operand: 'FILE|-',
    options: {
      config: { ...config, help: 'the configuration whose sources are used (default: none, everything by default)' },
      output,
      source: { type: 'string', help: 'read it as this source does (default: the first that matches the file)' },
      format: { type: 'string', help: 'read it in this format, whatever the source says' },
      summary: { type: 'boolean', help: 'print how much was parsed, what was not, and the time formats seen' },
    },
    run: async (values, file) => {
      endWithReader()
      const { parseCommand } = await import('./cli/parse.ts')
      return parseCommand({
        file,
        ...(typeof values.config === 'string' && { configPath: values.config }),
        ...(typeof values.source === 'string' && { source: values.source }),
        ...(typeof values.format === 'string' && { format: values.format }),
        wantsSummary: values.summary === true,
        output: form(values.output),
        env: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      })
    },
  },
  status: {
    does: 'show how the running agent is: its checks, what is wrong first, and the host it is on',
    usage: 'obs-agent status -c agent.yaml',
    options: { config, output },
    run: async (values) => {
      endWithReader()
      const { statusCommand } = await import('./cli/status.ts')
      const { env, stdout } = process
      return statusCommand({ configPath: configPath(values.config), env, stdout, output: form(values.output) })
    },
  },
  version: {
    does: 'print the version of the agent and of its runtime',
    usage: 'obs-agent version',
    options: {},
    run: async () => {
      process.stdout.write(`obs-agent ${version()} (node ${process.versions.node})\n`)
      return EXIT.ok
    },
  },
}

/** Whoever reads our output (`head`, say) may have seen enough. */
function endWithReader(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })
}

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = args
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (name === 'help' || name === '--help' || name === '-h') return say(overview())
  if (name === '--version' || name === '-V') return say(`${version()}\n`)
  ensureRuntime(process.versions.node)
  if (!verb) throw new UsageError(`unknown verb ${name}, expected ${Object.keys(VERBS).join(', ')} or help`)
  const options = { ...verb.options, help: { type: 'boolean', short: 'h', help: 'print this' } } as const
  const allowPositionals = verb.operand !== undefined
  const { values, positionals } = parsed(() => parseArgs({ args: rest, options, strict: true, allowPositionals }))
  if (values.help === true) return say(help(verb, options))
  const [operand = '', ...more] = positionals
  if (verb.operand !== undefined && (operand === '' || more.length > 0)) {
    throw new UsageError(`${name}: expected one ${verb.operand}, got ${positionals.join(' ') || 'none'}`)
  }
  return verb.run(values, operand)
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

function say(text: string): number {
  process.stdout.write(text)
  return EXIT.ok
}

function overview(): string {
  const verbs = Object.entries(VERBS).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`)
  return `obs-agent tails log files, stores every line, ships it, and loses nothing.\n\nVerbs:\n${verbs.join('\n')}\n\nEach has --help.\n`
}

function help(verb: Verb, options: Verb['options']): string {
  const lines = Object.entries(options).map(([name, { short, type, help: text }]) => {
    const flags = `${short ? `-${short}, ` : '    '}--${name}${type === 'string' ? ' <value>' : ''}`
    return `  ${flags.padEnd(24)} ${text}`
  })
  return `${verb.does}\n\n  ${verb.usage}\n\nOptions:\n${lines.join('\n')}\n`
}

function form(value: unknown): 'text' | 'json' {
  if (value === undefined || value === 'text' || value === 'json') return value ?? 'text'
  throw new UsageError(`--output: expected text or json, got ${String(value)}`)
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`obs-agent: ${error.message}\n  see obs-agent help\n`)
    return EXIT.usage
  }
  if (error instanceof FatalError) {
    process.stderr.write(`obs-agent: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`)
    return error.exitCode
  }
  process.stderr.write(`obs-agent: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.internal
}

process.exitCode = await main(process.argv.slice(2)).catch(report)
