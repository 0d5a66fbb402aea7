import type { AgentConfig, OutputConfig } from '../config/schema.ts'
import { revealedSource } from '../config/working-source.ts'
import type { IngestSettings } from '../ingest/messages.ts'
import type { ChunkEncoding } from '../store/chunk.ts'

/** The part of the configuration the ingest thread works by. Of the secrets only the keys of hashes that it makes itself. */
export function ingestSettings(
  config: AgentConfig,
  host: { hostname: string; localZone: string; ownInodes: readonly string[] },
): IngestSettings {
  const { dataDir, service, version, environment, buffer, sources, outputs, log } = config
  return {
    ...{ dataDir, service, version, environment, buffer },
    sources: sources.map(revealedSource),
    host: config.host.name ?? host.hostname,
    localZone: host.localZone,
    encoding: storedEncoding(outputs),
    outputs: outputs.map(({ name }) => name),
    ownPaths: [dataDir, ...outputs.flatMap((output) => (output.type === 'file' ? [output.path] : []))],
    ownInodes: host.ownInodes,
    logLevel: log.level,
  }
}

/** Chunks are stored as the first output that says wants them, and go there as they are; others re-encode. */
function storedEncoding(outputs: readonly OutputConfig[]): ChunkEncoding {
  const http = outputs.find((output) => output.type === 'http')
  const compression = http?.compression ?? 'zstd'
  return compression === 'none' ? 'identity' : compression
}
