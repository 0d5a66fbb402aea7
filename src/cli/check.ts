import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describeConfig, describedSettings, targetOf } from '../config/describe.ts'
import type { Environment } from '../config/environment.ts'
import { compileGlobs } from '../config/glob.ts'
import { editorSchema } from '../config/json-schema.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { agentOutline } from '../config/outline.ts'
import { formatProblem } from '../config/problem.ts'
import { referenceOf } from '../config/reference.ts'
import type { SourceConfig } from '../config/schema.ts'
import { formatDuration } from '../config/units.ts'
import { EXIT } from '../errors.ts'

export interface TextSink {
  write(text: string): unknown
}

export interface CheckOptions {
  readonly configPath: string
  /** Print the JSON Schema of agent.yaml, and look at no file. */
  readonly wantsSchema: boolean
  /** Print every setting as Markdown, and look at no file. */
  readonly wantsReference?: boolean
  readonly env: Environment
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly output: 'text' | 'json'
}

/** `obs-agent check`: what would run, or all that is wrong. Returns the exit code: 0, or 78 for a bad configuration. */
export function checkCommand(options: CheckOptions): number {
  const { stdout, stderr } = options
  if (options.wantsSchema) {
    stdout.write(`${JSON.stringify(editorSchema(), null, 2)}\n`)
    return EXIT.ok
  }
  if (options.wantsReference) {
    stdout.write(referenceOf(agentOutline()))
    return EXIT.ok
  }
  const loaded = loadConfig(options.configPath, { env: options.env })
  const isJson = options.output === 'json'
  if (loaded.kind === 'bad') {
    if (isJson) stdout.write(`${JSON.stringify({ status: 'bad', problems: loaded.problems }, null, 2)}\n`)
    for (const problem of loaded.problems) stderr.write(`${formatProblem(problem)}\n`)
    stderr.write(`${options.configPath}: ${counted(loaded.problems.length, 'problem')}; the agent would not start\n`)
    return EXIT.config
  }
  for (const warning of loaded.warnings) stderr.write(`warning: ${formatProblem(warning)}\n`)
  stdout.write(isJson ? `${JSON.stringify(asJson(loaded), null, 2)}\n` : asText(loaded))
  return EXIT.ok
}

type Good = Extract<Loaded, { kind: 'ok' }>

function asJson({ config, tree, files, warnings }: Good): unknown {
  return {
    status: 'ok',
    files,
    warnings,
    sources: config.sources.map((source) => ({ name: source.name, ...filesNow(source) })),
    outputs: config.outputs.map((output) => ({ name: output.name, type: output.type, target: targetOf(output) })),
    config: describedSettings(config, tree),
    probes: config.probes.map(({ name, type, intervalMs }) => ({ name, type, interval: formatDuration(intervalMs) })),
  }
}

function asText({ config, tree, files }: Good): string {
  const sources = config.sources.map((source) => {
    const { matching, bytes, isCut } = filesNow(source)
    const amount = `${isCut ? 'more than ' : ''}${counted(matching, 'file')} now, ${roundSize(bytes)}`
    return `source ${source.name}: ${amount}`
  })
  const outputs = config.outputs.map((output) => `output ${output.name}: ${output.type}, ${targetOf(output)}`)
  const probes = config.probes.map(
    ({ name, type, intervalMs }) => `probe ${name}: ${type}, every ${formatDuration(intervalMs)}`,
  )
  const head = `${files.join(', ')}: good\n`
  return `${head}\n${[...sources, ...outputs, ...probes].join('\n')}\n\nWhat would run, with every default:\n\n${describeConfig(config, tree)}`
}

/** Enough for any host; a glob such as /** would keep an operator waiting otherwise. */
const MAX_ENTRIES = 200_000

interface FilesNow {
  /** How many regular files match, and may be looked at. */
  readonly matching: number
  readonly bytes: number
  /** Whether the search ended early. */
  readonly isCut: boolean
}

function filesNow(source: SourceConfig): FilesNow {
  const { matches, roots } = compileGlobs(source.include, source.exclude)
  const found = new Map<string, number>()
  let left = MAX_ENTRIES
  const pending = roots.map(({ dir, isDeep }) => ({ dir, isDeep }))
  for (let next = pending.pop(); next && left > 0; next = pending.pop()) {
    for (const entry of entriesOf(next.dir)) {
      left -= 1
      const file = path.join(next.dir, entry.name)
      if (entry.isDirectory()) {
        if (next.isDeep) pending.push({ dir: file, isDeep: true })
      } else if (matches(file)) {
        const bytes = sizeOf(file)
        if (bytes !== undefined) found.set(file, bytes)
      }
    }
  }
  const bytes = [...found.values()].reduce((sum, size) => sum + size, 0)
  return { matching: found.size, bytes, isCut: left <= 0 }
}

function entriesOf(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return [] // Missing, or not ours to read: nothing matches there now.
  }
}

function sizeOf(file: string): number | undefined {
  try {
    const stat = statSync(file)
    return stat.isFile() ? stat.size : undefined
  } catch {
    return undefined // Gone meanwhile, a link to nowhere, or not ours to look at.
  }
}

function roundSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
