import t from 'tap'
import { createKlogParser } from '../../../src/parse/formats/klog.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { checkMisfits, checkMutations, entryOf } from './header-cases.ts'

goldens(t, 'k8s', createKlogParser)

t.test('klog parser gives the pairs of structured records as fields', async (t) => {
  t.match(
    entryOf(
      createKlogParser,
      'E0115 08:00:00.123456       7 a.go:1] "Said \\"no\\"\\x21" err="boom" pod="a/b" n=3 rest of it',
    ),
    {
      timestamp: '2026-01-15T08:00:00.123456Z',
      level: 'ERROR',
      message: 'Said "no"!',
      error_message: 'boom',
      metadata: { pid: 7, location: 'a.go:1', pod: 'a/b', n: 3, rest: 'rest of it' },
    },
  )
})

t.test('klog parser leaves the lines of other formats alone', async (t) => {
  checkMisfits(t, createKlogParser, [
    '',
    'I',
    'I0115 08:00:00.123456 nothing',
    'I1315 08:00:00.123456 1 a.go:1] x',
    'Info',
    'I0230 08:00:00.123456 1 a.go:1] x',
  ])
})

t.test('klog records begin with a header', async (t) => {
  const parser = createKlogParser(context)
  t.equal(parser.startsRecord?.(lineOf('I0115 08:00:00.123456 1 a.go:1] x')), true)
  t.equal(parser.startsRecord?.(lineOf('\tsecond line')), false)
})

t.test('klog parser takes any bytes and loses nothing', async (t) => {
  checkMutations(t, createKlogParser, [
    'I0115 08:00:00.123456    4711 alpha.go:1] bravo charlie\ndelta echo',
    'I0115 08:00:00.123456       7 alpha.go:1] "bravo" charlie="delta" err=<\n\techo\n > n=4711',
  ])
})
