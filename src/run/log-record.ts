/** Least severe first. */
export const OWN_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type OwnLevel = (typeof OWN_LEVELS)[number]

/** One message, in a form that can be posted between threads. */
export interface LogRecord {
  /** Wall time, ms. */
  readonly timeMs: number
  readonly level: OwnLevel
  readonly component: string
  readonly message: string
  /** Plain JSON values. */
  readonly fields: Readonly<Record<string, unknown>>
}
