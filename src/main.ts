#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { EXIT, FatalError } from './errors.ts'

/**
 * The command line. Each verb loads what it needs when it is called: `check` opens no database, `version` loads nothing.
 */

process.umask(0o077)

const DEFAULT_CONFIG = '/etc/obs-agent/agent.yaml'

const config = new Option('-c, --config <file>', 'the configuration').default(DEFAULT_CONFIG).env('OBS_AGENT_CONFIG')
const output = new Option('-o, --output <form>', 'what to print').choices(['text', 'json']).default('text')

const program = new Command('obs-agent')
  .description('Tails log files, stores every line, ships it, and loses nothing.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'obs-agent: ')) })

program
  .command('run')
  .description('run the agent in the foreground')
  .addOption(config)
  .action(async (options: { config: string }) => {
    const { runCommand } = await import('./cli/run.ts')
    process.exitCode = await runCommand(options.config, version())
  })

program
  .command('check')
  .description('check the configuration and print what would run, secrets left out')
  .addOption(config)
  .addOption(output)
  .option('--schema', 'print the JSON Schema of agent.yaml')
  .option('--reference', 'print every setting as Markdown')
  .action(async (options: { config: string; output: 'text' | 'json'; schema?: true; reference?: true }) => {
    const { checkCommand } = await import('./cli/check.ts')
    process.exitCode = checkCommand({
      configPath: options.config,
      wantsSchema: options.schema === true,
      wantsReference: options.reference === true,
      env: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      output: options.output,
    })
  })

program
  .command('version')
  .description('print the version of the agent and of its runtime')
  .action(() => {
    process.stdout.write(`obs-agent ${version()} (node ${process.versions.node})\n`)
  })

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof FatalError) {
    process.stderr.write(`obs-agent: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`)
    return error.exitCode
  }
  // commander has printed its message already.
  if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  process.stderr.write(`obs-agent: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.internal
}
