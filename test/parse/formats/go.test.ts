import t from 'tap'
import { createGoParser } from '../../../src/parse/formats/go.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { checkCases, checkMisfits, checkMutations } from './header-cases.ts'

goldens(t, 'go', createGoParser)

t.test('go parser takes what its loggers write', async (t) => {
  checkCases(t, createGoParser, [
    ['2024/01/15 08:00:00 main.go:12: m: n', 'INFO', 'm: n', { location: 'main.go:12' }],
    ['app: 2024/01/15 08:00:00.123456 error: m', 'ERROR', 'error: m', { logger: 'app' }],
    ['2024/01/15 08:00:00 [WARN] m', 'WARNING', 'm'],
    ['    2024/01/15 08:00:00 [ERR] agent: m', 'ERROR', 'agent: m'],
    ['2024-01-15T08:00:00.123Z\tinfo\tsetup\tstarting manager', 'INFO', 'starting manager', { logger: 'setup' }],
    [
      '2024-01-15T08:00:00.123Z\terror\ta/b.go:1\tm\t{"n": 1, "x": {"y": [1]}}',
      'ERROR',
      'm',
      { caller: 'a/b.go:1', n: 1, x: { y: [1] } },
    ],
    ['\u001b[36mERRO\u001b[0m[0012] m', 'ERROR', 'm', { uptime: '0012' }],
    ['2024-01-15T08:00:00Z WRN b.go:1 > m', 'WARNING', 'm', { location: 'b.go:1' }],
    ['2024-01-15T08:00:00.123Z [INFO]  agent.server: m: n', 'INFO', 'm: n', { logger: 'agent.server' }],
  ])
})

t.test('go parser leaves the lines of other formats alone', async (t) => {
  checkMisfits(t, createGoParser, [
    '',
    'INFO',
    'main.main()',
    '2024/01/15 08:00:00 [error] 12#12: *1 open() failed',
    '2024-01-15 08:00:00,123 INFO [main] a.B - m',
    'time=2024-01-15T08:00:00Z level=INFO msg=x',
  ])
})

t.test('go records begin with a header', async (t) => {
  const parser = createGoParser(context)
  for (const text of [
    '2024/01/15 08:00:00 x',
    'app: 2024/01/15 08:00:00 x',
    'INFO[0001] x',
    'I0115 08:00:00.123456 1 a.go:1] x',
    '8:00AM INF x',
    '[GIN-debug] GET /ping',
    '    2024/01/15 08:00:00 [INFO] x',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), true, text)
  for (const text of [
    '',
    'goroutine 1 [running]:',
    'main.main()',
    '\t/app/main.go:12 +0x1d',
    'panic: x',
    '    x: y',
    '[1, 2]',
    'exit status 2',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), false, text)
})

t.test('go parser takes any bytes and loses nothing', async (t) => {
  checkMutations(t, createGoParser, [
    '2024/01/15 08:00:00 alpha.go:4711: bravo charlie delta echo',
    'alpha 2024/01/15 08:00:00 bravo charlie delta\necho 4711',
    '2024-01-15T08:00:00.123Z\tINFO\talpha\tbravo.go:1\tcharlie\t{"delta":"echo", "n": 4711}',
    'INFO[4711] alpha bravo charlie delta=echo',
    '[alpha] 2024/01/15 - 08:00:00 | 200 |  4711ms | bravo | charlie      "/delta/echo"',
  ])
})
