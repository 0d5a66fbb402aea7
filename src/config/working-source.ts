import type { SourceConfig } from './schema.ts'
import type { StepConfig, StepSetting } from './steps.ts'

/** A source as the thread that reads it works by it. */
export type WorkingSource = Omit<SourceConfig, 'process'> & { readonly process: readonly StepConfig[] }

export function revealedSource(source: SourceConfig): WorkingSource {
  return { ...source, process: revealedSteps(source.process) }
}

/** The steps with the keys of their hashes in the clear: for the thread that works by them, and nobody else. */
function revealedSteps(steps: readonly StepSetting[]): StepConfig[] {
  return steps.map((step) => {
    if (step.kind !== 'redact') return step
    return { kind: 'redact', redact: { ...step.redact, key: step.redact.key?.reveal() ?? '' } }
  })
}
