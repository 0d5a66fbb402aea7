import { unreachable } from '../errors.ts'
import { describeNode } from './describe-node.ts'
import { describedSource } from './describe-source.ts'
import { printYaml } from './load.ts'
import { agentOutline, childOf } from './outline.ts'
import type { AgentConfig, HttpOutputConfig, OutputConfig } from './schema.ts'
import type { ConfigNode } from './tree.ts'
import { formatDuration, formatSize } from './units.ts'

const MASK = '***'

/** What will run, as YAML in the words of agent.yaml, with every default filled in and every secret as `***`. `tree`: what it was decoded from. */
export function describeConfig(config: AgentConfig, tree?: ConfigNode): string {
  return printYaml(describedSettings(config, tree))
}

/** The same as plain values. */
export function describedSettings(config: AgentConfig, tree?: ConfigNode): Record<string, unknown> {
  const { buffer } = config
  const outline = agentOutline()
  const entries = tree?.kind === 'map' ? tree.entries : undefined
  const described = (key: string): unknown => {
    const setting = childOf(outline, key)
    return setting && describeNode(setting, entries?.get(key)?.value)
  }
  return {
    service: config.service,
    environment: config.environment,
    version: config.version,
    host: described('host'),
    data_dir: config.dataDir,
    log: config.log,
    api: { listen: config.api.listen, ...(config.api.token && { token: MASK }) },
    buffer: {
      max_bytes: formatSize(buffer.maxBytes),
      max_age: formatDuration(buffer.maxAgeMs),
      when_full: buffer.whenFull,
      min_free: formatSize(buffer.minFreeBytes),
      chunk_bytes: formatSize(buffer.chunkBytes),
      chunk_wait: formatDuration(buffer.chunkWaitMs),
    },
    sources: Object.fromEntries(config.sources.map((source) => [source.name, describedSource(source)])),
    outputs: Object.fromEntries(config.outputs.map((output) => [output.name, describedOutput(output)])),
    probes: described('probes'),
    probing: described('probing'),
    metrics: described('metrics'),
    drain: formatDuration(config.drainMs),
  }
}

/** Where an output sends to, fit to be shown. */
export function targetOf(output: OutputConfig): string {
  switch (output.type) {
    case 'http':
      return shownUrl(output)
    case 'file':
      return output.path
    case 'console':
      return 'standard output'
    default:
      return unreachable(output)
  }
}

function describedOutput(output: OutputConfig): Record<string, unknown> {
  switch (output.type) {
    case 'http':
      return describedHttpOutput(output)
    case 'file':
      return {
        type: output.type,
        path: output.path,
        compression: output.compression,
        rotate_bytes: formatSize(output.rotateBytes),
        rotate_every_day: output.rotateEveryDay,
        keep: output.keepCount,
      }
    case 'console':
      return { type: output.type }
    default:
      return unreachable(output)
  }
}

function describedHttpOutput(output: HttpOutputConfig): Record<string, unknown> {
  return {
    type: output.type,
    url: shownUrl(output),
    compression: output.compression,
    ...(output.token && { token: MASK }),
    ...(output.username !== undefined && { username: output.username }),
    ...(output.password && { password: MASK }),
    headers: Object.fromEntries(Object.keys(output.headers).map((name) => [name, MASK])),
    in_flight: output.inFlightCount,
    timeout: formatDuration(output.timeoutMs),
    retry_min: formatDuration(output.retryMinMs),
    retry_max: formatDuration(output.retryMaxMs),
    ...(output.tlsCaFile !== undefined && { tls_ca_file: output.tlsCaFile }),
    ...(output.tlsCertFile !== undefined && { tls_cert_file: output.tlsCertFile }),
    ...(output.tlsKeyFile !== undefined && { tls_key_file: output.tlsKeyFile }),
  }
}

/** Without user, password and query; of an address that was read from a file, the host alone. */
function shownUrl({ url: text, urlFile }: HttpOutputConfig): string {
  const url = URL.parse(text)
  if (!url) return MASK
  if (urlFile !== undefined) return `${url.origin}/${MASK}`
  return `${url.origin}${url.pathname}${url.search === '' ? '' : `?${MASK}`}`
}
