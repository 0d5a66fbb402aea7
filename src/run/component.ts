/** A part of the agent that runs until told to stop. */
export interface Component {
  readonly name: string
  /** Resolves after `signal` aborts and its hands are empty; rejects only when it cannot go on. */
  run(signal: AbortSignal): Promise<void>
}
