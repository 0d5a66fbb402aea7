import type { WorkingEntry } from './working-entry.ts'

/** Why a step lets an entry go; also the reason it is booked under. */
export type StepDrop = 'filtered' | 'sampled' | 'rate_limited' | 'deduplicated'

/** One step of `process:` at work, for all files of a source. Pure but for what it remembers; time comes with the entries. */
export interface Step {
  /** Its kind in agent.yaml: `drop_if`. */
  readonly kind: string
  /** Changes the entry, or says why it is not kept. Never throws. */
  apply(entry: WorkingEntry): 'keep' | StepDrop
  /** What a step that redacts found in the last entry, by name. */
  readonly lastHits?: ReadonlyMap<string, number>
  /**
   * Hands over entries the step owes (the count of what it refused, repeats as one entry) that are due at wall time `nowMs`;
   * Infinity: all of them, since the agent stops. An entry is an object of LogEntry's fields with timestamp, level, message,
   * and perhaps service, metadata and the like; what the agent knows is added by the caller.
   */
  collect?(nowMs: number, give: (entry: Record<string, unknown>) => void): void
}
