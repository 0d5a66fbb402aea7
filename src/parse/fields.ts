/**
 * The fields of a LogEntry a JSON line may carry, and the spellings by which loggers call them. One table for both ways of
 * reading a line; to teach the agent a spelling, add it here. `host`, `source`, `file` and `offset` are missing on purpose:
 * the agent's own are authoritative, and a line's go to `metadata`.
 *
 * Of two keys for one field the entry's own name wins, else the one that comes first; a value that does not fit its field,
 * and every other key, stays in `metadata` under the name it came with.
 */

/** What a value must be to fit its field. Numbers, because the transcoder switches on them once per member. */
export const KIND = {
  /** No field: goes to `metadata`. */
  unknown: 0,
  /** A string; a number is kept as it is written. */
  text: 1,
  /** See timestamp.ts. */
  time: 2,
  /** A word, or a number of pino and bunyan; see level.ts. */
  level: 3,
  /** A severity of syslog, 0–7 (RFC 5424, 6.2.1). */
  severity: 4,
  /** A number that is not negative, or the text of one. */
  seconds: 5,
  /** The same, in thousandths of the field's unit. */
  milliseconds: 6,
  /** 0–999999999, or the text of one. */
  integer: 7,
  object: 8,
} as const

export type Kind = (typeof KIND)[keyof typeof KIND]

interface Row {
  readonly field: string
  readonly kind: Kind
  readonly spellings: string
}

const ROWS: readonly Row[] = [
  { field: 'timestamp', kind: KIND.time, spellings: 'time ts @timestamp datetime asctime event_time eventTime @t' },
  {
    field: 'level',
    kind: KIND.level,
    spellings: 'lvl severity loglevel log_level logLevel log.level levelname severity_text severityText @level @l',
  },
  { field: 'level', kind: KIND.severity, spellings: 'PRIORITY syslog_severity log.syslog.severity.code' },
  { field: 'message', kind: KIND.text, spellings: 'msg MESSAGE short_message @message @m' },
  { field: 'service', kind: KIND.text, spellings: 'service_name serviceName service.name app' },
  {
    field: 'version',
    kind: KIND.text,
    spellings: 'service_version serviceVersion service.version app_version appVersion',
  },
  {
    field: 'environment',
    kind: KIND.text,
    spellings: 'env service.environment deployment_environment deployment.environment',
  },
  {
    field: 'request_id',
    kind: KIND.text,
    spellings: 'requestId requestID req_id reqId request.id http.request.id x_request_id x-request-id',
  },
  { field: 'user_id', kind: KIND.text, spellings: 'userId userID user.id' },
  { field: 'session_id', kind: KIND.text, spellings: 'sessionId sessionID session.id' },
  {
    field: 'correlation_id',
    kind: KIND.text,
    spellings: 'correlationId correlationID correlation.id x-correlation-id',
  },
  { field: 'trace_id', kind: KIND.text, spellings: 'traceId traceID trace.id dd.trace_id otelTraceID' },
  { field: 'span_id', kind: KIND.text, spellings: 'spanId spanID span.id dd.span_id otelSpanID' },
  // `duration` without a unit is taken for seconds, as documented; other spellings count only when they name their unit.
  {
    field: 'duration',
    kind: KIND.seconds,
    spellings: 'duration_s duration_seconds durationSeconds elapsed_s elapsed_seconds elapsedSeconds',
  },
  {
    field: 'duration',
    kind: KIND.milliseconds,
    spellings:
      'duration_ms durationMs duration_millis elapsed_ms elapsedMs latency_ms latencyMs response_time_ms responseTimeMs',
  },
  {
    field: 'status_code',
    kind: KIND.integer,
    spellings: 'statusCode status http_status http_status_code http.status_code http.response.status_code',
  },
  {
    field: 'method',
    kind: KIND.text,
    spellings: 'http_method http.method http.request.method request_method requestMethod',
  },
  { field: 'path', kind: KIND.text, spellings: 'url.path http.target request_path requestPath request_uri uri' },
  {
    field: 'user_agent',
    kind: KIND.text,
    spellings: 'userAgent user-agent user_agent.original http_user_agent http.user_agent',
  },
  {
    field: 'ip_address',
    kind: KIND.text,
    spellings: 'ip client_ip clientIp clientIP client.ip remote_addr remote_ip remoteAddress',
  },
  { field: 'error_code', kind: KIND.text, spellings: 'errorCode error.code err_code err.code' },
  {
    field: 'error_message',
    kind: KIND.text,
    spellings: 'error err errorMessage error.message err.message exception.message',
  },
  {
    field: 'stack_trace',
    kind: KIND.text,
    spellings: 'stack stackTrace stacktrace error.stack error.stack_trace err.stack exception.stacktrace exc_info @x',
  },
  { field: 'metadata', kind: KIND.object, spellings: '' },
]

/** LogEntry's own names; an index into this list is the field's number, and its bit in a set of fields. At most 31. */
export const FIELD_NAMES: readonly string[] = [...new Set(ROWS.map((row) => row.field))]

/** The number of a field by its own name. @throws {Error} for a name that is none. */
export function fieldNumber(name: string): number {
  const number = FIELD_NAMES.indexOf(name)
  if (number < 0) throw new Error(`Cannot number a field: no field has this name, got ${name}`)
  return number
}

export interface Spelling {
  /** Index into FIELD_NAMES. */
  readonly field: number
  readonly kind: Kind
  /** It is the field's own name, so the key can stay as it is. */
  readonly isOwn: boolean
}

export const SPELLINGS: ReadonlyMap<string, Spelling> = new Map(
  ROWS.flatMap(({ field: name, kind, spellings }): [string, Spelling][] => {
    const field = FIELD_NAMES.indexOf(name)
    const others = spellings.split(' ').filter((text) => text !== '')
    const own: [string, Spelling][] =
      kind === KIND.severity || kind === KIND.milliseconds ? [] : [[name, { field, kind, isOwn: true }]]
    return [...own, ...others.map((text): [string, Spelling] => [text, { field, kind, isOwn: false }])]
  }),
)
