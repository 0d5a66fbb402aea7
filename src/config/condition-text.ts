import type { Condition, Operand } from './condition.ts'

/** A condition as text that parses to it again. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.map((part) => enclosed(part, condition.kind)).join(` ${condition.kind} `)
    case 'not':
      return `not ${enclosed(condition.part, 'not')}`
    case 'exists':
      return `${fieldText(condition.field)} exists`
    case 'compare':
      return `${fieldText(condition.field)} ${condition.operator} ${valueText(condition.value)}`
    case 'in':
      return `${fieldText(condition.field)} in (${condition.values.map(valueText).join(', ')})`
    case 'contains':
      return `${fieldText(condition.field)} contains ${quoted(condition.text)}`
    case 'matches':
      return `${fieldText(condition.field)} matches ${quoted(condition.pattern)}${condition.ignoreCase ? 'i' : ''}`
  }
}

function enclosed(part: Condition, outer: 'and' | 'or' | 'not'): string {
  const text = conditionText(part)
  return part.kind === 'or' || part.kind === outer || (outer === 'not' && part.kind === 'and') ? `(${text})` : text
}

function fieldText(field: string): string {
  return /^[a-z@][a-z0-9_.@]*$/i.test(field) && !KEYWORDS.has(field.toLowerCase()) ? field : quoted(field)
}

const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'exists', 'contains', 'matches', 'true', 'false'])

function valueText(value: Operand): string {
  return typeof value === 'string'
    ? /^[A-Z]+$/.test(value) && !KEYWORDS.has(value.toLowerCase())
      ? value
      : quoted(value)
    : String(value)
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}
