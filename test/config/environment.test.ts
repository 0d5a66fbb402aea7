import t from 'tap'
import { expand } from '../../src/config/environment.ts'

// Spelled apart: a dollar sign and a brace in one plain string look like a template that lost its backticks.
const v = (body: string): string => `\${${body}}`
const env = { SET: 'value', EMPTY: '', LOOP: v('SET'), DOLLAR: '$$' }

t.test('a variable becomes', async (t) => {
  const cases: [string, string][] = [
    [v('SET'), 'value'],
    [`a-${v('SET')}-${v('SET')}`, 'a-value-value'],
    [v('EMPTY'), ''],
    [v('EMPTY:-other'), 'other'],
    [v('NOT:-'), ''],
    [v('NOT:-a:-b:?c'), 'a:-b:?c'],
    [v('SET:-other'), 'value'],
    [v('SET:?needed'), 'value'],
    [`$${v('SET')}`, v('SET').slice(1).replace('{', '${')],
    ['$$', '$'],
    ['$$$$', '$$'],
    ['$1 cost $', '$1 cost $'],
    [v('LOOP'), v('SET')],
    [v('DOLLAR'), '$$'],
  ]
  for (const [text, expected] of cases) t.same(expand(text, env), { text: expected, problems: [] }, text)
})

t.test('a variable that cannot be replaced is told', async (t) => {
  const cases: [string, RegExp][] = [
    [v('NOT'), /the variable NOT is not set/],
    [v('NOT:?tell me'), /the variable NOT is not set: tell me/],
    [v('EMPTY:?tell me'), /tell me/],
    [v('constructor'), /the variable constructor is not set/],
    [v('__proto__'), /the variable __proto__ is not set/],
    [v(''), /expected \$\{NAME\}/],
    [v('1A'), /expected \$\{NAME\}/],
    [v('A B'), /expected \$\{NAME\}/],
    [v('SET:+x'), /expected \$\{NAME\}/],
    [v('SET').slice(0, -1), /expected \$\{NAME\}/],
    [v(`NOT:-${v('SET')}`), /another variable/],
  ]
  for (const [text, message] of cases) {
    const { problems } = expand(text, env)
    t.equal(problems.length, 1, text)
    t.match(problems[0]?.message, message, text)
  }
})
