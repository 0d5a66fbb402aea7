import path from 'node:path'
import { checkProbes } from './check-probes.ts'
import { compileGlobs } from './glob.ts'
import { isLoopback } from './listen.ts'
import { formatPath, type Path, type Problem } from './problem.ts'
import type { AgentConfig, FileOutputConfig, HttpOutputConfig, SourceConfig } from './schema.ts'
import type { LogMetricConfig } from './steps.ts'
import { type ConfigNode, locate, positionOf } from './tree.ts'

/** Rules between sections, which the schema of one section cannot see. */

interface Findings {
  readonly problems: Problem[]
  readonly warnings: Problem[]
}

/** What the agent keeps in its data_dir; a source that reads one of these would feed itself. */
const OWN_FILES = [
  'buffer.db',
  'buffer.db-wal',
  'state.db',
  'state.db-wal',
  'lock.db',
  'ballast',
  'acked.json',
  'series.db',
  'series.db-wal',
]

export function crossCheck(config: AgentConfig, root: ConfigNode, { problems, warnings }: Findings): void {
  const at = (path: Path): Omit<Problem, 'message'> => {
    const found = locate(root, path)
    return { ...positionOf(found.node?.kind === 'scalar' ? found.node : found.at), path: formatPath(path) }
  }
  const files = config.outputs.filter((output) => output.type === 'file')
  checkFileOutputs(config, files, at, problems)
  for (const source of config.sources) checkFeedback(config, source, files, at, problems)
  checkMetrics(config, at, problems)
  checkProbes(config, at, problems)
  for (const output of config.outputs) if (output.type === 'http') checkInClear(output, at, warnings)
  if (config.sources.length === 0) {
    warnings.push({ ...at(['sources']), message: 'there are no sources: no file is read' })
  }
  if (config.outputs.length === 0) {
    warnings.push({ ...at(['outputs']), message: 'there are no outputs: entries stay on this host' })
  }
}

type At = (path: Path) => Omit<Problem, 'message'>

function checkFileOutputs(config: AgentConfig, files: FileOutput[], at: At, problems: Problem[]): void {
  const owners = new Map<string, string>()
  for (const { name, path: file } of files) {
    const place = at(['outputs', name, 'path'])
    const owner = owners.get(file)
    if (owner !== undefined)
      problems.push({ ...place, message: `expected a file of its own, got that of outputs.${owner}` })
    else owners.set(file, name)
    if (path.dirname(file) === config.dataDir && OWN_FILES.includes(path.basename(file))) {
      problems.push({ ...place, message: 'expected another name: the agent keeps its state in this file' })
    }
    if (file === config.dataDir) problems.push({ ...place, message: 'expected a file, got the data_dir' })
  }
}

type FileOutput = FileOutputConfig & { readonly name: string }

function checkFeedback(
  config: AgentConfig,
  source: SourceConfig,
  files: FileOutput[],
  at: At,
  problems: Problem[],
): void {
  const own = OWN_FILES.map((name) => path.join(config.dataDir, name))
  source.include.forEach((include, i) => {
    const { matches, roots } = compileGlobs([include], source.exclude)
    const place = at(['sources', source.name, 'include', i])
    const hint = 'exclude it, or keep it elsewhere'
    const isInside = roots.some(({ dir }) => isWithin(dir, config.dataDir))
    const output = files.find((file) => matches(file.path) || matches(`${file.path}.1`))
    if (output) {
      const message = `the agent would read its own output: this matches what outputs.${output.name} writes`
      problems.push({ ...place, message, hint })
    } else if (isInside || own.some(matches)) {
      problems.push({ ...place, message: 'the agent would read its own output: this matches files in data_dir', hint })
    }
  })
}

/** A metric of several sources is one metric, so they must mean the same by it. */
function checkMetrics(config: AgentConfig, at: At, problems: Problem[]): void {
  const first = new Map<string, { readonly source: string; readonly metric: LogMetricConfig }>()
  for (const source of config.sources) {
    for (const metric of source.metrics) {
      const known = first.get(metric.name)
      if (!known) first.set(metric.name, { source: source.name, metric })
      const differing = known && TRAITS.find(({ of }) => of(known.metric) !== of(metric))
      if (!known || !differing) continue
      const message = `expected the ${differing.noun} it has in sources.${known.source}: ${differing.of(known.metric) || 'none'}, got ${differing.of(metric) || 'none'}`
      problems.push({
        ...at(['sources', source.name, 'metrics', metric.name]),
        message,
        hint: 'make them alike, or give one of them another name',
      })
    }
  }
}

const TRAITS: readonly { readonly noun: string; readonly of: (metric: LogMetricConfig) => string }[] = [
  { noun: 'type', of: ({ type }) => type },
  { noun: 'labels', of: ({ labels }) => Object.keys(labels).sort().join(', ') },
  { noun: 'buckets', of: ({ buckets }) => buckets.join(', ') },
]

function isWithin(dir: string, parent: string): boolean {
  return dir === parent || dir.startsWith(parent.endsWith('/') ? parent : `${parent}/`)
}

function checkInClear(output: HttpOutputConfig & { readonly name: string }, at: At, warnings: Problem[]): void {
  const url = URL.parse(output.url)
  if (url?.protocol !== 'http:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return
  const secret = output.token ? 'token' : output.password ? 'password' : undefined
  if (!secret) return
  const message = `the ${secret} crosses the network unencrypted, since the url is http`
  warnings.push({ ...at(['outputs', output.name, 'url']), message, hint: 'use https' })
}
