import type pino from 'pino'
import type { Clock } from './run/clock.ts'
import { createLog, type Log } from './run/log.ts'
import type { LogRecord, OwnLevel } from './run/log-record.ts'
import { RepeatLimiter, USUAL_REPEATS } from './run/repeat-limiter.ts'

/**
 * The agent's own log: one JSON object a line, or plain lines on a terminal. Main makes the pino logger,
 * `pino(loggerOptions(), logDestination({ fd: 2, format }, …))`, and wraps it with `ownLog`; a worker thread uses
 * `postingLog`, and main replays what it posts.
 */

export interface PostingLog {
  readonly log: Log
  setLevel(level: OwnLevel): void
  /** Writes the summaries of suppressed messages that are due; with `all`, every one: for the end of the process. */
  flush(which?: { all?: boolean }): void
}

export interface OwnLog extends PostingLog {
  /** Writes a record that a worker thread posted. */
  replay(record: LogRecord): void
}

export interface OwnLogDeps {
  readonly clock: Clock
  /** Told of every message held back as a repeat. */
  readonly onSuppressed: (count: number) => void
}

/** What pino is made with: levels as words; time and component come with the record, the level is judged before it. */
export function loggerOptions(): pino.LoggerOptions {
  return {
    level: 'debug',
    base: null,
    timestamp: false,
    messageKey: 'msg',
    formatters: { level: (level) => ({ level }) },
  }
}

export function ownLog(logger: pino.Logger, options: { readonly level: OwnLevel }, deps: OwnLogDeps): OwnLog {
  const replay = ({ timeMs, level, component, message, fields }: LogRecord): void =>
    logger[level]({ time: new Date(timeMs).toISOString(), component, ...withoutOurs(fields) }, message)
  return { ...postingLog(options, { ...deps, post: replay }), replay }
}

/** A log whose records go to `post`: in a worker thread, to main. Repeats are held back here, before they cost a message. */
export function postingLog(
  options: { readonly level: OwnLevel },
  { clock, onSuppressed, post }: OwnLogDeps & { readonly post: (record: LogRecord) => void },
): PostingLog {
  let { level } = options
  const limiter = new RepeatLimiter(USUAL_REPEATS, { clock, onSuppressed })
  return {
    log: createLog({ component: 'agent', level: () => level }, { clock, limiter, write: post }),
    setLevel: (next) => {
      level = next
    },
    flush: (which) => {
      for (const summary of limiter.summaries(which)) post(summary)
    },
  }
}

const OURS = new Set(['time', 'level', 'component', 'msg'])

/** A field must not pass for the line's own `level` or `msg`: a second one in the same object would win. */
function withoutOurs(fields: LogRecord['fields']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [OURS.has(name) ? `${name}_` : name, value]))
}
