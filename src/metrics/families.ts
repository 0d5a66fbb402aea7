import { LOG_LEVELS } from '../model/log-entry.ts'
import { COMMIT_SECONDS_BUCKETS, DURATION_BUCKETS, REQUEST_SECONDS_BUCKETS, SWEEP_SECONDS_BUCKETS } from './buckets.ts'
import type { MetricMaker } from './instruments.ts'

const DROP_REASONS = [
  ...['buffer_full', 'blank_line', 'rotate_wait_exceeded', 'line_too_long', 'nul_bytes', 'vanished'],
  ...['filtered', 'sampled', 'rate_limited', 'deduplicated'],
]
const FILE_STATES = ['live', 'rotated', 'parked', 'permission_denied', 'unreadable', 'not_a_file', 'copy', 'damaged']
const ROTATIONS = ['rename', 'recreate', 'copytruncate', 'intermediate', 'gzip']
/** Those that happen to every collector one day; others (`http_502`) have a series from when they do. */
const RETRY_REASONS = ['connect', 'dns', 'http_429', 'http_503', 'protocol', 'redirect', 'timeout', 'tls']
const BUFFER_STATES = ['ok', 'buffer_full', 'low_disk', 'full', 'read_only', 'busy', 'io']

const HISTORY_FAILURES = ['full', 'busy', 'read_only', 'corrupt', 'io', 'newer_schema']

/** The accounts of the ledger: `read = stored + dropped`, and `stored = delivered + waiting + dead + expired`. */
export const LEDGER_ACCOUNTS = {
  source: ['read', 'stored', 'dropped'],
  output: ['stored', 'delivered', 'waiting', 'dead', 'expired'],
} as const

/** Every metric of the agent, one line each: its name in the code, in the registry, its labels, its sentence. */
// biome-ignore format: a table
export const defineMetrics = (make: MetricMaker) => ({
  buildInfo: make.gauge('obs_agent_build_info', { version: 'any', node: 'any' }, 'Always 1; the labels say what is running.'),
  uncleanStart: make.gauge('obs_agent_unclean_start', {}, '1 when the run before this one did not end properly.'),
  componentRestarts: make.counter('obs_agent_component_restarts_total', { component: 'any' }, 'Restarts of a part of the agent after an error.'),
  threadStalled: make.gauge('obs_agent_thread_stalled', { thread: ['main', 'ingest'] }, '1 while a thread makes no progress.'),
  logMessagesSuppressed: make.counter('obs_agent_log_messages_suppressed_total', {}, 'Messages of the agent itself that were not printed because they repeated too often or could not be written.'),
  errors: make.counter('errors_total', { error_type: 'any', service: 'any' }, 'Errors inside the agent; service is the part of it that failed.'),

  configReloadSuccessful: make.gauge('obs_agent_config_last_reload_successful', {}, '1 when the configuration was accepted the last time it was read.'),
  configReloadTime: make.gauge('obs_agent_config_last_reload_success_timestamp_seconds', {}, 'When a configuration was last accepted, Unix time.'),
  configInfo: make.gauge('obs_agent_config_info', { hash: 'any' }, 'Always 1; hash is the checksum of the configuration in use.'),

  sourceReadBytes: make.counter('obs_agent_source_read_bytes_total', { source: 'source' }, 'Bytes read from the files of a source.'),
  sourceLines: make.counter('obs_agent_source_lines_total', { source: 'source' }, 'Lines read from the files of a source.'),
  sourceLagBytes: make.gauge('obs_agent_source_lag_bytes', { source: 'source' }, 'Bytes in the files that are not stored yet.'),
  sourceLagSeconds: make.gauge('obs_agent_source_lag_seconds', { source: 'source' }, 'Age of the oldest bytes that are not stored yet; 0 when all are.'),
  sourceOpenFiles: make.gauge('obs_agent_source_open_files', { source: 'source' }, 'Files held open.'),
  sourceFiles: make.gauge('obs_agent_source_files', { source: 'source', state: FILE_STATES }, 'Files that match, by what became of them.'),
  sourceRotations: make.counter('obs_agent_source_rotations_total', { source: 'source', kind: ROTATIONS }, 'Rotations that were followed.'),
  sourceTruncations: make.counter('obs_agent_source_truncations_total', { source: 'source', how: ['size', 'overlap'] }, 'Files that were truncated while tailed (copytruncate), by how it was noticed.'),
  sourceLinesTruncated: make.counter('obs_agent_source_lines_truncated_total', { source: 'source' }, 'Lines longer than max_line, cut there.'),
  sourceLinesPartial: make.counter('obs_agent_source_lines_partial_total', { source: 'source' }, 'Lines stored without having ended.'),
  sourceInvalidUtf8: make.counter('obs_agent_source_invalid_utf8_total', { source: 'source' }, 'Lines with bytes that are not UTF-8, replaced by U+FFFD.'),
  sourceNulBytesSkipped: make.counter('obs_agent_source_nul_bytes_skipped_total', { source: 'source' }, 'NUL bytes skipped in the hole that a truncation leaves.'),
  parseErrors: make.counter('obs_agent_parse_errors_total', { source: 'source' }, 'Lines that did not fit their format and were kept whole as the message.'),
  timeFallbacks: make.counter('obs_agent_timestamp_fallback_total', { source: 'source' }, 'Records whose time could not be read, or was absurd; the time of reading was used.'),
  entriesDropped: make.counter('obs_agent_entries_dropped_total', { source: 'source', reason: DROP_REASONS }, 'Entries that were read and not stored.'),
  bytesDropped: make.counter('obs_agent_bytes_dropped_total', { source: 'source', reason: DROP_REASONS }, 'Bytes that were read and not stored.'),
  sweepSeconds: make.histogram('obs_agent_sweep_seconds', {}, { help: 'Time one look at all files takes.', buckets: SWEEP_SECONDS_BUCKETS }),
  watchMode: make.gauge('obs_agent_watch_mode', { mode: ['events', 'sweep'] }, '1 for how changes are noticed: by events of the kernel, or by looking alone.'),

  ledgerEntries: make.gauge('obs_agent_ledger_entries', { kind: 'any', name: 'any', account: 'any' }, 'The ledger. kind="source": read = stored + dropped. kind="output": stored = delivered + waiting + dead + expired.'),
  ledgerImbalance: make.gauge('obs_agent_ledger_imbalance', { kind: 'any', name: 'any' }, 'By how many entries the ledger is out; anything but 0 is a defect.'),

  bufferEntries: make.gauge('obs_agent_buffer_entries', {}, 'Entries in the buffer, delivered ones included.'),
  bufferBytes: make.gauge('obs_agent_buffer_bytes', {}, 'Bytes the stored chunks take.'),
  bufferLimitBytes: make.gauge('obs_agent_buffer_limit_bytes', {}, 'buffer.max_bytes.'),
  bufferFileBytes: make.gauge('obs_agent_buffer_file_bytes', {}, 'Size of the database file.'),
  bufferWalBytes: make.gauge('obs_agent_buffer_wal_bytes', {}, 'Size of its write-ahead log.'),
  bufferFreeBytes: make.gauge('obs_agent_buffer_free_bytes', {}, 'Free space on the disk of data_dir.'),
  bufferOldestAge: make.gauge('obs_agent_buffer_oldest_age_seconds', {}, 'Age of the oldest chunk in the buffer; 0 when there is none.'),
  bufferCommitSeconds: make.histogram('obs_agent_buffer_commit_seconds', {}, { help: 'Time a commit of a chunk takes, sync included.', buckets: COMMIT_SECONDS_BUCKETS }),
  bufferCorruptions: make.counter('obs_agent_buffer_corruptions_total', {}, 'Times the buffer was found corrupt and set aside.'),
  bufferState: make.gauge('obs_agent_buffer_state', { state: BUFFER_STATES }, '1 for the state the buffer is in.'),

  forwardRequests: make.counter('obs_agent_forward_requests_total', { output: 'output', code: ['200'] }, 'Answers of an output by status code; the reason when there was none ("timeout"), "ok" from an output without codes.'),
  forwardRetries: make.counter('obs_agent_forward_retries_total', { output: 'output', reason: RETRY_REASONS }, 'Batches that had to be sent again, by reason.'),
  forwardLatency: make.histogram('obs_agent_forward_latency_seconds', { output: 'output' }, { help: 'Time an output takes to answer.', buckets: REQUEST_SECONDS_BUCKETS }),
  forwardInflight: make.gauge('obs_agent_forward_inflight', { output: 'output' }, 'Requests under way.'),
  forwardWaiting: make.gauge('obs_agent_forward_waiting_entries', { output: 'output' }, 'Entries that the output does not have yet.'),
  forwardOldestWaiting: make.gauge('obs_agent_forward_oldest_waiting_seconds', { output: 'output' }, 'How long the oldest of them has been stored; 0 when there is none.'),
  forwardLastSuccess: make.gauge('obs_agent_forward_last_success_timestamp_seconds', { output: 'output' }, 'When the output last accepted a batch, Unix time; 0 before the first.'),
  forwardCircuit: make.gauge('obs_agent_forward_circuit_state', { output: 'output', state: ['closed', 'open', 'half_open'] }, '1 for the state of the circuit: closed (sending), open (waiting), half_open (one request tries).'),
  forwardDelivered: make.counter('obs_agent_forward_delivered_entries_total', { output: 'output' }, 'Entries the output has accepted.'),
  forwardExpired: make.counter('obs_agent_forward_expired_entries_total', { output: 'output' }, 'Entries that left the buffer before the output had them.'),
  deadLetterEntries: make.gauge('obs_agent_dead_letter_entries', { output: 'output' }, 'Entries the output refused for good, kept as dead letters.'),

  probeTimeouts: make.counter('obs_agent_probe_timeouts_total', { probe: 'any' }, 'Runs of a probe that did not end in time.'),
  probeSkipped: make.counter('obs_agent_probe_skipped_total', { probe: 'any' }, 'Runs of a probe left out, since the one before had not come back.'),
  probeResultsUnsaved: make.counter('obs_agent_probe_results_unsaved_total', {}, 'Results of probes that could not be kept across a restart, since the store refused.'),
  series: make.gauge('obs_agent_series', {}, 'Series in memory.'),
  seriesSamples: make.gauge('obs_agent_series_samples', {}, 'Samples in memory.'),
  seriesBytes: make.gauge('obs_agent_series_bytes', {}, 'Memory that series and their samples take.'),
  seriesRefused: make.counter('obs_agent_series_refused_total', {}, 'Samples that were not kept since their series would have been one too many.'),
  seriesOutOfOrder: make.counter('obs_agent_series_out_of_order_total', {}, 'Samples that were not kept since they were not later than the one before.'),
  seriesShortened: make.counter('obs_agent_series_shortened_samples_total', {}, 'Samples that left memory before their time since metrics.max_bytes was reached.'),
  seriesHistoryBytes: make.gauge('obs_agent_series_history_bytes', {}, 'Size of the history of series.'),
  seriesHistoryDropped: make.counter('obs_agent_series_history_dropped_samples_total', {}, 'Samples that could not be written to the history.'),
  seriesHistoryFailures: make.counter('obs_agent_series_history_failures_total', { code: HISTORY_FAILURES }, 'Failures of the history, by what the disk or the file refused.'),

  httpRequests: make.counter('http_requests_total', { method: 'any', endpoint: 'any', status_code: 'any' }, 'Requests to the local API.'),
  httpRequestSeconds: make.histogram('http_request_duration_seconds', { method: 'any', endpoint: 'any', status_code: 'any' }, { help: 'Time from the request line to the end of the answer.', buckets: REQUEST_SECONDS_BUCKETS }),
  responseTime: make.summary('response_time_seconds', { service: 'any', endpoint: 'any' }, 'Time to answer a request to the local API; quantiles of the last ten minutes.'),
  activeConnections: make.gauge('active_connections', {}, 'Connections to the local API.'),

  logEntries: make.counter('log_entries_total', { service: 'any', level: LOG_LEVELS, source: 'source' }, 'Entries stored, by what they say of themselves; service="_other" holds the services beyond the first 200.'),
  logRequests: make.counter('log_requests_total', { service: 'any', status_class: 'any' }, 'Entries stored that have a status_code, by its class (2xx, 5xx).'),
  logRequestSeconds: make.histogram('log_request_duration_seconds', { service: 'any' }, { help: 'Durations that entries stored tell of.', buckets: DURATION_BUCKETS }),
  logParseErrors: make.counter('log_parse_errors_total', { source: 'source' }, 'Entries stored whose record did not fit its format and was kept whole.'),
  logMetricOverflow: make.counter('obs_agent_log_metric_overflow_total', { metric: 'any' }, 'Entries counted under label values "_other": their label set was one more than max_series.'),
  logMetricSkipped: make.counter('obs_agent_log_metric_skipped_total', { metric: 'any' }, 'Entries a metric of the configuration could not count: the value is no number.'),
})

export type Instruments = ReturnType<typeof defineMetrics>
