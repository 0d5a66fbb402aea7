import type { Clock } from './clock.ts'
import { type LogRecord, OWN_LEVELS, type OwnLevel } from './log-record.ts'
import type { RepeatLimiter } from './repeat-limiter.ts'

/**
 * What the agent says of itself. Rooms see this interface and not the library behind it; a worker thread's log posts its
 * records to main, which writes them.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log under another component's name. */
  child(component: string): Log
}

/** What varies goes here and not into the message: repeats are recognised by the message. `error`: whatever was thrown. */
export type LogFields = Readonly<Record<string, unknown>>

export interface LogOptions {
  readonly component: string
  /** Least severe level that is written; asked at every message, so that a reload can change it. */
  readonly level: () => OwnLevel
}

export interface LogDeps {
  readonly clock: Clock
  readonly limiter: RepeatLimiter
  readonly write: (record: LogRecord) => void
}

/** A log whose records go to `write`. Repeats beyond the limiter's measure are held back; debug messages never are. */
export function createLog(options: LogOptions, deps: LogDeps): Log {
  const { clock, limiter, write } = deps
  const say = (level: OwnLevel, message: string, fields: LogFields = {}): void => {
    if (OWN_LEVELS.indexOf(level) < OWN_LEVELS.indexOf(options.level())) return
    const { component } = options
    const record = { timeMs: clock.nowMs(), level, component, message, fields }
    for (const summary of limiter.summaries()) write(summary)
    if (level === 'debug' || limiter.admits(record)) write({ ...record, fields: plainFields(fields) })
  }
  return {
    debug: (message, fields) => say('debug', message, fields),
    info: (message, fields) => say('info', message, fields),
    warn: (message, fields) => say('warn', message, fields),
    error: (message, fields) => say('error', message, fields),
    child: (component) => createLog({ ...options, component }, deps),
  }
}

/** `fields` as plain JSON values: errors told in full, secrets masked by their own toJSON, and nothing that could throw later. */
export function plainFields(fields: LogFields): Record<string, unknown> {
  const plain: [string, unknown][] = Object.entries(fields).map(([name, value]) => [
    name,
    name === 'error' || value instanceof Error ? plainError(value) : plainValue(value),
  ])
  return Object.fromEntries(plain)
}

/** Causes of causes that are told; deeper ones, and circles, are left out. */
const MAX_CAUSES = 4

function plainError(thrown: unknown, depth = 0): unknown {
  if (!(thrown instanceof Error)) return plainValue(thrown)
  const { name, message, stack, cause } = thrown
  return {
    name,
    message,
    ...('code' in thrown && { code: plainValue(thrown.code) }),
    ...('hint' in thrown && thrown.hint !== undefined && { hint: plainValue(thrown.hint) }),
    stack,
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: plainError(cause, depth + 1) }),
  }
}

function plainValue(value: unknown): unknown {
  try {
    const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner))
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch {
    // A circle, or a toJSON that throws: the message is worth more than this field.
    return '[not JSON]'
  }
}
