import fc from 'fast-check'
import t from 'tap'
import { type Condition, type Operand, parseCondition } from '../../src/config/condition.ts'
import { LOG_LEVELS } from '../../src/model/log-entry.ts'
import { predicateOf } from '../../src/process/predicate.ts'
import { conditions, entries } from './condition-arbitrary.ts'
import { type Entry, entry, workOf } from './harness.ts'

function conditionOf(text: string): Condition {
  const parsed = parseCondition(text)
  if (parsed.kind === 'bad') throw new Error(`Cannot read the condition ${text}: ${parsed.message}`)
  return parsed.condition
}

t.test('a condition holds', async (t) => {
  const request = entry({
    level: 'WARNING',
    message: 'Timeout of 30',
    path: '/health/live',
    status_code: 502,
    duration: 2.5,
    metadata: { order: { id: '1.50' }, tags: ['prod', 5], ok: true, gone: null, 'a.b': 1 },
  })
  const yes = [
    'level >= WARNING and level < ERROR and level in (INFO, WARNING) and level != INFO',
    'level matches "^WARN" and level contains ARN and level exists',
    'path matches "^/HEALTH"i and path =~ "live$" and path !~ "^/HEALTH"',
    'status_code in (500, 502) and status_code > 499 and status_code matches "^5"',
    'duration > 2s and duration < 2501ms and duration == 2.5',
    'message contains "Timeout" and not message contains "timeout"',
    'order.id == 1.5 and order.id == "1.50" and order.id != "1.5" and metadata.order.id > 1',
    'ok == true and ok == "true" and ok != false and ok != 1',
    'tags contains prod and tags contains 5 and order contains "id"',
    'gone not exists and gone != 1 and not gone == null and gone not in (null)',
    'a.b exists and a.b == "1"',
    'missing != x and not missing == x and not missing > 0 and missing not contains "" and missing !~ ""',
    'timestamp == 2026-03-01T13:00:00+01:00 and timestamp < 2026-03-01T12:00:00.001Z',
    'timestamp matches "^2026-03" and service == checkout and service < d and host == web-1',
  ]
  for (const text of yes) {
    t.ok(predicateOf(conditionOf(text))(workOf(request)), text)
    for (const part of text.split(' and ')) t.ok(predicateOf(conditionOf(part))(workOf(request)), part)
  }
})

t.test('a condition over what the facts tell does not read the entry', async (t) => {
  const cases: [string, boolean][] = [
    ['level >= ERROR or service == checkout', false],
    ['status_code in (500, 502) or status_code exists', false],
    ['duration > 2s or duration not exists or duration matches "^1"', false],
    ['timestamp > 2026-01-01T00:00:00Z', false],
    ['level == ERROR and message contains x', false],
    ['level == INFO and message contains x', true],
    ['timestamp contains "2026"', true],
    ['metadata.level == INFO', true],
  ]
  for (const [text, isRead] of cases) {
    const work = workOf(entry())
    predicateOf(conditionOf(text))(work)
    t.equal(work.wasRead, isRead, text)
  }
})

t.test('a pattern sees the first 16 KiB', async (t) => {
  const holds = predicateOf(conditionOf('message matches "b"'))
  t.ok(holds(workOf(entry({ message: `${'a'.repeat(16_383)}b` }))))
  t.notOk(holds(workOf(entry({ message: `${'a'.repeat(16_384)}b` }))))
})

t.test('any condition says of any entry what its words say', async (t) => {
  const agree = fc.property(conditions, entries, (condition, more) => {
    const fields = entry(more)
    return predicateOf(condition)(workOf(fields)) === holds(condition, JSON.parse(JSON.stringify(fields)))
  })
  t.doesNotThrow(() => fc.assert(agree, { numRuns: 2000 }))
})

/** The rules again, plainly. */
function holds(condition: Condition, from: Entry): boolean {
  switch (condition.kind) {
    case 'and':
      return !condition.parts.some((part) => !holds(part, from))
    case 'or':
      return condition.parts.some((part) => holds(part, from))
    case 'not':
      return !holds(condition.part, from)
    case 'exists':
      return fieldOf(condition.field, from) !== null
    case 'in':
      return condition.values.some((value) => holds({ ...condition, kind: 'compare', operator: '==', value }, from))
    case 'contains':
      return text(fieldOf(condition.field, from))?.includes(condition.text) === true
    case 'matches': {
      const found = text(fieldOf(condition.field, from))
      return found !== null && new RegExp(condition.pattern, condition.ignoreCase ? 'i' : '').test(found)
    }
    case 'compare': {
      const found = fieldOf(condition.field, from)
      const { operator, value } = condition
      const isEqual = equal(found, value, condition.field)
      const isLess = less(found, value, condition.field)
      const isMore = comparable(found, value, condition.field) && !isEqual && !isLess
      const outcomes = { '==': isEqual, '!=': !isEqual, '<': isLess, '>': isMore }
      return operator === '<=' ? isLess || isEqual : operator === '>=' ? isMore || isEqual : outcomes[operator]
    }
  }
}

function fieldOf(name: string, from: Entry): unknown {
  if (['level', 'message', 'service', 'user_id', 'status_code', 'duration'].includes(name)) return from[name] ?? null
  const members = new Map(Object.entries(from.metadata ?? {}))
  if (members.has(name)) return members.get(name)
  const order = name === 'order.id' ? members.get('order') : null
  return typeof order === 'object' && order !== null && 'id' in order ? order.id : null
}

function text(value: unknown): string | null {
  return value === null ? null : typeof value === 'object' ? JSON.stringify(value) : `${value}`
}

/** Both as what they are compared by, or nothing when they cannot be. */
function sides(found: unknown, value: Operand, field: string): [number, number] | [string, string] | undefined {
  const levels: readonly unknown[] = LOG_LEVELS
  if (field === 'level') return [levels.indexOf(found), levels.indexOf(value)]
  if (typeof found === 'number' || typeof value === 'number') {
    const isNumeric = [found, value].every((one) => /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(`${text(one)}`))
    return isNumeric && typeof found !== 'object' ? [Number(found), Number(value)] : undefined
  }
  return typeof found === 'string' && typeof value === 'string' ? [found, value] : undefined
}

function comparable(found: unknown, value: Operand, field: string): boolean {
  return sides(found, value, field) !== undefined
}

function less(found: unknown, value: Operand, field: string): boolean {
  const both = sides(found, value, field)
  return both !== undefined && both[0] < both[1]
}

function equal(found: unknown, value: Operand, field: string): boolean {
  const both = sides(found, value, field)
  if (both !== undefined) return both[0] === both[1]
  const isFlag = typeof found === 'boolean' || (typeof value === 'boolean' && typeof found === 'string')
  return isFlag && typeof value !== 'number' && `${found}` === `${value}`
}
