import t from 'tap'
import { expandGrok } from '../../src/config/grok.ts'
import { GROK_PATTERNS } from '../../src/config/grok-patterns.ts'
import { compilePattern, matchedChars } from '../../src/config/pattern.ts'

/** What a grok text captures of a line, by field. */
function found(grok: string, line: string, own: Record<string, string> = {}): Record<string, string> | string | null {
  const expanded = expandGrok(grok, own)
  if (expanded.kind === 'bad') return expanded.message
  const match = compilePattern(expanded.pattern).exec(line)
  if (!match) return null
  const fields = Object.entries(match.groups ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(fields.map(([group, value]) => [expanded.keys[group] ?? group, value]))
}

t.test('every pattern that grok knows by name can be used, on lines of usual length', async (t) => {
  t.ok(GROK_PATTERNS.size > 100)
  for (const name of GROK_PATTERNS.keys()) {
    const expanded = expandGrok(`%{${name}}`, {})
    t.equal(expanded.kind === 'ok' ? undefined : expanded.message, undefined, name)
    if (expanded.kind === 'ok') t.ok(matchedChars(expanded.pattern) >= 2048, name)
  }
})

t.test('a pattern that grok knows matches what it is for, and nothing else', async (t) => {
  const cases: [string, string[], string[]][] = [
    ['INT', ['5', '-17', '+3'], ['', 'x', '1.5']],
    ['NUMBER', ['5', '-1.5', '.5', '3.'], ['', 'x', '1.2.3']],
    ['BASE16NUM', ['0xFF', 'dead'], ['0x', 'xyz']],
    ['WORD', ['abc_1'], ['a b', '']],
    ['UUID', ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567-e89b-12d3-a456']],
    ['IPV4', ['127.0.0.1', '255.255.255.255'], ['256.1.1.1', '1.2.3']],
    ['IPV6', ['::1', 'fe80::1%eth0', '2001:db8:0:0:0:0:0:1', '::ffff:10.0.0.1'], ['12', 'abcd', '10.0.0.1']],
    ['IPORHOST', ['10.0.0.1', '::1', 'web-1.example.org', 'localhost'], ['a b', '-x']],
    ['HOSTPORT', ['web-1:80', '10.0.0.1:8080'], ['web-1', 'web-1:']],
    ['MAC', ['00:1A:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001A.2B3C.4D5E'], ['00:1A:2B:3C:4D']],
    ['EMAILADDRESS', ['a.b+c@example.org'], ['a.b', '@x']],
    ['UNIXPATH', ['/var/log/a.log', '/'], ['var', '']],
    ['PATH', ['/var/log', 'C:\\Windows\\x.txt'], ['x']],
    ['URI', ['https://u:p@h.example:8443/a/b?c=d&e=%20', 'ftp://x'], ['h.example/a']],
    ['URIPATHPARAM', ['/a?b=c', '/a'], ['a']],
    ['QUOTEDSTRING', ['"a \\" b"', "'x'", '`y`', '""'], ['"a', 'a']],
    ['LOGLEVEL', ['INFO', 'warn', 'Error', 'FATAL', 'notice', 'SEVERE', 'crit'], ['INFOS', 'loud']],
    ['MONTH', ['Jan', 'September'], ['Foo', 'Janu']],
    ['TIME', ['23:59:60', '7:05', '12:00:00.123', '12:00:00,123'], ['24:00:00', '12:60']],
    [
      'TIMESTAMP_ISO8601',
      ['2026-03-01T12:00:00Z', '2026-03-01 12:00:00,250', '2026-03-01T12:00:00.123456+01:00', '2026-03-01 12:00'],
      ['2026-13-01T12:00:00Z', '2026-03-01'],
    ],
    ['HTTPDATE', ['10/Oct/2025:13:55:36 +0000'], ['10/10/2025:13:55:36 +0000']],
    ['SYSLOGTIMESTAMP', ['Oct  9 22:33:20', 'Mar 10 02:03:04.123'], ['9 Oct 22:33:20']],
    ['JAVACLASS', ['com.example.App$Inner', 'App'], ['1a', 'a..b']],
    ['HTTPDERROR_DATE', ['Fri Oct 10 13:55:36.123456 2025'], ['Oct 10 13:55:36 2025']],
    ['DATESTAMP', ['03/01/26-12:00:00', '1.3.2026 12:00:00'], ['2026-03-01']],
  ]
  for (const [name, good, bad] of cases) {
    for (const text of good) t.ok(found(`^%{${name}}$`, text), `${name} is ${text}`)
    for (const text of bad) t.notOk(found(`^%{${name}}$`, text), `${name} is not ${text}`)
  }
})

t.test('a line of an access log and of syslog falls into its fields', async (t) => {
  const access =
    '203.0.113.7 - alice [10/Oct/2025:13:55:36 +0000] "GET /a?b=c HTTP/1.1" 200 5316 "https://x.example/" "Mozilla/5.0 \\"x\\""'
  const fields = {
    ...{ ip_address: '203.0.113.7', auth: 'alice', timestamp: '10/Oct/2025:13:55:36 +0000' },
    ...{ method: 'GET', path: '/a?b=c', http_version: '1.1', status_code: '200', bytes: '5316' },
  }
  t.same(found('^%{COMMONAPACHELOG}', access), fields)
  t.same(found('^%{COMBINEDAPACHELOG}$', access), {
    ...fields,
    referrer: 'https://x.example/',
    user_agent: 'Mozilla/5.0 \\"x\\"',
  })
  t.same(found('^%{COMMONAPACHELOG}$', '::1 - - [10/Oct/2025:13:55:36 +0000] "\\x16\\x03" 400 -'), {
    ...{ ip_address: '::1', timestamp: '10/Oct/2025:13:55:36 +0000' },
    ...{ raw_request: '\\x16\\x03', status_code: '400' },
  })
  t.same(found('^%{SYSLOGLINE}$', 'Oct  9 22:33:20 web-1 sshd[123]: Accepted publickey\n  more'), {
    ...{ timestamp: 'Oct  9 22:33:20', logsource: 'web-1', program: 'sshd', pid: '123' },
    message: 'Accepted publickey\n  more',
  })
  const error =
    '[Fri Oct 10 13:55:36.123456 2025] [core:error] [pid 12:tid 345] [client 10.0.0.1:5555] AH00126: Invalid URI'
  const parts = {
    ...{ timestamp: 'Fri Oct 10 13:55:36.123456 2025', module: 'core', level: 'error', pid: '12', tid: '345' },
    ...{ ip_address: '10.0.0.1', client_port: '5555', error_code: 'AH00126', message: 'Invalid URI' },
  }
  t.same(found('^%{HTTPD24_ERRORLOG}$', error), parts)
  t.same(found('^%{HTTPD_ERRORLOG}$', error), parts)
})

t.test('fields are named, nested, typed, and may come twice', async (t) => {
  t.same(
    expandGrok('%{WORD:a} %{INT:[b][c]:int} %{NUMBER:@d:float} %{WORD:a} %{WORD:e:string}', {
      WORD: '\\w+',
      INT: '\\d+',
      NUMBER: '[\\d.]+',
    }),
    {
      kind: 'ok',
      pattern: '(?<a>\\w+) (?<field_1>\\d+) (?<field_2>[\\d.]+) (?<field_3>\\w+) (?<e>\\w+)',
      keys: { field_1: 'b.c', field_2: '@d', field_3: 'a' },
      numbers: ['field_1', 'field_2'],
    },
  )
})

t.test('own patterns may use others, and replace those that are known', async (t) => {
  t.same(found('%{ORDER:order}', 'order A-17!', { ORDER: '[A-Z]-%{INT}', INT: '\\d{2}' }), { order: 'A-17' })
})

t.test('a grok text that is wrong is refused, at the pattern that is', async (t) => {
  const cases: [string, Record<string, string>, string, string?][] = [
    ['%{NUMBR:x}', {}, 'uses %{NUMBR}, which is not known; did you mean %{NUMBER}?'],
    ['%{COMBINEDAPACHLOG}', {}, 'uses %{COMBINEDAPACHLOG}, which is not known; did you mean %{COMBINEDAPACHELOG}?'],
    ['%{QQQQQQ}', {}, 'uses %{QQQQQQ}, which is not known'],
    ['%{A}', { A: '%{B}', B: '%{A}' }, 'uses itself: A → B → A', 'B'],
    ['x', { A: '%{A}' }, 'uses itself: A → A', 'A'],
    ['%{WORD:x:bool}', {}, 'has the type bool in %{WORD:x:bool}; expected int, float or string'],
    ['%{WORD: x}', {}, 'has the field  x in %{WORD: x}; expected a name, or [a][b]'],
    ['%{WORD x}', {}, 'has %{WORD x}; expected %{NAME}, %{NAME:field} or %{NAME:field:int}'],
    ['%{A}', { A: 'x(' }, 'has a ( without its ) at character 2', 'A'],
    ['%{constructor}', {}, 'uses %{constructor}, which is not known'],
  ]
  for (const [text, own, message, at] of cases) {
    t.same(expandGrok(text, own), { kind: 'bad', message, ...(at !== undefined && { at }) }, text)
  }
})

t.test('patterns that double one another are refused before they fill the memory', async (t) => {
  const own = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`P${i}`, `%{P${i + 1}}%{P${i + 1}}`]))
  t.match(expandGrok('%{P0}', { ...own, P60: 'x' }), { kind: 'bad', message: /too long a pattern/ })
})
