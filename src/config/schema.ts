import { z } from 'zod'
import { Secret } from './secret.ts'
import { type Parsed, parseDuration, parseSize } from './units.ts'

/**
 * agent.yaml, written once: what may stand there, its default, its sentence. Decoding gives the objects below, whose
 * names carry their units; the JSON Schema for editors and the printed reference come from the same place.
 */

const unit = (parse: (text: string) => Parsed) =>
  z.string().transform((text, context) => {
    const parsed = parse(text)
    if (parsed.kind === 'ok') return parsed.value
    context.addIssue({ code: 'custom', message: `expected ${parsed.expected}` })
    return z.NEVER
  })
const duration = () => unit(parseDuration)
const size = () => unit(parseSize)
const secret = () =>
  z
    .string()
    .min(1)
    .transform((text) => new Secret(text))
const path = () => z.string().min(1)
const name = () => z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/)

const logSettings = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('Least severe message the agent prints of itself.'),
    format: z.enum(['auto', 'json', 'text']).default('auto').describe('auto: text on a terminal, JSON otherwise.'),
  })
  .prefault({})

const apiSettings = z
  .strictObject({
    listen: z.string().prefault('127.0.0.1:9610').describe('Address and port of the local HTTP API.'),
    token: secret()
      .optional()
      .describe('Bearer token that callers must send; required to listen on anything but loopback.'),
  })
  .prefault({})
  .transform((s) => ({ listen: s.listen, ...(s.token && { token: s.token }) }))

const bufferSettings = z
  .strictObject({
    max_bytes: size().prefault('1GiB').describe('Most that stored chunks may take on disk.'),
    max_age: duration().prefault('7d').describe('How long delivered entries stay for local questions.'),
    when_full: z
      .enum(['block', 'drop_oldest', 'drop_newest'])
      .default('block')
      .describe(
        'What happens at max_bytes when the collector is behind. block: stop reading, the log files are the buffer.',
      ),
    min_free: size().prefault('64MiB').describe('Free space left on the disk; below it reading stops.'),
    chunk_bytes: size().prefault('1MiB').describe('A chunk is sealed at this much text …'),
    chunk_wait: duration().prefault('200ms').describe('… or when its first entry is this old.'),
  })
  .prefault({})
  .transform((s) => ({
    maxBytes: s.max_bytes,
    maxAgeMs: s.max_age,
    whenFull: s.when_full,
    minFreeBytes: s.min_free,
    chunkBytes: s.chunk_bytes,
    chunkWaitMs: s.chunk_wait,
  }))

const sourceSettings = z
  .strictObject({
    include: z
      .array(path())
      .min(1)
      .describe('Globs of the files to tail: *, **, ?, [a-z], {a,b}. Absolute, or relative to agent.yaml.'),
    exclude: z.array(path()).default([]).describe('Globs of files to leave alone.'),
    start_at: z
      .enum(['beginning', 'end'])
      .default('beginning')
      .describe(
        'Where to begin in files that are there when the agent first starts. Files that appear later are read from their beginning.',
      ),
    parse: z
      .enum(['auto', 'json', 'plain'])
      .default('auto')
      .describe('Format of a line. auto: JSON when it looks like JSON, else plain text.'),
    max_line: size().prefault('256KiB').describe('Longer lines are cut here, marked and counted.'),
    rotate_wait: duration()
      .prefault('60s')
      .describe('How long a rotated file is still read, for writers that keep it open.'),
    deleted_hold: duration().prefault('10m').describe('How long a deleted file that is still written to is held open.'),
    service: z
      .string()
      .min(1)
      .optional()
      .describe('Service for entries that do not name one; default: the service above.'),
    environment: z.string().min(1).optional(),
    version: z.string().min(1).optional(),
  })
  .transform((s) => ({
    include: s.include,
    exclude: s.exclude,
    startAt: s.start_at,
    parse: s.parse,
    maxLineBytes: s.max_line,
    rotateWaitMs: s.rotate_wait,
    deletedHoldMs: s.deleted_hold,
    ...(s.service !== undefined && { service: s.service }),
    ...(s.environment !== undefined && { environment: s.environment }),
    ...(s.version !== undefined && { version: s.version }),
  }))

const httpOutput = z.strictObject({
  type: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }).describe('Where chunks are POSTed.'),
  compression: z.enum(['zstd', 'gzip', 'none']).default('zstd'),
  token: secret().optional().describe('Sent as Authorization: Bearer.'),
  username: z.string().optional(),
  password: secret().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  in_flight: z.int().min(1).max(64).default(4).describe('Most requests under way at once.'),
  timeout: duration().prefault('30s').describe('Longest that one request may take altogether.'),
  retry_min: duration().prefault('1s'),
  retry_max: duration().prefault('60s'),
  tls_ca_file: path().optional(),
  tls_cert_file: path().optional(),
  tls_key_file: path().optional(),
})
const fileOutput = z.strictObject({
  type: z.literal('file'),
  path: path().describe('NDJSON is appended here.'),
  compression: z.enum(['zstd', 'none']).default('none'),
  rotate_bytes: size().prefault('100MiB'),
  rotate_every_day: z.boolean().default(true),
  keep: z.int().min(0).max(1000).default(5).describe('Rotated files that are kept.'),
})
const consoleOutput = z.strictObject({ type: z.literal('console') })
const outputSettings = z.discriminatedUnion('type', [
  httpOutput.transform((s) => ({
    type: s.type,
    url: s.url,
    compression: s.compression,
    headers: s.headers,
    inFlightCount: s.in_flight,
    timeoutMs: s.timeout,
    retryMinMs: s.retry_min,
    retryMaxMs: s.retry_max,
    ...(s.token && { token: s.token }),
    ...(s.username !== undefined && { username: s.username }),
    ...(s.password && { password: s.password }),
    ...(s.tls_ca_file !== undefined && { tlsCaFile: s.tls_ca_file }),
    ...(s.tls_cert_file !== undefined && { tlsCertFile: s.tls_cert_file }),
    ...(s.tls_key_file !== undefined && { tlsKeyFile: s.tls_key_file }),
  })),
  fileOutput.transform((s) => ({
    type: s.type,
    path: s.path,
    compression: s.compression,
    rotateBytes: s.rotate_bytes,
    rotateEveryDay: s.rotate_every_day,
    keepCount: s.keep,
  })),
  consoleOutput,
])

export const agentSchema = z
  .strictObject({
    service: z.string().min(1).default('unknown').describe('Service for entries that do not name one.'),
    environment: z.string().min(1).default('production'),
    version: z.string().min(1).default('unknown'),
    host: z.string().min(1).optional().describe('Name of this host on every entry; default: the host name.'),
    data_dir: path().default('/var/lib/obs-agent').describe('Where the agent keeps its state.'),
    log: logSettings,
    api: apiSettings,
    buffer: bufferSettings,
    sources: z.record(name(), sourceSettings).default({}),
    outputs: z.record(name(), outputSettings).default({}),
    drain: duration().prefault('10s').describe('How long stopping may take to deliver what is stored.'),
  })
  .transform((s) => ({
    service: s.service,
    environment: s.environment,
    version: s.version,
    ...(s.host !== undefined && { host: s.host }),
    dataDir: s.data_dir,
    log: s.log,
    api: s.api,
    buffer: s.buffer,
    sources: Object.entries(s.sources).map(([name, source]) => ({ name, ...source })),
    outputs: Object.entries(s.outputs).map(([name, output]) => ({ name, ...output })),
    drainMs: s.drain,
  }))

export type AgentConfig = z.output<typeof agentSchema>
export type BufferConfig = AgentConfig['buffer']
export type SourceConfig = AgentConfig['sources'][number]
export type OutputConfig = AgentConfig['outputs'][number]
export type HttpOutputConfig = Extract<OutputConfig, { type: 'http' }>
export type FileOutputConfig = Extract<OutputConfig, { type: 'file' }>
