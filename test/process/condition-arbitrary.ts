import fc from 'fast-check'
import type { Condition, Operand } from '../../src/config/condition.ts'
import type { Entry } from './harness.ts'

/** Random conditions over a few fields, and entries that they say something of. */

const FIELDS = ['a', 'order.id', 'message', 'user_id', 'service', '__proto__', 'odd field', 'toString']
const texts = fc.oneof(
  fc.constantFrom('', 'x', 'checkout', '5', '05', '500', 'true', 'and', '"\\', "it's", 'é\n', '12345678901234567890'),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const numbers = fc.oneof(
  fc.constantFrom(5, 500, 0.5),
  fc.integer({ min: -9, max: 999 }),
  fc.double({ noNaN: true, min: 0.1, max: 9 }),
)
const field = fc.constantFrom(...FIELDS)
const operand: fc.Arbitrary<Operand> = fc.oneof(texts, numbers, fc.boolean())
const equality = fc.constantFrom('==', '!=') as fc.Arbitrary<'==' | '!='>
const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=') as fc.Arbitrary<'==' | '<'>
const levels = fc.constantFrom('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')

const test: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('exists' as const), field: fc.oneof(field, fc.constantFrom('status_code', 'level')) }),
  fc.record({ kind: fc.constant('compare' as const), field, operator: equality, value: operand }),
  fc.record({ kind: fc.constant('compare' as const), field, operator, value: fc.oneof(texts, numbers) }),
  fc.record({ kind: fc.constant('compare' as const), field: fc.constant('level'), operator, value: levels }),
  fc.record({
    kind: fc.constant('compare' as const),
    field: fc.constantFrom('status_code', 'duration'),
    operator,
    value: numbers,
  }),
  fc.record({ kind: fc.constant('in' as const), field, values: fc.array(operand, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('contains' as const), field, text: texts }),
  fc.record({
    kind: fc.constant('matches' as const),
    field,
    pattern: fc.constantFrom('', 'x', '^\\d+$', '[^a-c]', '\\\\', '"'),
    ignoreCase: fc.boolean(),
  }),
)

export const conditions: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    test,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('condition') }),
  ),
})).condition

const value = fc.oneof(texts, numbers, fc.boolean(), fc.constant(null), fc.constant(['x', 5]), fc.constant({ x: 'é' }))
const well = texts.map((text) => text.toWellFormed())

export const entries: fc.Arbitrary<Entry> = fc
  .record(
    {
      level: levels,
      message: well,
      service: well,
      user_id: well,
      status_code: fc.integer({ min: 1, max: 999 }),
      duration: fc.double({ min: 0, max: 9, noNaN: true }).map((seconds) => seconds + 0),
      members: fc.array(fc.tuple(fc.constantFrom('a', 'order', 'order.id', '__proto__', 'odd field'), value)),
      orderId: value,
    },
    { requiredKeys: ['level', 'message', 'service'] },
  )
  .map(({ members, orderId, ...own }) => {
    const nested: [string, unknown][] = orderId === undefined ? [] : [['order', { id: orderId }]]
    return { ...own, metadata: Object.fromEntries([...(members ?? []), ...nested]) }
  })

/** The condition as text; every group and every text in its marks. */
export function printed(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.map((part) => `(${printed(part)})`).join(` ${condition.kind} `)
    case 'not':
      return `not (${printed(condition.part)})`
    case 'exists':
      return `${quoted(condition.field)} exists`
    case 'compare':
      return `${quoted(condition.field)} ${condition.operator} ${operandText(condition.value)}`
    case 'in':
      return `${quoted(condition.field)} in (${condition.values.map(operandText).join(', ')})`
    case 'contains':
      return `${quoted(condition.field)} contains ${quoted(condition.text)}`
    case 'matches':
      return `${quoted(condition.field)} matches ${quoted(condition.pattern)}${condition.ignoreCase ? 'i' : ''}`
  }
}

function operandText(value: Operand): string {
  return typeof value === 'string' ? quoted(value) : String(value)
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
