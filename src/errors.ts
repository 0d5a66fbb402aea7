/** Exit codes of the process: sysexits(3) where it has a word for it. */
export const EXIT = { ok: 0, failure: 1, usage: 2, unreachable: 69, internal: 70, permission: 77, config: 78 } as const

/** Why the agent cannot start or go on, in words an operator can act on; the process ends with `exitCode`. */
export class FatalError extends Error {
  readonly exitCode: number
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options: { exitCode: number; hint?: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'FatalError'
    this.exitCode = options.exitCode
    this.hint = options.hint
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a system or SQLite error (`ENOENT`, `SQLITE_FULL`), or an empty text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** For the `default` of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Error(`Cannot happen: ${JSON.stringify(value)}`)
}
