import fc from 'fast-check'
import t from 'tap'
import { type Condition, parseCondition } from '../../src/config/condition.ts'
import { conditions, printed } from '../process/condition-arbitrary.ts'

const parsed = (text: string): Condition | string => {
  const result = parseCondition(text)
  return result.kind === 'ok' ? result.condition : `${result.at}: ${result.message}`
}
const compare = (field: string, operator: string, value: unknown) => ({ kind: 'compare', field, operator, value })

t.test('a condition is read', async (t) => {
  const a = { kind: 'exists', field: 'a' }
  const b = { kind: 'exists', field: 'b' }
  const c = { kind: 'exists', field: 'c' }
  const cases: [string, unknown][] = [
    ['level >= WARNING', compare('level', '>=', 'WARNING')],
    ['level=warn', compare('level', '==', 'WARNING')],
    ['level == "error"', compare('level', '==', 'ERROR')],
    ['user_id exists', { kind: 'exists', field: 'user_id' }],
    ['user_id NOT EXISTS', { kind: 'not', part: { kind: 'exists', field: 'user_id' } }],
    ['status_code in (500, 502)', { kind: 'in', field: 'status_code', values: [500, 502] }],
    ['code in (a,"b" , 3,TRUE)', { kind: 'in', field: 'code', values: ['a', 'b', 3, true] }],
    ['path not in ("/a")', { kind: 'not', part: { kind: 'in', field: 'path', values: ['/a'] } }],
    ['message contains timeout', { kind: 'contains', field: 'message', text: 'timeout' }],
    ['message contains 500', { kind: 'contains', field: 'message', text: '500' }],
    ["message contains 'it''", "21: expected a closing ', got the end"],
    [String.raw`m matches "^\d+\.\"x\""i`, { kind: 'matches', field: 'm', pattern: '^\\d+\\."x"', ignoreCase: true }],
    [String.raw`m =~ '\\\\x'`, { kind: 'matches', field: 'm', pattern: '\\\\x', ignoreCase: false }],
    ['m !~ "x"', { kind: 'not', part: { kind: 'matches', field: 'm', pattern: 'x', ignoreCase: false } }],
    [String.raw`m == "\u00e9\n\uzzzz\q"`, compare('m', '==', 'é\n\\uzzzz\\q')],
    ['duration > 2s', compare('duration', '>', 2)],
    ['duration > 150ms', compare('duration', '>', 0.15)],
    ['duration > 1m30s', compare('duration', '>', 90)],
    ['duration in (0.5, 250us)', { kind: 'in', field: 'duration', values: [0.5, 0.00025] }],
    ['name == 2s', compare('name', '==', '2s')],
    ['order.id != -1.5e3', compare('order.id', '!=', -1500)],
    ['"in" == "and"', compare('in', '==', 'and')],
    ['id == 12345678901234567890', compare('id', '==', '12345678901234567890')],
    ['id == "5"', compare('id', '==', '5')],
    ['status_code == "500"', compare('status_code', '==', 500)],
    ['zip == 007', compare('zip', '==', '007')],
    ['ip == 10.0.0.1', compare('ip', '==', '10.0.0.1')],
    ['path == /health and a exists', { kind: 'and', parts: [compare('path', '==', '/health'), a] }],
    ['x-id == été', compare('x-id', '==', 'été')],
    ['timestamp >= 2026-03-01T12:00:00Z', compare('timestamp', '>=', '2026-03-01T12:00:00Z')],
    ['a exists or b exists and c exists', { kind: 'or', parts: [a, { kind: 'and', parts: [b, c] }] }],
    ['(a exists or b exists) and c exists', { kind: 'and', parts: [{ kind: 'or', parts: [a, b] }, c] }],
    ['not a exists and b exists', { kind: 'and', parts: [{ kind: 'not', part: a }, b] }],
    ['NOT NOT(a exists)', { kind: 'not', part: { kind: 'not', part: a } }],
    ['a exists\n  and b exists\tand c exists', { kind: 'and', parts: [a, b, c] }],
  ]
  for (const [text, expected] of cases) t.strictSame(parsed(text), expected, text)
})

t.test('what is no condition is refused where it stops making sense', async (t) => {
  const values = '(==, !=, <, <=, >, >=, in, contains, matches or exists)'
  const cases: [string, string][] = [
    ['', '0: expected a field, got the end'],
    ['  ', '2: expected a field, got the end'],
    ['a', `1: expected a test ${values}, got the end`],
    ['a b', `2: expected a test ${values}, got b`],
    ['a not == 1', '6: expected in, contains, matches or exists, got =='],
    ['a == 1 b exists', '7: expected "and", "or" or the end, got b'],
    ['a exists or', '11: expected a field, got the end'],
    ['and a exists', '0: expected a field, got and'],
    ['"" exists', '0: expected a field, got ""'],
    ['"a"i exists', '0: expected a field, got "a"'],
    ['(a exists', '9: expected "and", "or" or ), got the end'],
    ['a exists)', '8: expected "and", "or" or the end, got )'],
    ['a in ()', '6: expected a value, got )'],
    ['a in 5', '5: expected ( and a list of values, got 5'],
    ['a in (1 2)', '8: expected , or ), got 2'],
    ['a == and', '5: expected a value, got and'],
    ['a == "x"i', '5: expected a value, got "x"'],
    ['a contains "x"i', '11: expected a text, got "x"'],
    ['a matches b', '10: expected a regular expression in quotes, got b'],
    ['a == "x"y', '8: expected a blank after the closing quote, got y'],
    ['a == "x', '5: expected a closing ", got the end'],
    ['a == "x\\', '5: expected a closing ", got the end'],
    ['a && b', '2: expected a word or a text in quotes, got & (write "and")'],
    ['a || b', '2: expected a word or a text in quotes, got | (write "or")'],
    ['!a exists', '0: expected a word or a text in quotes, got ! (write "not")'],
    ['p matches ^x', '10: expected a word or a text in quotes, got ^ (such characters go in quotes)'],
    ['😀 exists', '0: expected a word or a text in quotes, got 😀 (such characters go in quotes)'],
    ['level == loud', '9: expected DEBUG, INFO, WARNING, ERROR or CRITICAL, got loud'],
    ['status_code > 5xx', '14: expected a number, got 5xx'],
    ['duration > long', '11: expected a number of seconds or a duration, such as 1.5s or 150ms, got long'],
    ['elapsed > 2s', '10: expected a number (only duration is compared with units), got 2s'],
    ['ok > true', '5: expected a number or a text, got true'],
    ['timestamp > yesterday', '12: expected a time, such as "2026-03-01T12:00:00Z", got yesterday'],
    [`${'('.repeat(33)}a exists${')'.repeat(33)}`, '32: expected at most 32 levels'],
    ['not '.repeat(1000), '128: expected at most 32 levels'],
    ['a'.repeat(4097), '4096: expected at most 4096 characters, got 4097'],
  ]
  for (const [text, expected] of cases) t.equal(parsed(text), expected, text.slice(0, 40))
  t.match(
    parsed('a == 1 and m matches "(x"'),
    /^21: expected another pattern: this one /,
    'a pattern is refused where it stands',
  )
})

t.test('a condition that is printed is read as the same tree', async (t) => {
  // As JSON: what fast-check makes has no prototype.
  const same = fc.property(conditions, (c) => JSON.stringify(parsed(printed(c))) === JSON.stringify(c))
  t.doesNotThrow(() => fc.assert(same, { numRuns: 1000 }))
})

t.test('no text makes the parser throw', async (t) => {
  const words = ['and', 'not', '(', ')', 'in', 'level', '>=', '"x"', "'", ',', '5', '2s', 'exists', '\\', '\ud800', ' ']
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words)).map((w) => w.join(' ')),
  )
  const harmless = fc.property(text, (text) => {
    const result = parseCondition(text)
    return result.kind === 'ok' || (result.at >= 0 && result.at <= text.length)
  })
  t.doesNotThrow(() => fc.assert(harmless, { numRuns: 1000 }))
})
