/**
 * The fields of a LogEntry a record may carry, and the spellings by which loggers call them. One table for every format whose
 * records name their parts, and for both ways of reading JSON; to teach the agent a spelling, add it here. `host`, `source`,
 * `file` and `offset` are missing on purpose: the agent's own are authoritative, and a record's go to `metadata`.
 *
 * Of several keys for one field the entry's own name wins, else the one that comes first; spellings marked `?` mean
 * something else as often, and count only when no other key gave the field. A value that does not fit its field, and every
 * other key, stays in `metadata` under the name it came with. A spelling with dots is also a path into nested objects.
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
  /** A number that is not negative, or the text of one, or a text with units (`1m3.5s`). */
  seconds: 5,
  /** The same, in parts of the field's unit. */
  milliseconds: 6,
  microseconds: 7,
  nanoseconds: 8,
  /** Text with units only: a bare number may be anything. */
  durationText: 9,
  /** 0–999999999, or the text of one. */
  integer: 10,
  object: 11,
  /** 1–24 (OpenTelemetry, Logs Data Model). */
  otelSeverity: 12,
  /** An address, or a list of them with the client's first. A list stays in `metadata` as well. */
  addresses: 13,
  /** A text that names trace and span; stays in `metadata` as well. See trace-context.ts. */
  trace: 14,
  /** `GET /path HTTP/1.1`; stays in `metadata` as well. */
  requestLine: 15,
  // From here on only the plain way knows what to do.
  /** Whole seconds since 1970, with `nanos` beside them. */
  epochSeconds: 16,
  nanos: 17,
  /** MongoDB's letters: F, E, W, I, D, D1–D5. */
  letter: 18,
  /** A key that tells which program wrote the record; see json-dialects.ts. */
  marker: 19,
} as const

export type Kind = (typeof KIND)[keyof typeof KIND]

const MEANINGS: Partial<Record<Kind, string>> = {
  [KIND.time]: 'time, text or epoch number',
  [KIND.level]: "word, or pino's number",
  [KIND.severity]: 'syslog severity, 0–7',
  [KIND.seconds]: 'seconds, or a text with units: `1m3.5s`',
  [KIND.milliseconds]: 'milliseconds',
  [KIND.microseconds]: 'microseconds',
  [KIND.nanoseconds]: 'nanoseconds',
  [KIND.durationText]: 'text with units: `12ms`',
  [KIND.integer]: 'whole number',
  [KIND.object]: 'object',
  [KIND.otelSeverity]: 'OpenTelemetry severity, 1–24',
  [KIND.addresses]: 'address, or a list: the first',
  [KIND.trace]: 'text that names trace and span',
  [KIND.requestLine]: '`GET /path HTTP/1.1`, with `path`',
  [KIND.epochSeconds]: 'whole seconds since 1970',
  [KIND.nanos]: 'nanoseconds beside them',
  [KIND.letter]: 'letter: F E W I D',
}

interface Row {
  readonly field: string
  readonly kind: Kind
  readonly spellings: string
  /** It only holds in the records of this program. */
  readonly by?: string
}

/** The first row of a field says what its own name takes. */
const ROWS: readonly Row[] = [
  {
    field: 'timestamp',
    kind: KIND.time,
    spellings:
      'time ts @timestamp datetime asctime event_time eventTime @t Timestamp timeMillis time_iso8601 timeUnixNano __REALTIME_TIMESTAMP t.$date t.$date.$numberLong date? log_time? start_time? StartUTC? time_local? stageTimestamp?',
  },
  {
    field: 'timestamp',
    kind: KIND.epochSeconds,
    spellings: 'timestampSeconds instant.epochSecond timestamp.seconds',
  },
  { field: 'timestamp', kind: KIND.nanos, spellings: 'timestampNanos instant.nanoOfSecond timestamp.nanos' },
  {
    field: 'level',
    kind: KIND.level,
    spellings:
      'lvl severity loglevel log_level logLevel log.level levelname level_name severity_text severityText SeverityText error_severity Level LogLevel @level @l',
  },
  { field: 'level', kind: KIND.severity, spellings: 'PRIORITY syslog_severity log.syslog.severity.code' },
  { field: 'level', kind: KIND.otelSeverity, spellings: 'SeverityNumber severityNumber severity_number' },
  {
    field: 'message',
    kind: KIND.text,
    spellings:
      'msg MESSAGE short_message @message @m Message RenderedMessage Body body.stringValue body.string_value textPayload jsonPayload.message @mt? MessageTemplate? body? event? log?',
  },
  {
    field: 'service',
    kind: KIND.text,
    spellings:
      'service_name serviceName service.name app application app_name dd.service serviceContext.service Resource.service.name resource.service.name SYSLOG_IDENTIFIER?',
  },
  {
    field: 'version',
    kind: KIND.text,
    spellings:
      'service_version serviceVersion service.version app_version appVersion dd.version serviceContext.version Resource.service.version resource.service.version',
  },
  {
    field: 'environment',
    kind: KIND.text,
    spellings:
      'env service.environment deployment_environment deployment.environment dd.env Resource.deployment.environment resource.deployment.environment',
  },
  {
    field: 'request_id',
    kind: KIND.text,
    spellings:
      'requestId requestID RequestId req_id reqId request.id req.id http.request.id x_request_id x-request-id req.headers.x-request-id AWSRequestId awsRequestId aws_request_id function_request_id record.requestId Properties.RequestId',
  },
  { field: 'user_id', kind: KIND.text, spellings: 'userId userID UserId user.id usr.id Properties.UserId' },
  { field: 'session_id', kind: KIND.text, spellings: 'sessionId sessionID SessionId session.id' },
  {
    field: 'correlation_id',
    kind: KIND.text,
    spellings: 'correlationId correlationID CorrelationId correlation.id x-correlation-id Properties.CorrelationId',
  },
  {
    field: 'trace_id',
    kind: KIND.text,
    spellings:
      'traceId traceID TraceId trace.id dd.trace_id otelTraceID x-b3-traceid X-B3-TraceId @tr Properties.TraceId req.headers.x-b3-traceid',
  },
  {
    field: 'trace_id',
    kind: KIND.trace,
    spellings: 'traceparent req.headers.traceparent b3 trace logging.googleapis.com/trace',
  },
  {
    field: 'span_id',
    kind: KIND.text,
    spellings:
      'spanId spanID SpanId span.id dd.span_id otelSpanID x-b3-spanid X-B3-SpanId @sp logging.googleapis.com/spanId Properties.SpanId req.headers.x-b3-spanid',
  },
  // `duration` without a unit is taken for seconds, as documented; other spellings count only when they name their unit.
  {
    field: 'duration',
    kind: KIND.seconds,
    spellings: 'duration_s duration_seconds durationSeconds elapsed_s elapsed_seconds elapsedSeconds request_time',
  },
  {
    field: 'duration',
    kind: KIND.milliseconds,
    spellings:
      'duration_ms durationMs duration_millis elapsed_ms elapsedMs latency_ms latencyMs response_time_ms responseTimeMs responseTime took_ms Elapsed ElapsedMilliseconds Properties.Elapsed Properties.ElapsedMilliseconds record.metrics.durationMs',
  },
  { field: 'duration', kind: KIND.microseconds, spellings: 'duration_us durationUs elapsed_us latency_us' },
  {
    field: 'duration',
    kind: KIND.nanoseconds,
    spellings: 'duration_ns durationNs elapsed_ns latency_ns event.duration',
  },
  { field: 'duration', kind: KIND.durationText, spellings: 'dur took elapsed latency httpRequest.latency' },
  {
    field: 'status_code',
    kind: KIND.integer,
    spellings:
      'statusCode StatusCode status http_status http_status_code http.status_code http.response.status_code response_code DownstreamStatus httpRequest.status res.statusCode response.status responseStatus.code Properties.StatusCode',
  },
  {
    field: 'method',
    kind: KIND.text,
    spellings:
      'http_method http.method http.request.method request_method requestMethod RequestMethod httpRequest.requestMethod req.method request.method Properties.RequestMethod',
  },
  { field: 'method', kind: KIND.requestLine, spellings: 'request' },
  {
    field: 'path',
    kind: KIND.text,
    spellings:
      'url.path http.target http.path request_path requestPath RequestPath request_uri requestURI requestUri uri httpRequest.requestUrl req.url request.uri request.path Properties.RequestPath',
  },
  {
    field: 'user_agent',
    kind: KIND.text,
    spellings:
      'userAgent user-agent user_agent.original http_user_agent http.user_agent request_User-Agent httpRequest.userAgent req.headers.user-agent request.headers.User-Agent',
  },
  {
    field: 'ip_address',
    kind: KIND.text,
    spellings:
      'ip client_ip clientIp clientIP client.ip remote_addr remote_ip remoteAddress sourceIPAddress ClientHost httpRequest.remoteIp request.client_ip request.remote_ip request.remote_address req.remoteAddress',
  },
  {
    field: 'ip_address',
    kind: KIND.addresses,
    spellings: 'x-forwarded-for X-Forwarded-For x_forwarded_for http_x_forwarded_for req.headers.x-forwarded-for',
  },
  {
    field: 'error_code',
    kind: KIND.text,
    spellings: 'errorCode error.code err_code err.code exception.code',
  },
  {
    field: 'error_message',
    kind: KIND.text,
    spellings:
      'error err errorMessage error.message err.message err.msg exception.message exception_message thrown.message throwable.message',
  },
  {
    field: 'stack_trace',
    kind: KIND.text,
    spellings:
      'stack stackTrace StackTrace stacktrace error.stack error.stack_trace err.stack exception Exception exception.stacktrace exception.stack exception_stacktrace exc_info thrown.extendedStackTrace traceback @x',
  },
  { field: 'metadata', kind: KIND.object, spellings: '' },
  // See json-dialects.ts.
  { field: 'level', kind: KIND.severity, spellings: 'level', by: 'GELF' },
  { field: 'level', kind: KIND.letter, spellings: 's', by: 'MongoDB' },
  { field: 'duration', kind: KIND.nanoseconds, spellings: 'Duration', by: 'Traefik' },
  { field: 'duration', kind: KIND.milliseconds, spellings: 'duration', by: 'Envoy' },
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
  /** It counts only when no other key gave the field. */
  readonly isWeak: boolean
}

export const SPELLINGS: ReadonlyMap<string, Spelling> = new Map([
  ...ROWS.filter(({ by }) => by === undefined).flatMap(spellingsOf),
  ...FIELD_NAMES.map((name, field): [string, Spelling] => {
    const kind = ROWS.find((row) => row.field === name)?.kind ?? KIND.text
    return [name, { field, kind, isOwn: true, isWeak: false }]
  }),
])

/** What is spelled otherwise in the records of `program`. */
export function spellingsBy(program: string): [string, Spelling][] {
  return ROWS.filter(({ by }) => by === program).flatMap(spellingsOf)
}

function spellingsOf({ field: name, kind, spellings }: Row): [string, Spelling][] {
  const field = FIELD_NAMES.indexOf(name)
  const texts = spellings.split(' ').filter((text) => text !== '')
  return texts.map((text) => [text.replace('?', ''), { field, kind, isOwn: false, isWeak: text.endsWith('?') }])
}

/** The table as Markdown, for the README. */
export function fieldsTable(): string {
  const named = new Set<string>()
  const rows = ROWS.map((row) => {
    const own = named.has(row.field) ? [] : [row.field]
    named.add(row.field)
    const texts = [...own, ...row.spellings.split(' ').filter((text) => text !== '')]
    const names = texts.map((text) => (text.endsWith('?') ? `\`${text.slice(0, -1)}\`?` : `\`${text}\``))
    const meaning = (MEANINGS[row.kind] ?? 'text') + (row.by === undefined ? '' : `, when ${row.by} wrote it`)
    return `| \`${row.field}\` | ${meaning} | ${names.join(' ')} |`
  })
  return ['| field | meaning | spellings |', '|---|---|---|', ...rows, ''].join('\n')
}
