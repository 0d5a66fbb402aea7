/**
 * Conditions at work. What the facts of an entry tell (level, service, status_code, duration, timestamp) is answered from
 * them; only other fields, and texts in a timestamp, cost the reading of the entry. See config/condition.ts for the rules.
 */
import type { Condition, Operand } from '../config/condition.ts'
import { compilePattern, matchedChars } from '../config/pattern.ts'
import { LOG_LEVELS } from '../model/log-entry.ts'
import { levelOfText } from '../parse/level.ts'
import { FieldPath, textOf } from './field-path.ts'
import { numberOf } from './fitting.ts'
import type { WorkingEntry } from './working-entry.ts'

export type Predicate = (work: WorkingEntry) => boolean
type Comparison = Extract<Condition, { kind: 'compare' }>

/** @throws {SyntaxError} for a pattern that is none; the configuration has refused it before. */
export function predicateOf(condition: Condition): Predicate {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map(predicateOf)
      return (work) => parts.every((part) => part(work))
    }
    case 'or': {
      const parts = condition.parts.map(predicateOf)
      return (work) => parts.some((part) => part(work))
    }
    case 'not': {
      const part = predicateOf(condition.part)
      return (work) => !part(work)
    }
    case 'exists': {
      const read = readerOf(condition.field)
      return (work) => (read(work) ?? undefined) !== undefined
    }
    case 'compare':
      return comparisonOf(condition)
    case 'in': {
      const { field } = condition
      const parts = condition.values.map((value) => comparisonOf({ kind: 'compare', field, operator: '==', value }))
      return (work) => parts.some((part) => part(work))
    }
    case 'contains': {
      const read = readerOf(condition.field)
      return (work) => textOf(read(work))?.includes(condition.text) ?? false
    }
    case 'matches': {
      const read = readerOf(condition.field)
      const { ignoreCase } = condition
      const pattern = compilePattern(condition.pattern, { ignoreCase })
      const length = matchedChars(condition.pattern, { ignoreCase })
      return (work) => {
        const text = textOf(read(work))
        return text !== undefined && pattern.test(text.slice(0, length))
      }
    }
  }
}

/** Reads a field, from the facts where they tell it. Undefined: there is none. */
export function readerOf(field: string): (work: WorkingEntry) => unknown {
  switch (field) {
    case 'level':
      return ({ facts }) => LOG_LEVELS[facts.level]
    case 'service':
      return ({ facts }) => facts.service
    case 'status_code':
      return ({ facts }) => (facts.statusCode === 0 ? undefined : facts.statusCode)
    case 'duration':
      return ({ facts }) => (facts.durationSeconds < 0 ? undefined : facts.durationSeconds)
    default: {
      const path = new FieldPath(field)
      return (work) => path.get(work.object)
    }
  }
}

function comparisonOf({ field, operator, value }: Comparison): Predicate {
  const holds = orderTest(operator)
  const level = field === 'level' ? levelOfText(String(value)) : -1
  if (level >= 0) return ({ facts }) => holds(facts.level - level)
  const timeMs = field === 'timestamp' ? Date.parse(String(value)) : Number.NaN
  if (!Number.isNaN(timeMs)) return ({ facts }) => holds(facts.timeMs - timeMs)
  const read = readerOf(field)
  const number = numberOf(value)
  return (work) => holds(order(read(work), value, number))
}

/** Below 0, 0, or above 0 as `value` is before, equal to or after `operand`; NaN when the two cannot be compared. */
function order(value: unknown, operand: Operand, operandNumber: number | undefined): number {
  if (typeof value === 'number' || typeof operand === 'number') {
    return (numberOf(value) ?? Number.NaN) - (operandNumber ?? Number.NaN)
  }
  if (typeof value === 'string' && typeof operand === 'string') return value < operand ? -1 : value > operand ? 1 : 0
  const isFlag = typeof value === 'boolean' || (typeof value === 'string' && typeof operand === 'boolean')
  return isFlag && String(value) === String(operand) ? 0 : Number.NaN
}

/** Of what cannot be compared, only `!=` holds. */
function orderTest(operator: Comparison['operator']): (order: number) => boolean {
  switch (operator) {
    case '==':
      return (order) => order === 0
    case '!=':
      return (order) => order !== 0
    case '<':
      return (order) => order < 0
    case '<=':
      return (order) => order <= 0
    case '>':
      return (order) => order > 0
    case '>=':
      return (order) => order >= 0
  }
}
