import fc from 'fast-check'
import t from 'tap'
import { compileGlobs, escapeGlob, globProblem } from '../../src/config/glob.ts'

const matches = (glob: string, file: string): boolean => compileGlobs([glob], []).matches(file)

t.test('a glob matches', async (t) => {
  const cases: [string, string][] = [
    ['/var/log/**/*.log', '/var/log/a.log'],
    ['/var/log/**/*.log', '/var/log/x/y/a.log'],
    ['/l/**', '/l/a/b'],
    ['/l/[a-c]x', '/l/bx'],
    ['/l/[!a-c]x', '/l/dx'],
    ['/l/[^a-c]x', '/l/dx'],
    ['/l/[[:digit:]]x', '/l/1x'],
    ['/l/{a,b}.log', '/l/b.log'],
    ['/l/{a,{b,c}}.log', '/l/c.log'],
    ['/l/{a,b/c}.log', '/l/b/c.log'],
    ['/l/?.log', '/l/a.log'],
    ['/l/.*.log', '/l/.a.log'],
    ['/l/.d/*', '/l/.d/a'],
    ['/l/[*].log', '/l/*.log'],
    ['/l/\\*.log', '/l/*.log'],
    ['/l/app (1)/*.log', '/l/app (1)/a.log'],
    ['/l/+(a)*', '/l/+(a)b'],
    ['/l/@(a|b)*', '/l/@(a|b)c'],
    ['/l/!(a)*', '/l/!(a)x'],
    ['/l/a"b"*', '/l/a"b"c'],
    ['/l/$x^*', '/l/$x^y'],
    ['/l/*', '/l/a\nb'],
    ['/l/*.log', '/l/é日本.log'],
  ]
  for (const [glob, file] of cases) t.ok(matches(glob, file), `${glob} ${JSON.stringify(file)}`)
})

t.test('a glob does not match', async (t) => {
  const cases: [string, string][] = [
    ['/var/log/**/*.log', '/var/log/.x/a.log'],
    ['/var/log/**/*.log', '/var/log/.a.log'],
    ['/var/log/**/*.log', '/var/logs/a.log'],
    ['/l/*', '/l/.d'],
    ['/l/*', '/l/a/b'],
    ['/l/?.log', '/l/.log'],
    ['/l/a?c', '/l/a/c'],
    ['/l/[!a]x', '/l//x'],
    ['/l/[!a-c]x', '/l/bx'],
    ['/l/app (1)/*.log', '/l/app 1/a.log'],
    ['/l/a+b*', '/l/aabc'],
    ['/l/a.b*', '/l/axb'],
    ['/l/a**b', '/l/ax/b'],
    ['/l/\\*.log', '/l/a.log'],
  ]
  for (const [glob, file] of cases) t.notOk(matches(glob, file), `${glob} ${JSON.stringify(file)}`)
})

t.test('an exclude takes back what an include matches', async (t) => {
  const globs = compileGlobs(['/l/*.log', '/l/one'], ['/l/debug-*', '/l/one'])
  t.same(['/l/a.log', '/l/debug-a.log', '/l/one'].map(globs.matches), [true, false, false])
})

t.test('the roots are the fixed folders, each once', async (t) => {
  const include = ['/var/log/**/*.log', '/var/log/syslog', '/a b/[x]/y', '/my\\[app\\]/x*', '/*', '/a/b', '/l/{a/b,c}']
  t.same(compileGlobs(include, []).roots, [
    { dir: '/var/log', isDeep: true },
    { dir: '/a b', isDeep: true },
    { dir: '/my[app]', isDeep: false },
    { dir: '/', isDeep: false },
    { dir: '/a', isDeep: false },
    { dir: '/l', isDeep: true },
  ])
})

const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[/\0]/.test(text) && !text.startsWith('.'))

t.test('any path without glob characters matches itself, and so does an escaped one', async (t) => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), fc.string({ minLength: 1 }), (names, other) => {
      const file = `/${names.join('/')}`
      if (!/[*?[\]{}\\]/.test(file)) {
        if (!matches(file, file)) throw new Error(`not itself: ${file}`)
        if (other !== file && matches(file, other)) throw new Error(`also ${other}: ${file}`)
      }
      if (!matches(escapeGlob(file), file)) throw new Error(`not escaped: ${file}`)
      if (!matches(`${escapeGlob(file)}-*.log`, `${file}-1.log`)) throw new Error(`not in front of a star: ${file}`)
      if (matches(`${escapeGlob(file)}-*.log`, `${file}1.log`)) throw new Error(`too much in front of a star: ${file}`)
    }),
  )
  t.pass()
})

t.test('a backslash makes plain what follows, and as many as are written count', async (t) => {
  for (const file of ['/{ .. ', '/{..}', '/\\\\', '/a\\\\b', '/\\\\ ', '/\\ /x', '/a\\*']) {
    t.ok(matches(escapeGlob(file), file), file)
    t.ok(matches(`${escapeGlob(file)}-*.log`, `${file}-1.log`), file)
    t.notOk(matches(`${escapeGlob(file)}-*.log`, `${file}1.log`), file)
  }
})

t.test('a glob that would never match, or could cost seconds, is refused', async (t) => {
  for (const glob of [
    '',
    '/l/[z-a]',
    '/l/{a',
    '/l/[a',
    '/x/*a*b*c*',
    '/**/a/**/b/**',
    '/l/{1..9}',
    `/${'a'.repeat(5000)}`,
    'a\0b*',
  ]) {
    t.type(globProblem(glob), 'string', glob.slice(0, 20))
    t.throws(() => compileGlobs([glob], []), /Cannot use the glob/)
  }
})

t.test('the dearest glob allowed decides about a hostile name in under a second', async (t) => {
  const { matches } = compileGlobs(['/l/*a*a*b', '/**/a/**/a/b'], [])
  const begin = performance.now()
  t.notOk(matches(`/l/${'a'.repeat(252)}c`))
  t.notOk(matches(`/l${'/a'.repeat(2000)}/c`))
  t.ok(performance.now() - begin < 1000)
})

t.test('no text makes compiling hang or fail in another way than by refusing', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab/*?[]{}!^-,.\\()+@|"$') }), (glob) => {
      if (globProblem(glob) === undefined) compileGlobs([glob], [glob])
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
