import fc from 'fast-check'
import t from 'tap'
import { expandGrok } from '../../../src/config/grok.ts'
import type { ParseConfig } from '../../../src/config/steps.ts'
import { createPatternParser } from '../../../src/parse/formats/pattern.ts'
import { type Line, NdjsonBuffer } from '../../../src/parse/line.ts'
import { goldens } from '../goldens.ts'
import { context, entryIn, lineOf, newFacts, OWN, READ_AT } from '../harness.ts'

type PatternConfig = Extract<ParseConfig, { kind: 'pattern' }>

function own(pattern: string, more: Partial<PatternConfig> = {}): PatternConfig {
  return { kind: 'pattern', pattern, keys: {}, numbers: [], ...more }
}

function grok(text: string): PatternConfig {
  const expanded = expandGrok(text, {})
  if (expanded.kind === 'bad') throw new Error(expanded.message)
  const { pattern, keys, numbers } = expanded
  return { kind: 'pattern', pattern, keys, numbers }
}

function parsed(
  config: PatternConfig,
  line: string | Buffer,
  more: Partial<Line> = {},
): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const misfit = createPatternParser(config, context).tryParse(lineOf(line, more), out, newFacts())
  if (misfit !== undefined && out.length > 0) throw new Error('A misfit was written')
  return misfit ?? entryIn(out, 0)
}

const APP =
  '^(?<timestamp>\\S+ \\S+) \\| (?<level>\\w+) +\\| (?<logger>[^|]+) \\| (?:(?<order>\\d+)|-) \\| took=(?<duration>[\\d.]+) \\| (?<message>.*)$'

goldens(t, 'pattern/own', (context) =>
  createPatternParser(own(APP, { keys: { order: 'order.id' }, numbers: ['order'] }), context),
)
goldens(t, 'pattern/grok', (context) => createPatternParser(grok('^%{COMBINEDAPACHELOG}$'), context))

const ENTRY = {
  timestamp: READ_AT,
  level: 'INFO',
  service: 'checkout',
  version: '1.4.2',
  environment: 'production',
  ...OWN,
}

t.test('a line that does not match is none of its', async (t) => {
  t.equal(parsed(own('^a'), 'ba'), 'does not match the pattern')
})

t.test('a line whose message is not captured is its message, whole', async (t) => {
  t.same(parsed(own('user=(?<user_id>\\w+)'), 'in: user=ann, done'), {
    ...ENTRY,
    message: 'in: user=ann, done',
    user_id: 'ann',
  })
  t.same(parsed(own('a'), 'bab'), { ...ENTRY, message: 'bab' }, 'without groups')
})

t.test('what stands before and after a match is kept beside its message', async (t) => {
  t.match(parsed(own('(?<level>[A-Z]+): (?<message>\\w+)'), '[7] ERROR: boom (twice)'), {
    level: 'ERROR',
    message: 'boom',
    metadata: { unmatched_before: '[7] ', unmatched_after: ' (twice)' },
  })
  t.same(parsed(own('(?<message>\\w+)'), '  boom '), { ...ENTRY, message: 'boom' }, 'blanks say nothing')
})

t.test('a group that took no part is no field, and one that is empty is an empty one', async (t) => {
  t.same(parsed(own('^(?<message>a)(?<b>b)?(?<c>c*)$'), 'a'), { ...ENTRY, message: 'a', metadata: { c: '' } })
})

t.test('a group that is a number is one when it can be', async (t) => {
  const config = own('^(?<message>m) (?<n>\\S+)$', { numbers: ['n'] })
  const cases: [string, unknown][] = [
    ['5', 5],
    ['-1.5e3', -1500],
    ['007', '007'],
    ['+5', '+5'],
    ['.5', '.5'],
    ['12345678901234567890', '12345678901234567890'],
    ['five', 'five'],
  ]
  for (const [text, expected] of cases)
    t.same(parsed(config, `m ${text}`), { ...ENTRY, message: 'm', metadata: { n: expected } }, text)
})

t.test('a message that goes on beyond what is matched is kept to its end', async (t) => {
  const long = 'x'.repeat(40_000)
  t.match(parsed(own('^(?<level>\\w+) (?<message>.*)$'), `WARN ${long}END`), {
    level: 'WARNING',
    message: `${long}END`,
  })
  t.match(parsed(own('^(?<message>\\w+) '), `WARN ${long}END`), { metadata: { unmatched_after: `${long}END` } })
})

t.test('a record of several lines is matched as a whole, or by its first line', async (t) => {
  const record = 'ERROR boom\n  at a\n  at b'
  t.same(parsed(own('^(?<level>\\w+) (?<message>.*)$'), record), {
    ...ENTRY,
    level: 'ERROR',
    message: 'boom\n  at a\n  at b',
  })
  t.match(parsed(own('^(?<level>\\w+) (?<message>.*?)\\n(?<stack_trace>[^]*)$'), record), {
    message: 'boom',
    stack_trace: '  at a\n  at b',
  })
  t.match(parsed(own('^(?<message>\\w+) (?<what>\\w+)$'), record), {
    message: 'ERROR',
    metadata: { what: 'boom', unmatched_after: '\n  at a\n  at b' },
  })
})

t.test('the status of an access log is its level, unless it says one', async (t) => {
  const config = (more = '') => own(`^(?<method>[A-Z]+) (?<path>\\S+) (?<status>\\d+)${more}$`)
  for (const [status, level] of [
    ['200', 'INFO'],
    ['302', 'INFO'],
    ['404', 'WARNING'],
    ['503', 'ERROR'],
    ['5030', 'INFO'],
  ] as const) {
    t.match(parsed(config(), `GET / ${status}`), { level, status_code: Number(status) }, status)
  }
  t.match(parsed(config(' (?<level>\\w+)'), 'GET / 503 info'), { level: 'INFO' })
})

t.test('marks, bytes that are no UTF-8, and halves of characters are taken care of', async (t) => {
  t.match(parsed(own('^(?<message>.*)$'), 'a', { isTruncated: true }), { metadata: { truncated: true } })
  t.match(parsed(own('^(?<message>.*)$'), Buffer.from([0x61, 0xff])), { message: 'a\ufffd' })
  t.match(parsed(own('^(?<half>.)(?<message>.*)$'), '😀'), { message: '\ufffd', metadata: { half: '\ufffd' } })
})

t.test('a pattern with groups of any name never throws and loses nothing', async (t) => {
  const name = fc.constantFrom(
    'level',
    'message',
    'ts',
    'status',
    'method',
    'metadata',
    'host',
    '__proto__',
    'a',
    'msg',
  )
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 })
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '5', ' ', '"', '\\', '\n', '{', '😀') }),
  )
  fc.assert(
    fc.property(names, text, (names, text) => {
      const config = own(names.map((name) => `(?<${name}>\\S+)`).join(' '), { numbers: names })
      const entry = parsed(config, Buffer.from(text))
      if (typeof entry === 'string') return
      const kept = JSON.stringify(entry)
      for (const word of Buffer.from(text).toString().split(/\s+/)) {
        // Times and levels are written anew; their words are kept where they are none.
        const isReadAnew = names.some((name) => ['level', 'ts'].includes(name))
        if (!isReadAnew && !kept.includes(JSON.stringify(word).slice(1, -1)) && !/^[\d.e+-]+$/i.test(word))
          throw new Error(`lost ${word} in ${kept}`)
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
