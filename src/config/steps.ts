/** What a source's `parse`, `multiline`, `process` and `metrics` decode to: plain data, since it crosses threads. */
import type { Condition } from './condition.ts'
import type { Secret } from './secret.ts'

export const FORMATS = [
  'auto',
  'json',
  'logfmt',
  'nginx',
  'apache',
  'syslog',
  'docker',
  'cri',
  'java',
  'python',
  'go',
  'k8s',
  'postgres',
  'redis',
  'journal-export',
  'plain',
] as const
export type FormatName = (typeof FORMATS)[number]

export type ParseConfig =
  | { readonly kind: 'format'; readonly format: FormatName }
  /** `{pattern: …}`, or `{grok: …}` expanded. Named groups become pairs under `keys[group]`, or under the group's own name. */
  | {
      readonly kind: 'pattern'
      readonly pattern: string
      readonly keys: Readonly<Record<string, string>>
      /** Groups that are numbers (grok's `:int` and `:float`). */
      readonly numbers: readonly string[]
      /** What it was written as, when that was grok: for descriptions. */
      readonly grok?: { readonly text: string; readonly patterns: Readonly<Record<string, string>> }
    }

export const MULTILINE_PRESETS = ['java', 'python', 'go', 'node', 'ruby', 'php', 'dotnet', 'rust', 'postgres'] as const
export type MultilinePreset = (typeof MULTILINE_PRESETS)[number]

export type JoinConfig =
  /** As the format says: lines without a header go on with the record before, in formats that have headers. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'presets'; readonly presets: readonly MultilinePreset[] }
  /** A line that matches begins a record. */
  | { readonly kind: 'start'; readonly pattern: string }
  /** A line that matches goes on with the record before. */
  | { readonly kind: 'continue'; readonly pattern: string }
  /** A line that matches ends a record. */
  | { readonly kind: 'until'; readonly pattern: string }

export interface MultilineConfig {
  readonly join: JoinConfig
  /** A record without a further line for this long is complete. */
  readonly timeoutMs: number
  readonly maxLines: number
  readonly maxBytes: number
}

export const REDACT_PRESETS = [
  'email',
  'credit_card',
  'iban',
  'ipv4',
  'ipv6',
  'jwt',
  'bearer',
  'aws_key',
  'gcp_key',
  'github_token',
  'slack_token',
  'url_password',
  'password',
  'private_key',
  'cpf',
  'cnpj',
] as const
export type RedactPreset = (typeof REDACT_PRESETS)[number]

export interface RedactConfig {
  readonly presets: readonly RedactPreset[]
  /** Own patterns, by the name their mask shows. */
  readonly patterns: readonly { readonly name: string; readonly pattern: string }[]
  /** mask: `[email]`. hash: `[email:1f3a9c0b5d2e]`, keyed. remove: nothing is left. */
  readonly mode: 'mask' | 'hash' | 'remove'
  /** Key of the hash; only with mode hash. A secret: never printed. */
  readonly key: string
}

/** Fields are LogEntry's own names, or paths into metadata, with or without `metadata.` in front: `order.id`. */
export type StepConfig =
  | { readonly kind: 'add'; readonly fields: Readonly<Record<string, string | number | boolean>> }
  /** From → to. */
  | { readonly kind: 'rename'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'drop'; readonly fields: readonly string[] }
  | { readonly kind: 'keep_if'; readonly condition: Condition }
  | { readonly kind: 'drop_if'; readonly condition: Condition }
  | { readonly kind: 'sample'; readonly rate: number; readonly by?: string; readonly keepErrors: boolean }
  | { readonly kind: 'rate_limit'; readonly limit: number; readonly perMs: number; readonly by?: string }
  | { readonly kind: 'dedupe'; readonly windowMs: number; readonly by: readonly string[] }
  | { readonly kind: 'redact'; readonly redact: RedactConfig }

/** A step as agent.yaml decodes to it: the key of a hash is a secret until it crosses to ingest (`revealedSteps`). */
export type StepSetting =
  | Exclude<StepConfig, { kind: 'redact' }>
  | { readonly kind: 'redact'; readonly redact: RedactSetting }

export type RedactSetting = Omit<RedactConfig, 'key'> & { readonly key?: Secret }

export interface LogMetricConfig {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** The field whose number counts; a counter without one counts entries. */
  readonly value?: string
  /** Label → field. */
  readonly labels: Readonly<Record<string, string>>
  /** Only entries for which it holds. */
  readonly when?: Condition
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets: readonly number[]
  /** Label sets beyond this many are counted together under `_other`. */
  readonly maxSeries: number
}
