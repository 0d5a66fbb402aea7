/** Severities, least severe first; an index into this list is the level's number everywhere (chunk masks, header counts). */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * One log record, as it is stored, shipped and answered: these very names on disk, on the wire and in memory.
 * Optional fields are absent, never null, when unknown.
 */
export interface LogEntry {
  /** RFC 3339 in UTC, with milliseconds or finer as found. */
  timestamp: string
  level: LogLevel
  message: string
  service: string
  version: string
  environment: string
  request_id?: string
  user_id?: string
  session_id?: string
  correlation_id?: string
  trace_id?: string
  span_id?: string
  /** Seconds. */
  duration?: number
  status_code?: number
  method?: string
  path?: string
  user_agent?: string
  ip_address?: string
  error_code?: string
  error_message?: string
  stack_trace?: string
  /** Every field of the record that has no name of its own above. */
  metadata?: Record<string, unknown>
  host: string
  /** The name of the source in agent.yaml. */
  source: string
  /** Absolute path of the file the record was read from, as it was named when the record was read. */
  file?: string
  /** Byte offset of the record's first byte in the file (in the uncompressed text, when the file is gzip). */
  offset?: number
}

/** What every entry the agent reads has: what the record did not say, the agent did. */
export const REQUIRED_FIELDS = [
  'timestamp',
  'level',
  'message',
  'service',
  'version',
  'environment',
  'host',
  'source',
  'file',
  'offset',
] as const satisfies readonly (keyof LogEntry)[]

/** The `source` of entries that the agent makes itself; no name in agent.yaml can be this. */
export const OWN_SOURCE = 'obs-agent:own'
