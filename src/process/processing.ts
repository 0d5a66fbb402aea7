/** The steps of one source, in order. They are shared by its files: what one remembers counts for all of them. */
import type { StepConfig } from '../config/steps.ts'
import { createEntryFacts, type LineContext, NdjsonBuffer } from '../parse/line.ts'
import { DedupeStep } from './dedupe.ts'
import { createAddStep, createDropStep, createRenameStep } from './field-steps.ts'
import { createFilterStep, createSampleStep } from './filter-steps.ts'
import { RateLimitStep } from './rate-limit.ts'
import { createRedactStep } from './redact/redact-step.ts'
import type { Step, StepDrop } from './step.ts'
import { WorkingEntry } from './working-entry.ts'

export interface DroppedBy {
  /** Place of the step in `process:`, from 0. */
  readonly index: number
  /** `drop_if` */
  readonly kind: string
}

export interface Processing {
  /** Takes the entry through the steps. One that is kept has its bytes and facts brought up to date. */
  apply(work: WorkingEntry): 'keep' | StepDrop
  /** The step that let the last entry go; undefined when it was kept. */
  readonly droppedBy: DroppedBy | undefined
  /** What was redacted of the last entry, and how often; undefined when nothing was. For whoever explains, not per line. */
  redacted(): Readonly<Record<string, number>> | undefined
  /**
   * Hands over what the steps owe; see Step. Each goes through the steps after the one that owes it first. To be called
   * about once a second, and with Infinity when the agent stops or these steps are replaced.
   */
  collect(nowMs: number, give: (entry: Record<string, unknown>) => void): void
}

/** `context`: what entries that a step made are from; they have no file. @throws {Error} for a pattern that is none; the configuration has refused it before. */
export function createProcessing(configs: readonly StepConfig[], context: LineContext): Processing {
  return new Steps(
    configs.map((config) => stepOf(config, context)),
    context,
  )
}

function stepOf(config: StepConfig, context: LineContext): Step {
  switch (config.kind) {
    case 'add':
      return createAddStep(config.fields)
    case 'rename':
      return createRenameStep(config.fields)
    case 'drop':
      return createDropStep(config.fields)
    case 'keep_if':
    case 'drop_if':
      return createFilterStep(config.kind, config.condition)
    case 'sample':
      return createSampleStep(config)
    case 'rate_limit':
      return new RateLimitStep(config)
    case 'dedupe':
      return new DedupeStep(config)
    case 'redact':
      return createRedactStep(config.redact, context)
  }
}

class Steps implements Processing {
  readonly #steps: readonly Step[]
  readonly #context: LineContext
  #droppedAt = -1

  constructor(steps: readonly Step[], context: LineContext) {
    this.#steps = steps
    this.#context = context
  }

  get droppedBy(): DroppedBy | undefined {
    const step = this.#steps[this.#droppedAt]
    return step && { index: this.#droppedAt, kind: step.kind }
  }

  apply(work: WorkingEntry): 'keep' | StepDrop {
    return this.#applyFrom(0, work)
  }

  redacted(): Readonly<Record<string, number>> | undefined {
    const hits = this.#steps
      .slice(0, this.#droppedAt < 0 ? undefined : this.#droppedAt)
      .flatMap((step) => [...(step.lastHits ?? [])])
    if (hits.length === 0) return undefined
    const sums = new Map<string, number>()
    for (const [name, count] of hits) sums.set(name, (sums.get(name) ?? 0) + count)
    return Object.fromEntries(sums)
  }

  collect(nowMs: number, give: (entry: Record<string, unknown>) => void): void {
    for (const [index, step] of this.#steps.entries()) {
      step.collect?.(nowMs, (entry) => {
        const work = this.#workOf(entry)
        if (this.#applyFrom(index + 1, work) === 'keep') give(work.object)
      })
    }
  }

  #applyFrom(first: number, work: WorkingEntry): 'keep' | StepDrop {
    for (let index = first; index < this.#steps.length; index++) {
      const outcome = this.#steps[index]?.apply(work) ?? 'keep'
      if (outcome === 'keep') continue
      this.#droppedAt = index
      return outcome
    }
    this.#droppedAt = -1
    work.flush()
    return 'keep'
  }

  /** An entry a step made, as the steps after it take it. */
  #workOf(entry: Record<string, unknown>): WorkingEntry {
    const { service, version, environment, host, source } = this.#context
    const out = new NdjsonBuffer(1024)
    out.appendText(`${JSON.stringify({ service, version, environment, host, source, ...entry })}\n`)
    const work = new WorkingEntry()
    work.begin(out, 0, createEntryFacts())
    work.refreshFacts()
    return work
  }
}
