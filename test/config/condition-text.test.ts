import t from 'tap'
import { parseCondition } from '../../src/config/condition.ts'
import { conditionText } from '../../src/config/condition-text.ts'

t.test('a condition is written as text that parses to it', async (t) => {
  const texts = [
    'level >= WARNING',
    'status_code >= 500 or duration > 1.5s',
    'not (path matches "^/health" and status_code == 200)',
    'a exists and (b exists or not c exists) and (d exists and e exists)',
    'not not a exists',
    'status_code in (500, 502) or name in ("502", true, web-1, "a b")',
    'message contains "it\'s \\"quoted\\" \\\\ and\\nbroken"',
    'message matches "\\d+\\"\\\\\\\\x"i',
    '"odd key" != "5" and "and" == "or" and order.id == -1.5e3',
    'timestamp >= "2026-03-01T12:00:00Z"',
    'level in (ERROR, CRITICAL)',
    'path not in ("/a", "/b") and path !~ "x"',
  ]
  for (const text of texts) {
    const parsed = parseCondition(text)
    if (parsed.kind === 'bad') return t.fail(`${text}: ${parsed.message}`)
    const written = conditionText(parsed.condition)
    t.same(parseCondition(written), parsed, written)
  }
})
