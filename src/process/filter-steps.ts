/** The steps that let entries go by what they say: `keep_if`, `drop_if` and `sample`. */
import type { Condition } from '../config/condition.ts'
import type { StepConfig } from '../config/steps.ts'
import { LOG_LEVELS } from '../model/log-entry.ts'
import { textOf } from './field-path.ts'
import { hashOf } from './hash.ts'
import { predicateOf, readerOf } from './predicate.ts'
import type { Step } from './step.ts'

const ERROR = LOG_LEVELS.indexOf('ERROR')
/** After this many entries the count begins anew; a rate with up to six decimals is then met exactly. */
const ROUND = 1_000_000
/** Larger than what n × rate is out by for n up to a round, smaller than any rate. */
const EPSILON = 1e-9

export function createFilterStep(kind: 'keep_if' | 'drop_if', condition: Condition): Step {
  const holds = predicateOf(condition)
  const isKept = kind === 'keep_if'
  return { kind, apply: (work) => (holds(work) === isKept ? 'keep' : 'filtered') }
}

/**
 * Keeps a share of the entries. By the field `by`: those whose value hashes low enough, so that a trace is kept or dropped
 * whole, on every host alike. Without it, or where an entry has no such field, evenly: at 0.1 each tenth.
 */
export function createSampleStep({
  rate,
  by,
  keepErrors,
}: Omit<Extract<StepConfig, { kind: 'sample' }>, 'kind'>): Step {
  const read = by === undefined ? undefined : readerOf(by)
  const hashLimit = rate * 2 ** 32
  let count = 0
  const isNextKept = (): boolean => {
    const before = Math.floor(count * rate + EPSILON)
    count++
    const isKept = Math.floor(count * rate + EPSILON) > before
    if (count === ROUND) count = 0
    return isKept
  }
  return {
    kind: 'sample',
    apply(work) {
      if (keepErrors && work.facts.level >= ERROR) return 'keep'
      const key = read && textOf(read(work))
      return (key === undefined ? isNextKept() : hashOf(key) < hashLimit) ? 'keep' : 'sampled'
    },
  }
}
