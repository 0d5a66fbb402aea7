import { z } from 'zod'
import { hostSetting } from './host-settings.ts'
import { metricsSetting } from './metrics-settings.ts'
import { multilineSetting, parseSetting, timeFormatSetting, timezoneSetting } from './parse-settings.ts'
import { probesSetting, probingSetting } from './probe-settings.ts'
import { processSetting } from './process-settings.ts'
import { refineApi, refineHttpOutput, splitUrl } from './refine.ts'
import { seriesSetting } from './series-settings.ts'
import {
  choice,
  count,
  duration,
  flag,
  glob,
  httpHeaders,
  httpUrl,
  listenAddress,
  name,
  path,
  readableFile,
  secret,
  size,
  text,
  token,
  withFile,
} from './settings.ts'

// A schema is used once: compiling it (zod makes functions of text) costs more than it saves.
z.config({ jitless: true })

/**
 * agent.yaml, written once: what may stand there, its default, its sentence. Decoding gives the objects below, whose
 * names carry their units; the JSON Schema for editors and the printed reference come from the same place.
 */

const logSettings = z
  .strictObject({
    level: choice(['debug', 'info', 'warn', 'error'])
      .prefault('info')
      .describe('Least severe message the agent prints of itself.'),
    format: choice(['auto', 'json', 'text']).prefault('auto').describe('auto: text on a terminal, JSON otherwise.'),
  })
  .prefault({})
  .describe('What the agent prints of itself.')

const apiSettings = z
  .strictObject({
    listen: listenAddress()
      .prefault('127.0.0.1:9610')
      .describe('Address and port of the local HTTP API; port 0 takes any free one.'),
    ...withFile(
      'token',
      token().optional().describe('Bearer token that callers must send; required to listen on anything but loopback.'),
    ),
  })
  .superRefine(refineApi)
  .transform((s) => ({ listen: s.listen, ...(s.token && { token: s.token }) }))
  .prefault({})
  .describe('The local HTTP API.')

const bufferSettings = z
  .strictObject({
    max_bytes: size({ min: '16MiB' }).prefault('1GiB').describe('Most that stored chunks may take on disk.'),
    max_age: duration({ min: '1s' }).prefault('7d').describe('How long delivered entries stay for local questions.'),
    when_full: choice(['block', 'drop_oldest', 'drop_newest'])
      .prefault('block')
      .describe(
        'What happens at max_bytes when the collector is behind. block: stop reading, the log files are the buffer.',
      ),
    min_free: size().prefault('64MiB').describe('Free space left on the disk; below it reading stops.'),
    chunk_bytes: size({ min: '4KiB', max: '16MiB' }).prefault('1MiB').describe('A chunk is sealed at this much text …'),
    chunk_wait: duration({ min: '1ms', max: '1h' })
      .prefault('200ms')
      .describe('… or when its first entry is this old.'),
  })
  .transform((s) => ({
    maxBytes: s.max_bytes,
    maxAgeMs: s.max_age,
    whenFull: s.when_full,
    minFreeBytes: s.min_free,
    chunkBytes: s.chunk_bytes,
    chunkWaitMs: s.chunk_wait,
  }))
  .prefault({})
  .describe('Entries on disk: those that wait for delivery, and those kept for local questions.')

const sourceSettings = z
  .strictObject({
    include: z
      .array(glob())
      .min(1)
      .describe('Globs of the files to tail: *, **, ?, [a-z], {a,b}. Absolute, or relative to agent.yaml.'),
    exclude: z.array(glob()).prefault([]).describe('Globs of files to leave alone.'),
    start_at: choice(['beginning', 'end'])
      .prefault('beginning')
      .describe(
        'Where to begin in files that are there when the agent first starts. Files that appear later are read from their beginning.',
      ),
    parse: parseSetting(),
    timezone: timezoneSetting(),
    time_format: timeFormatSetting(),
    multiline: multilineSetting(),
    process: processSetting(),
    metrics: metricsSetting(),
    max_line: size({ min: '1KiB', max: '16MiB' })
      .prefault('256KiB')
      .describe('Longer lines are cut here, marked and counted.'),
    rotate_wait: duration()
      .prefault('60s')
      .describe('How long a rotated file is still read, for writers that keep it open.'),
    deleted_hold: duration().prefault('10m').describe('How long a deleted file that is still written to is held open.'),
    service: text().optional().describe('Service for entries that do not name one; default: the service above.'),
    environment: text().optional().describe('Environment for entries of this source; default: the one above.'),
    version: text().optional().describe('Version for entries of this source; default: the one above.'),
  })
  .transform((s) => ({
    include: s.include,
    exclude: s.exclude,
    startAt: s.start_at,
    parse: s.parse,
    ...(s.timezone !== undefined && { timeZone: s.timezone }),
    ...(s.time_format !== undefined && { timeFormat: s.time_format }),
    multiline: s.multiline,
    process: s.process,
    metrics: s.metrics,
    maxLineBytes: s.max_line,
    rotateWaitMs: s.rotate_wait,
    deletedHoldMs: s.deleted_hold,
    ...(s.service !== undefined && { service: s.service }),
    ...(s.environment !== undefined && { environment: s.environment }),
    ...(s.version !== undefined && { version: s.version }),
  }))

const httpOutput = z
  .strictObject({
    type: z.literal('http').describe('Chunks are POSTed to a collector.'),
    ...withFile(
      'url',
      httpUrl().describe('Where chunks are POSTed. A user and password in it are sent as basic auth.'),
    ),
    compression: choice(['zstd', 'gzip', 'none']).prefault('zstd').describe('Of the body of a request.'),
    ...withFile('token', token().optional().describe('Sent as Authorization: Bearer.')),
    username: text().optional().describe('For basic auth, together with password.'),
    ...withFile('password', secret().optional().describe('For basic auth, together with username.')),
    headers: httpHeaders().prefault({}).describe('Sent with every request, as name: value. Values are never shown.'),
    in_flight: count(1, 64).prefault(4).describe('Most requests under way at once.'),
    timeout: duration({ min: '1ms' }).prefault('30s').describe('Longest that one request may take altogether.'),
    retry_min: duration({ min: '1ms' }).prefault('1s').describe('First wait after a failure; it doubles …'),
    retry_max: duration({ min: '1ms' }).prefault('60s').describe('… up to this, for as long as it takes.'),
    tls_ca_file: readableFile().optional().describe('PEM of the authorities to trust instead of the usual ones.'),
    tls_cert_file: readableFile().optional().describe('PEM of the certificate the agent shows to the collector.'),
    tls_key_file: readableFile().optional().describe('PEM of the key that belongs to tls_cert_file.'),
  })
  .superRefine(refineHttpOutput)
  .transform((s) => ({
    type: s.type,
    compression: s.compression,
    headers: s.headers,
    inFlightCount: s.in_flight,
    timeoutMs: s.timeout,
    retryMinMs: s.retry_min,
    retryMaxMs: s.retry_max,
    ...(s.token && { token: s.token }),
    ...(s.username !== undefined && { username: s.username }),
    ...(s.password && { password: s.password }),
    // After username and password: those of the address are used when no others are given.
    ...splitUrl(s.url),
    /** Where `url` was read from; it is a secret then, and not to be shown. */
    ...(s.url_file !== undefined && { urlFile: s.url_file }),
    ...(s.tls_ca_file !== undefined && { tlsCaFile: s.tls_ca_file }),
    ...(s.tls_cert_file !== undefined && { tlsCertFile: s.tls_cert_file }),
    ...(s.tls_key_file !== undefined && { tlsKeyFile: s.tls_key_file }),
  }))

const fileOutput = z
  .strictObject({
    type: z.literal('file').describe('Entries are appended to a file, as NDJSON.'),
    path: path().describe('NDJSON is appended here.'),
    compression: choice(['zstd', 'none']).prefault('none').describe('Of what is written.'),
    rotate_bytes: size({ min: '1KiB' }).prefault('100MiB').describe('The file is rotated at this size …'),
    rotate_every_day: flag().prefault(true).describe('… and at midnight UTC.'),
    keep: count(0, 1000).prefault(5).describe('Rotated files that are kept.'),
  })
  .transform((s) => ({
    type: s.type,
    path: s.path,
    compression: s.compression,
    rotateBytes: s.rotate_bytes,
    rotateEveryDay: s.rotate_every_day,
    keepCount: s.keep,
  }))

const consoleOutput = z.strictObject({
  type: z.literal('console').describe('Entries are printed on standard output, for trying things out.'),
})

export const agentSchema = z
  .strictObject({
    service: text().prefault('unknown').describe('Service for entries that do not name one.'),
    environment: text().prefault('production').describe('Environment for entries that do not name one.'),
    version: text().prefault('unknown').describe('Version for entries that do not name one.'),
    host: hostSetting(),
    data_dir: path().prefault('/var/lib/obs-agent').describe('Where the agent keeps its state.'),
    log: logSettings,
    api: apiSettings,
    buffer: bufferSettings,
    sources: z.record(name(), sourceSettings).prefault({}).describe('What to tail, each under a name of its own.'),
    outputs: z
      .record(name(), z.discriminatedUnion('type', [httpOutput, fileOutput, consoleOutput]))
      .prefault({})
      .describe('Where entries go, each under a name of its own.'),
    probes: probesSetting(),
    probing: probingSetting(),
    metrics: seriesSetting(),
    drain: duration().prefault('10s').describe('How long stopping may take to deliver what is stored.'),
  })
  .transform((s) => ({
    service: s.service,
    environment: s.environment,
    version: s.version,
    host: s.host,
    dataDir: s.data_dir,
    log: s.log,
    api: s.api,
    buffer: s.buffer,
    sources: Object.entries(s.sources).map(([name, source]) => ({ name, ...source })),
    outputs: Object.entries(s.outputs).map(([name, output]) => ({ name, ...output })),
    probes: Object.entries(s.probes).map(([name, probe]) => ({ name, ...probe })),
    probing: s.probing,
    metrics: s.metrics,
    drainMs: s.drain,
  }))

export type AgentConfig = z.output<typeof agentSchema>
export type BufferConfig = AgentConfig['buffer']
export type SourceConfig = AgentConfig['sources'][number]
export type OutputConfig = AgentConfig['outputs'][number]
export type HttpOutputConfig = Extract<OutputConfig, { type: 'http' }>
export type FileOutputConfig = Extract<OutputConfig, { type: 'file' }>
