import { closeSync, openSync, readSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { compileGlobs } from '../config/glob.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { type AgentConfig, agentSchema, type SourceConfig } from '../config/schema.ts'
import { FORMATS, type FormatName } from '../config/steps.ts'
import { revealedSource } from '../config/working-source.ts'
import { codeOf, EXIT, FatalError, messageOf } from '../errors.ts'
import { systemClock } from '../run/clock.ts'
import type { TextSink } from './check.ts'
import { localZone } from './local-zone.ts'
import { printable } from './parse/printable.ts'
import { type RecordReport, RecordRun } from './parse/record-run.ts'
import { Summary } from './parse/summary.ts'

export interface ParseOptions {
  /** A file, or `-` for standard input. */
  readonly file: string
  /** Undefined: no configuration, and `parse: auto`. */
  readonly configPath?: string
  readonly source?: string
  readonly format?: string
  readonly wantsSummary: boolean
  readonly output: 'text' | 'json'
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: TextSink
  readonly stderr: TextSink
}

const BLOCK_BYTES = 256 * 1024

/** `obs-agent parse`: what the agent would make of a file. Returns the exit code. */
export function parseCommand(options: ParseOptions): number {
  const { stdout, output } = options
  const config = configOf(options)
  if (config === undefined) return EXIT.config
  const source = sourceOf(config, options)
  const { service, version, environment } = config
  const context = {
    service: source.service ?? service,
    version: source.version ?? version,
    environment: source.environment ?? environment,
    host: config.host.name ?? hostname(),
    source: source.name,
    file: options.file === '-' ? '-' : resolve(options.file),
    times: { zone: source.timeZone ?? localZone(), ...(source.timeFormat && { layout: source.timeFormat }) },
  }
  const summary = options.wantsSummary ? new Summary() : undefined
  const report = (record: RecordReport): void => {
    if (summary) summary.add(record)
    else stdout.write(output === 'json' ? `${json(record)}\n` : textOf(record))
  }
  const run = new RecordRun(revealedSource(source), context, { report, readMs: () => systemClock.nowMs() })
  for (const bytes of blocksOf(options.file)) run.push(bytes)
  run.end()
  if (summary) stdout.write(output === 'json' ? `${JSON.stringify(summary, null, 2)}\n` : String(summary))
  return EXIT.ok
}

function configOf({ configPath, env, stderr }: ParseOptions): AgentConfig | undefined {
  if (configPath === undefined) return agentSchema.parse({})
  const loaded = loadConfig(configPath, { env })
  if (loaded.kind === 'ok') return loaded.config
  for (const problem of loaded.problems) stderr.write(`${formatProblem(problem)}\n`)
  return undefined
}

/** The source that is named, or else the first that matches the file, or else one with every default. */
function sourceOf({ sources }: AgentConfig, { source: name, format, file }: ParseOptions): SourceConfig {
  const source = name === undefined ? matching(sources, file) : sources.find((source) => source.name === name)
  if (name !== undefined && !source) {
    const names = sources.map((one) => one.name).join(', ')
    throw new FatalError(`Cannot parse for source ${name}: the configuration has ${names || 'no source'}`, {
      exitCode: EXIT.usage,
      hint: 'name one of them, and the configuration with -c',
    })
  }
  const found = source ?? defaultSource()
  return format === undefined ? found : { ...found, parse: { kind: 'format', format: formatOf(format) } }
}

function matching(sources: readonly SourceConfig[], file: string): SourceConfig | undefined {
  if (file === '-') return undefined
  return sources.find(({ include, exclude }) => compileGlobs(include, exclude).matches(resolve(file)))
}

function defaultSource(): SourceConfig {
  const [source] = agentSchema.parse({ sources: { parse: { include: ['/-'] } } }).sources
  if (!source) throw new Error('Cannot parse: the schema gave no source')
  return source
}

function formatOf(name: string): FormatName {
  const format = FORMATS.find((format) => format === name)
  if (format) return format
  throw new FatalError(`Cannot parse as ${name}: expected one of ${FORMATS.join(', ')}`, { exitCode: EXIT.usage })
}

function* blocksOf(file: string): Iterable<Buffer> {
  let fd = 0
  try {
    if (file !== '-') fd = openSync(file, 'r')
    for (;;) {
      const bytes = Buffer.allocUnsafe(BLOCK_BYTES)
      const count = readSome(fd, bytes)
      if (count === 0) return
      yield bytes.subarray(0, count)
    }
  } catch (error) {
    throw new FatalError(`Cannot read ${file}: ${messageOf(error)}`, { exitCode: EXIT.failure, cause: error })
  } finally {
    if (fd !== 0) closeSync(fd)
  }
}

/** A pipe from a program that has nothing to say yet answers EAGAIN, and one that was closed EOF. */
function readSome(fd: number, bytes: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, bytes, 0, bytes.length, null)
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0
      if (codeOf(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

function json({ entry, parser, lines, dropped_by, redacted }: RecordReport): string {
  return JSON.stringify({ entry, parser, lines, ...(dropped_by && { dropped_by }), ...(redacted && { redacted }) })
}

function textOf({ entry, parser, why, lines, dropped_by, redacted }: RecordReport): string {
  const hits = Object.entries(redacted ?? {}).map(([name, count]) => `${name} ${count}`)
  const head = [
    `parser ${parser} (${why})`,
    ...(lines.length > 1 ? [`${lines.length} lines joined`] : []),
    ...(dropped_by === undefined ? [] : [`dropped by ${dropped_by}`]),
    ...(hits.length > 0 ? [`redacted: ${hits.join(', ')}`] : []),
  ].join(', ')
  const said = lines.map((line) => `  | ${printable(line)}`)
  const fields = Object.entries(entry).map(([name, value]) => {
    return `  ${name.padEnd(14)} ${printable(typeof value === 'string' ? value : JSON.stringify(value))}`
  })
  return `${head}\n${[...said, ...fields].join('\n')}\n\n`
}
