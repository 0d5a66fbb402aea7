import process from 'node:process'
import v8 from 'node:v8'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import t from 'tap'
import { compilePattern, groupsOf, MAX_MATCHED_CHARS, matchedChars, patternProblem } from '../../src/config/pattern.ts'

/** The linear-time engine, always: to compare with. */
function linear(pattern: { readonly source: string }): RegExp {
  v8.setFlagsFromString('--enable-experimental-regexp-engine')
  return new RegExp(pattern.source, 'l')
}

function isLinear(source: string): boolean {
  try {
    return linear({ source }) !== undefined
  } catch {
    return false
  }
}

t.test('a pattern is what JavaScript takes it for', async (t) => {
  const cases: [string, string, string[] | null][] = [
    ['a+b', 'xaab', ['aab']],
    ['(?<y>\\d{4})-(?<m>\\d{2})', 'on 2026-03-01', ['2026-03', '2026', '03']],
    ['^(?:a|b){2,3}?$', 'abb', ['abb']],
    ['a{20}', 'a'.repeat(19), null],
    ['a{20}', 'a'.repeat(21), ['a'.repeat(20)]],
    ['^a{18,20}$', 'a'.repeat(20), ['a'.repeat(20)]],
    ['a{17,19}?', 'a'.repeat(20), ['a'.repeat(17)]],
    ['(?:[0-9a-f]{2}:){17,}', 'a0:'.repeat(30), ['a0:'.repeat(30)]],
    ['[^\\]\\s]+', ' a-b]', ['a-b']],
    ['\\x41\\u0042\\t', 'AB\t', ['AB\t']],
    ['a{x', 'a{x', ['a{x']],
    ['}]', '}]', ['}]']],
    ['😀+', '😀😀', ['😀😀']],
    ['\\u{1F600}', '😀', ['😀']],
    ['[à-ü]+', 'é', ['é']],
    ['', 'a', ['']],
  ]
  for (const [source, text, expected] of cases) {
    t.equal(patternProblem(source), undefined, source)
    t.same(compilePattern(source).exec(text)?.slice() ?? null, expected, source)
    t.same(linear(compilePattern(source)).exec(text)?.slice() ?? null, expected, `${source} in linear time`)
  }
})

t.test('spellings of other engines are understood', async (t) => {
  const cases: [string, string, boolean][] = [
    ['(?P<level>A+)', 'A', true],
    ['(?i)error', 'ErRoR', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?i)a(?-i:b)c', 'AbC', true],
    ['(?i)a(?-i:b)c', 'ABC', false],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['\\Aab\\z', 'ab', true],
    ['^[[:alpha:]_]+$', 'aB_', true],
    ['^[[:digit:]]+$', 'a', false],
    ['^a\\hb$', 'a b', true],
    ['^[]a]+$', ']a', true],
  ]
  for (const [source, text, expected] of cases) {
    t.equal(patternProblem(source), undefined, source)
    t.equal(compilePattern(source).test(text), expected, `${source} on ${text}`)
  }
})

t.test('a pattern that may take for ever, or is none, is refused by name', async (t) => {
  const cases: [string, RegExp][] = [
    ['(?=a)', /^has a lookahead/],
    ['a(?!b)', /^has a negative lookahead/],
    ['(?<=a)b', /^has a lookbehind/],
    ['(?<!a)b', /^has a negative lookbehind/],
    ['(a)\\1', /^has a backreference/],
    ['(?<x>a)\\k<x>', /^has a backreference/],
    ['(?P<x>a)(?P=x)', /^has a backreference/],
    ['(?>a)', /^has an atomic group/],
    ['a++', /^has a possessive repeat/],
    ['(?R)', /^has a recursion/],
    ['(?(1)a|b)', /^has a condition/],
    ['(?#x)a', /^has a comment/],
    ['\\p{L}', /^has a property of characters/],
    ['(?m)^a', /^has the mode m/],
    ['[😀]', /^has 😀 in \[…]/],
    ['\\y', /^has an escape that is not known: \\y/],
    ['\\01', /^has an octal escape/],
    ['a\\', /^ends in a lone backslash/],
    ['(a', /^has a \( without its \) at character 1/],
    ['a)', /^has a \) without its \( at character 2/],
    ['[a', /^has a \[ without its \]/],
    ['[z-a]', /^has a range in \[…] that is the wrong way round/],
    ['[a-\\d]', /^has a range in \[…] that ends in a set/],
    ['*a', /^has nothing to repeat before \* at character 1/],
    ['a|+', /^has nothing to repeat/],
    ['a***', /^has nothing to repeat/],
    ['{2}', /^has nothing to repeat/],
    ['^*', /^has nothing to repeat/],
    ['a{2,1}', /^has a repeat that is the wrong way round/],
    ['a{1001}', /^repeats more than 1000 times/],
    ['(a){17}', /^repeats a group that captures/],
    ['(?<1x>a)', /^has a group named 1x/],
    ['(?<x>a)(?<x>b)', /^has two groups named x/],
    ['(?:a{0,1000}){1000}', /^is too large/],
    ['(?:a{100}){100}', /^is too large/],
    ['('.repeat(200) + ')'.repeat(200), /^expected at most 100 groups/],
    ['a'.repeat(9000), /^expected at most 8192 characters/],
  ]
  for (const [source, expected] of cases) {
    t.match(patternProblem(source) ?? 'nothing', expected, source.slice(0, 40))
    t.throws(() => compilePattern(source), /^Cannot compile a pattern: it /)
  }
})

t.test('two groups of one name may stand in two alternatives', async (t) => {
  t.same(groupsOf('(?<x>a)|(?<x>b)(?<y>c)'), ['x', 'y'])
  t.same({ ...compilePattern('(?<x>a)|(?<x>b)').exec('b')?.groups }, { x: 'b' })
})

t.test('case is ignored without the flag that the linear-time engine does not take', async (t) => {
  const pattern = compilePattern('caf[éx] [a-f]+ [^q] \\x41', { ignoreCase: true })
  t.equal(pattern.flags, '')
  t.ok(pattern.test('CAFÉ AbF - a'))
  t.notOk(pattern.test('CAFÉ AbF Q a'))
  t.equal(compilePattern('a', { isGlobal: true }).flags, 'g')
})

const LINES = [
  'a'.repeat(MAX_MATCHED_CHARS),
  ' '.repeat(MAX_MATCHED_CHARS),
  'ab,'.repeat(MAX_MATCHED_CHARS / 3),
  '1.'.repeat(MAX_MATCHED_CHARS / 2),
  'A:/x=1; '.repeat(MAX_MATCHED_CHARS / 8),
]
const CRAFTED = [
  '(a+)+$',
  '(.*)*x',
  '(a|aa)+$',
  '(a|a)*$',
  '(?<k>a+)+!',
  '(\\w+\\s?)*$',
  '(([a-z])+.)+[A-Z]([a-z])+$',
  '^(?:(.*?),){11}P',
  '(.*),(.*),(.*),(.*)x',
  '(.*?)(.*?)(.*?)(.*?)x',
  '(x+x+)+y',
  '.*.*=.*',
  '\\s+$x',
  '([a-z]+)*\\d!',
  '(?:.*a){16}z',
  '(((a*)*)*)*z',
  '(?:a{1,10}){1,10}(?:a{1,10}){1,10}z',
  'a{0,200}z',
  '(?:(?:a|b||){16}){4}z',
  `${'.*'.repeat(50)}z!`,
  `${'[^!]*'.repeat(80)}!`,
  Array.from({ length: 20 }, (_, i) => `(?<g${i}>.*)`)
    .join('')
    .concat('!'),
  `(?:${Array.from({ length: 30 }, (_, i) => 'a'.repeat(i)).join('|')})*!`,
]

/** Measured: at most 25 ms on a quiet machine. What is not bounded takes seconds, or for ever. */
t.test('a crafted line costs a crafted pattern bounded time', async (t) => {
  for (const source of CRAFTED) {
    for (const ignoreCase of [false, true]) {
      t.equal(patternProblem(source), undefined, source)
      const pattern = compilePattern(source, { ignoreCase })
      const length = matchedChars(source, { ignoreCase })
      const worst = Math.max(...LINES.map((line) => leastCpuMs(() => pattern.exec(line.slice(0, length)))))
      t.ok(worst < 500, `${source.slice(0, 60)}${ignoreCase ? ' in any case' : ''}: ${worst.toFixed(1)} ms`)
    }
  }
})

/** Of up to three runs: what the machine does meanwhile is not the pattern's. */
function leastCpuMs(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3 && least > 25; run++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

t.test('a pattern that is compiled in a worker is bounded there', async (t) => {
  const url = new URL('../../src/config/pattern.ts', import.meta.url)
  const code = `import(${JSON.stringify(url.href)}).then(({ compilePattern }) => {
    const found = compilePattern('(q+q+)+y').test('q'.repeat(64))
    require('node:worker_threads').parentPort.postMessage(found)
  })`
  const worker = new Worker(code, { eval: true })
  const ended = await Promise.race([
    new Promise((resolve) => worker.once('message', resolve)),
    new Promise((resolve) => setTimeout(resolve, 5000, 'still running')),
  ])
  await worker.terminate()
  t.equal(ended, false)
})

/** Patterns over a few letters, of everything that is not refused. */
const pattern: fc.Arbitrary<string> = fc.letrec<{ any: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    fc.constantFrom('a', 'b', 'A', '.', '\\w', '\\s', '[ab]', '[^a]', '[a-cX]', '\\b', '^', '$', '\\.', '😀', 'é'),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `(?:${inner})`),
  ),
  any: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '{2}', '{0,2}', '{1,18}', '{3,}'))
        .map(([atom, repeat]) => (/^(\\b|\^|\$)$/.test(atom) ? atom : atom + repeat)),
      { minLength: 1, maxLength: 3 },
    )
    .chain((items) => fc.constantFrom(items.join(''), items.join('|'))),
})).any

t.test('both engines and the pattern as it was written find the same', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'c', 'X', ' ', '.', 'é', '😀'), maxLength: 12 })
  let compared = 0
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, text, ignoreCase) => {
      if (patternProblem(source) !== undefined) return
      compared++
      const compiled = compilePattern(source, { ignoreCase })
      const found = JSON.stringify(compiled.exec(text))
      const inLinearTime = JSON.stringify(linear(compiled).exec(text))
      // As it was written a pattern may take JavaScript for ever, and an astral character is two things to it.
      const isBounded = !ignoreCase && (isLinear(source) || (source.match(/[*+?}]/g) ?? []).length < 3)
      const isAlike = isBounded && !/😀[*+?{]/.test(source)
      const written = isAlike ? JSON.stringify(new RegExp(source).exec(text)) : found
      if (found !== inLinearTime || found !== written) throw new Error(`${found} ${inLinearTime} ${written}`)
    }),
    { numRuns: 3000 },
  )
  t.ok(compared > 1500, `${compared}`)
})

t.test('no text makes reading a pattern throw', async (t) => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '(?',
    '<',
    '>',
    '[',
    ']',
    '\\',
    '{',
    '}',
    ',',
    '1',
    '*',
    '+',
    '?',
    '|',
    ':',
    '=',
    'P',
    'a',
    '-',
    '^',
    '[:',
    ':]',
    'i)',
    '😀',
    '\ud800',
  )
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: piece }), fc.string({ unit: 'binary' })), (source) => {
      const problem = patternProblem(source)
      if (problem === undefined) compilePattern(source).exec('aa(1)')
      else if (/undefined|Invalid|in bounded time/.test(problem)) throw new Error(problem)
    }),
    { numRuns: 1500 },
  )
  t.pass()
})
