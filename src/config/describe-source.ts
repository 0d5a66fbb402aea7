import { unreachable } from '../errors.ts'
import { conditionText } from './condition-text.ts'
import type { SourceConfig } from './schema.ts'
import type { JoinConfig, LogMetricConfig, MultilineConfig, ParseConfig, RedactSetting, StepSetting } from './steps.ts'
import { formatDuration, formatSize } from './units.ts'

type Plain = Record<string, unknown>

const MASK = '***'

/** A source in the words of agent.yaml. */
export function describedSource(source: SourceConfig): Plain {
  const { service, environment, version, timeFormat } = source
  return {
    include: source.include,
    exclude: source.exclude,
    start_at: source.startAt,
    parse: describedParse(source.parse),
    timezone: source.timeZone ?? 'local',
    ...(timeFormat !== undefined && { time_format: timeFormat }),
    multiline: describedMultiline(source.multiline),
    process: source.process.map(describedStep),
    metrics: Object.fromEntries(source.metrics.map((metric) => [metric.name, describedMetric(metric)])),
    max_line: formatSize(source.maxLineBytes),
    rotate_wait: formatDuration(source.rotateWaitMs),
    deleted_hold: formatDuration(source.deletedHoldMs),
    ...(service !== undefined && { service }),
    ...(environment !== undefined && { environment }),
    ...(version !== undefined && { version }),
  }
}

function describedParse(parse: ParseConfig): unknown {
  if (parse.kind === 'format') return parse.format
  if (parse.grok === undefined) return { pattern: parse.pattern }
  const { text, patterns } = parse.grok
  return { grok: text, ...(Object.keys(patterns).length > 0 && { patterns }) }
}

function describedMultiline({ join, timeoutMs, maxLines, maxBytes }: MultilineConfig): Plain {
  return {
    ...describedJoin(join),
    timeout: formatDuration(timeoutMs),
    max_lines: maxLines,
    max_bytes: formatSize(maxBytes),
  }
}

function describedJoin(join: JoinConfig): Plain {
  switch (join.kind) {
    case 'auto':
    case 'none':
      return { preset: join.kind }
    case 'presets':
      return { preset: join.presets }
    default:
      return { [join.kind]: join.pattern }
  }
}

function describedStep(step: StepSetting): Plain {
  switch (step.kind) {
    case 'add':
    case 'rename':
    case 'drop':
      return { [step.kind]: step.fields }
    case 'keep_if':
    case 'drop_if':
      return { [step.kind]: conditionText(step.condition) }
    case 'sample':
      return { sample: { rate: step.rate, ...by(step.by), keep_errors: step.keepErrors } }
    case 'rate_limit':
      return { rate_limit: { limit: step.limit, per: formatDuration(step.perMs), ...by(step.by) } }
    case 'dedupe':
      return { dedupe: { window: formatDuration(step.windowMs), by: step.by } }
    case 'redact':
      return { redact: describedRedact(step.redact) }
    default:
      return unreachable(step)
  }
}

function by(field: string | undefined): Plain {
  return field === undefined ? {} : { by: field }
}

function describedRedact({ presets, patterns, mode, key }: RedactSetting): Plain {
  return {
    presets,
    ...(patterns.length > 0 && { patterns: Object.fromEntries(patterns.map(({ name, pattern }) => [name, pattern])) }),
    mode,
    ...(key && { key: MASK }),
  }
}

function describedMetric({ type, help, value, labels, when, buckets, maxSeries }: LogMetricConfig): Plain {
  return {
    type,
    ...(help !== '' && { help }),
    ...(value !== undefined && { value }),
    labels,
    ...(when && { when: conditionText(when) }),
    ...(type === 'histogram' && { buckets }),
    max_series: maxSeries,
  }
}
